/** The program that a person is writing in the playground: as it is kept, edited and sent. Numbers are kept as typed. */
import { z } from 'zod';
import { type Api, PROGRAM_BOUNDS } from '../../src-shared/api.ts';
import { type Comparison, LANGUAGES, PROGRAM_TESTS, type Test } from '../../src-shared/verdict.ts';

/** Where the draft is kept, for as long as the window is open. */
export const DRAFT_KEY = 'assay-sandbox-draft';

export const COMPARISONS = ['exact', 'tolerance', 'unordered'] as const;

const draftTestSchema = z.object({
  input: z.string(),
  expected: z.string(),
  comparison: z.enum(COMPARISONS),
  /** Of the tolerance. */
  absolute: z.string(),
  relative: z.string(),
});
export type DraftTest = z.infer<typeof draftTestSchema>;

export const draftSchema = z.object({
  language: z.enum(LANGUAGES),
  kind: z.enum(PROGRAM_TESTS),
  functionName: z.string(),
  code: z.string(),
  tests: z.array(draftTestSchema),
  wallMs: z.string(),
  memoryMb: z.string(),
  stopAtFirstFailure: z.boolean(),
});
export type Draft = z.infer<typeof draftSchema>;

export const newTest = (input = '', expected = '', comparison: DraftTest['comparison'] = 'exact'): DraftTest => ({
  input,
  expected,
  comparison,
  absolute: '1e-9',
  relative: '1e-9',
});

/** Path of a field (`code`, `tests.0.absolute`) to what is wrong with it. */
export type DraftFaults = Readonly<Record<string, string>>;

export type ProgramInput = Parameters<Api['runProgram']>[0];

/** What is sent, or what keeps it from being sent. */
export function programOf(draft: Draft): { input: ProgramInput } | { faults: DraftFaults } {
  const faults: Record<string, string> = {};
  const { codeChars, tests: mostTests } = PROGRAM_BOUNDS;
  const functionName = draft.functionName.trim();
  if (draft.code.trim() === '') faults.code = 'There is no program yet.';
  if (draft.code.length > codeChars)
    faults.code = `The program has ${draft.code.length} characters; ${codeChars} are allowed.`;
  if (draft.kind !== 'stdin' && functionName === '') faults.functionName = 'Name the function that the tests call.';
  if (draft.tests.length === 0) faults.tests = 'Add a test: without one, nothing is shown.';
  if (draft.tests.length > mostTests) faults.tests = `There are ${draft.tests.length} tests; ${mostTests} are allowed.`;
  const within = (path: string, text: string, min: number, max: number, whole: boolean): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!(value >= min && value <= max) || (whole && !Number.isInteger(value)))
      faults[path] = max === Number.MAX_VALUE ? 'A number from 0' : `A whole number from ${min} to ${max}`;
    return value;
  };
  const wallMs = within('wallMs', draft.wallMs, PROGRAM_BOUNDS.wallMs.min, PROGRAM_BOUNDS.wallMs.max, true);
  const memoryMb = within('memoryMb', draft.memoryMb, PROGRAM_BOUNDS.memoryMb.min, PROGRAM_BOUNDS.memoryMb.max, true);
  const tests = draft.tests.map((test, i): Test => {
    const tolerance = (path: 'absolute' | 'relative') =>
      within(`tests.${i}.${path}`, test[path], 0, Number.MAX_VALUE, false);
    const comparison: Comparison =
      test.comparison === 'tolerance'
        ? { kind: 'tolerance', absolute: tolerance('absolute'), relative: tolerance('relative') }
        : { kind: test.comparison };
    const isAsserts = draft.kind === 'asserts';
    return {
      kind: draft.kind,
      input: test.input,
      expected: isAsserts ? '' : test.expected,
      ...(isAsserts || test.comparison === 'exact' ? {} : { comparison }),
    };
  });
  if (Object.keys(faults).length > 0) return { faults };
  return {
    input: {
      language: draft.language,
      code: draft.code,
      tests,
      stopAtFirstFailure: draft.stopAtFirstFailure,
      limits: { wallMs, memoryMb },
      ...(draft.kind === 'stdin' ? {} : { functionName }),
    },
  };
}

export interface Example {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  readonly draft: Draft;
}

const example = (draft: Pick<Draft, 'kind' | 'functionName' | 'code' | 'tests'>): Draft => ({
  language: 'python',
  wallMs: '2000',
  memoryMb: '256',
  stopAtFirstFailure: false,
  ...draft,
});

const RIGHT: Example = {
  id: 'right',
  title: 'Right',
  help: 'A function that passes its tests',
  draft: example({
    kind: 'functional',
    functionName: 'longest_run',
    code: `def longest_run(text):
    """The length of the longest run of equal characters."""
    best = run = 0
    previous = None
    for character in text:
        run = run + 1 if character == previous else 1
        best = max(best, run)
        previous = character
    return best
`,
    tests: [newTest('"aabbbc"', '3'), newTest('""', '0'), newTest('"abc"', '1')],
  }),
};

export const EXAMPLES: readonly Example[] = [
  RIGHT,
  {
    id: 'wrong',
    title: 'Wrong',
    help: 'A mean that drops the fraction',
    draft: example({
      kind: 'functional',
      functionName: 'mean',
      code: `def mean(numbers):
    return sum(numbers) // len(numbers)
`,
      tests: [newTest('[2, 4, 6]', '4', 'tolerance'), newTest('[1, 2]', '1.5', 'tolerance'), newTest('[]', '0')],
    }),
  },
  {
    id: 'hostile',
    title: 'Hostile',
    help: 'Reaches for the machine, then never ends',
    draft: example({
      kind: 'stdin',
      functionName: '',
      code: `import os, socket

attempts = {
    "read /etc/passwd": lambda: open("/etc/passwd").readline(),
    "list /home": lambda: os.listdir("/home"),
    "see other processes": lambda: os.listdir("/proc"),
    "open a connection": lambda: socket.create_connection(("127.0.0.1", 80), 1),
}
for name, attempt in attempts.items():
    try:
        print(name, "->", attempt(), flush=True)
    except Exception as error:
        print(name, "->", type(error).__name__, flush=True)

while True:
    pass
`,
      tests: [newTest('', 'whatever it prints')],
    }),
  },
];

export const firstDraft: Draft = RIGHT.draft;

/** A kept draft; the first example where there is none, or one that an older Assay kept. */
export function readDraft(text: string | undefined): Draft {
  if (text === undefined) return firstDraft;
  try {
    return draftSchema.parse(JSON.parse(text));
  } catch {
    return firstDraft; // Nothing that can be read is nothing that was kept.
  }
}
