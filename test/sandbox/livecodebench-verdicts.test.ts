/** The sandbox says of programs what LiveCodeBench's public runner said of them (fixtures/livecodebench), but for the
 * differences listed here, each with its reason: a pair that begins or ceases to differ fails the test. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { IsolationLevel } from '../../src-main/sandbox/isolation.ts';
import { openSandbox } from '../../src-main/sandbox/sandbox.ts';
import type { ProgramResult, Test, Verdict } from '../../src-shared/verdict.ts';
import { absence } from './harness.ts';

const pairSchema = z.object({
  name: z.string(),
  problem: z.object({ fnName: z.string().optional(), inputs: z.array(z.string()), outputs: z.array(z.string()) }),
  program: z.string(),
  seconds: z.number(),
  codes: z.array(z.literal([1, -1, -2, -3, -4])).min(1),
});
const { pairs } = z
  .object({ runner: z.literal('nvidia-livecodebench'), version: z.literal('26.3'), pairs: z.array(pairSchema) })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/livecodebench/verdicts.json'), 'utf8')));
type Pair = z.infer<typeof pairSchema>;

/** Pairs of which one side accepts more tests than the other, by the reason. */
const DIFFERENCES: Readonly<Record<string, readonly string[]>> = {
  "The runner runs a program as the body of a function, so that names at the top are not global; here it is Python's main program.":
    [
      ...[
        'main inside out',
        'main not last',
        '__name__ printed',
        'a dataclass',
        'a global counter',
        'a name bound later',
      ],
      ...['exec that binds', 'globals()', 'nonlocal at the top', 'return at the top', 'class Solution and a print'],
    ].map((name) => `program: ${name}`),
  'The runner moves imports to the beginning, behind its own.': [
    ...['program: import * in a try', 'program: an import used before it', 'program: from __future__'],
    'function: from __future__',
  ],
  'The runner puts objects of text in place of the streams, without bytes, descriptors or line ends; here they are streams.':
    [
      ...[
        'open(0)',
        'lines of open(0)',
        'open(0) in a with',
        'os.read',
        'sys.stdin.buffer',
        'sys.stdin.buffer.readline',
      ],
      ...['line ends of Windows, counted', 'sys.stdout.buffer', 'os.write', 'open(1)'],
    ].map((name) => `program: ${name}`),
  "The runner's guard sets names to None, and a process that ends by itself has no result; here what it printed counts.":
    ['program: quit()', 'program: os._exit', 'function: quit taken away'],
  'The runner calls one function of one module for all tests; here no test leaves anything to the next.': [
    ...['program: a module of the program kept', 'program: an imported name kept', 'function: a global counter kept'],
    ...['function: an attribute kept', 'function: a default argument kept'],
    'function: an answer learnt from the test before',
  ],
  'The runner looks for the text "class Solution"; here the class is looked for.': [
    ...['the words "class Solution" in a comment', 'a class whose name begins so', 'two spaces in class  Solution'],
  ].map((name) => `function: ${name}`),
  "The runner asks the program's own == and lets it catch the time limit; here a program has no say in its verdict.": [
    ...['returned: an object equal to all', 'returned: a list equal to all', 'returned: an object equal by its value'],
    'function: the limit caught by the program',
  ],
  'The runner holds a NaN equal to itself where it is the same object; here NaN equals nothing.': [
    'function: NaN given back',
  ],
  'The runner reads a blank line of a test as an argument that is no JSON; here a blank line is no argument.': [
    'function: a blank line after the arguments',
    'function: a function without parameters',
  ],
};

/** Pairs that both sides refuse at the same test, for another reason. */
const OTHER_REASONS: readonly string[] = [
  // A process that ended without a result is -1, which stands for no reason.
  ...['program: os._exit before printing', 'program: KeyboardInterrupt', 'function: sys.exit', 'function: os._exit'],
  ...['function: sys.exit at the top', 'function: KeyboardInterrupt'],
  // No statement makes no function; here an empty program prints nothing.
  ...['program: no code', 'program: a comment only', 'program: class Solution without a print'],
  // The differences above, in programs that fail either way.
  ...['program: open of /dev/stdin', 'program: yield at the top', 'returned: an object whose == raises'],
  // What the runner's alarm prints is compared with the expected text.
  ...['program: the limit caught by the program', 'function: an infinite loop at the top'],
];

/** The runner's code for a verdict; -1, a process that ended without a result, has none. */
const CODES: Readonly<Record<Verdict, number>> = {
  passed: 1,
  'wrong-answer': -2,
  'time-limit': -3,
  'runtime-error': -4,
  'compile-error': -4,
  'memory-limit': -4,
  'output-limit': -4,
  'sandbox-error': -5,
};

function testsOf({ problem: { fnName, inputs, outputs } }: Pair): Test[] {
  const kind = fnName === undefined ? 'stdin' : 'functional';
  return inputs.map((input, i) => ({ kind, input, expected: outputs[i] ?? '' }));
}

/** 'same', 'kind' (both refuse the program at the same test, for another reason), or 'different'. */
function compared({ codes }: Pair, { tests }: ProgramResult): 'same' | 'kind' | 'different' {
  const ours = tests.map(({ verdict }) => CODES[verdict]);
  const passed = (list: readonly number[]): string => String(list.map((code) => code === 1));
  if (passed(ours) !== passed(codes)) return 'different';
  return ours.at(-1) === codes.at(-1) ? 'same' : 'kind';
}

async function judged(isolation: IsolationLevel, chosen: readonly Pair[]) {
  const sandbox = await openSandbox({ isolation });
  try {
    return await Promise.all(
      chosen.map(async (pair) => {
        const functionName = pair.problem.fnName;
        const result = await sandbox.run({
          ...(functionName === undefined ? {} : { functionName }),
          ...{ code: pair.program, tests: testsOf(pair), stopAtFirstFailure: true, anew: true },
          limits: { wallMs: 1000 * pair.seconds, cpuSeconds: pair.seconds },
        });
        return { pair, result, outcome: compared(pair, result) };
      }),
    );
  } finally {
    await sandbox.close();
  }
}

const names = (found: Awaited<ReturnType<typeof judged>>, outcome: string): string[] =>
  found.flatMap((entry) => (entry.outcome === outcome ? [entry.pair.name] : [])).sort();

const listed = Object.values(DIFFERENCES).flat();

test('the pairs are many, of both kinds and of every verdict, and the lists name some of them', () => {
  expect(pairs.length).toBeGreaterThanOrEqual(400);
  expect(new Set(pairs.map(({ name }) => name)).size).toBe(pairs.length);
  for (const functional of [true, false]) {
    const ofKind = pairs.filter(({ problem }) => (problem.fnName !== undefined) === functional);
    expect(ofKind.length).toBeGreaterThanOrEqual(150);
    expect(new Set(ofKind.flatMap(({ codes }) => codes))).toEqual(new Set([1, -1, -2, -3, -4]));
    expect(ofKind.some(({ codes }) => codes.length > 1 && codes.at(-1) !== 1)).toBe(true);
  }
  // Few enough that the comparison says something.
  expect([...listed, ...OTHER_REASONS].filter((name) => !pairs.some((pair) => pair.name === name))).toEqual([]);
  expect(pairs.length - listed.length).toBeGreaterThanOrEqual(360);
});

const absent = await absence('bubblewrap');
test.skipIf(absent !== null)(
  `bubblewrap, all pairs${absent === null ? '' : ` (absent: ${absent})`}`,
  async () => {
    const found = await judged('bubblewrap', pairs);
    expect(names(found, 'different')).toEqual([...listed].sort());
    expect(names(found, 'kind')).toEqual([...OTHER_REASONS].sort());
  },
  120_000,
);

const portableAbsent = await absence('portable');
test.skipIf(portableAbsent !== null)(
  `portable, every fifteenth pair without a difference${portableAbsent === null ? '' : ` (absent: ${portableAbsent})`}`,
  async () => {
    const apart = new Set([...listed, ...OTHER_REASONS]);
    const chosen = pairs.filter(({ name }) => !apart.has(name)).filter((_, i) => i % 15 === 0);
    const found = await judged('portable', chosen);
    expect([...names(found, 'different'), ...names(found, 'kind')]).toEqual([]);
  },
  120_000,
);
