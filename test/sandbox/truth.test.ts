/** Right programs pass and wrong ones do not, with every core busy, time after time: TinyPy's, whose formula gives the
 * truth, and HumanEval's, whose mutants a plain Python judges. HumanEval is not part of the project: name a folder that
 * holds HumanEval.jsonl.gz in ASSAY_DATA. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { expressionOf } from '../../src-main/datasets/tinypy/forms.ts';
import { tinypyProblems } from '../../src-main/datasets/tinypy/index.ts';
import { compose } from '../../src-main/datasets/tinypy/steps.ts';
import { interpreters } from '../../src-main/sandbox/isolation.ts';
import { openSandbox, type Sandbox, type SandboxProgram } from '../../src-main/sandbox/sandbox.ts';
import { absence } from './harness.ts';

const REPEATS = 5;
const absent = await absence('bubblewrap');
const file = join(process.env.ASSAY_DATA ?? '', 'HumanEval.jsonl.gz');
const present = process.env.ASSAY_DATA !== undefined && existsSync(file);

describe.skipIf(absent !== null)(`bubblewrap${absent === null ? '' : ` (absent: ${absent})`}`, () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await openSandbox({ isolation: 'bubblewrap' });
  });
  afterAll(() => sandbox.close());

  /** Names of those whose verdict, passed or not, is not `right`, over all repeats at one time. */
  async function falseVerdicts(
    cases: readonly (SandboxProgram & { readonly name: string; readonly right: boolean })[],
  ) {
    const found = await Promise.all(
      Array.from({ length: REPEATS }, () => cases)
        .flat()
        .map(async ({ name, right, ...program }) => {
          const { verdict, tests } = await sandbox.run({ ...program, anew: true });
          const detail = tests.find((t) => t.verdict !== 'passed')?.detail ?? '';
          return (verdict === 'passed') === right && verdict !== 'sandbox-error'
            ? []
            : [`${name}: ${verdict} ${detail}`];
        }),
    );
    return found.flat();
  }

  test('TinyPy', async () => {
    const cases = tinypyProblems('test').flatMap(({ id, steps, functionName, visibleTests, hiddenTests }) => {
      const tests = [...visibleTests, ...hiddenTests];
      const program = (body: string) => ({
        code: `def ${functionName}(x):\n    return ${body}\n`,
        functionName,
        tests,
      });
      const right = expressionOf(compose(steps));
      return [
        { name: `${id} right`, right: true, ...program(right) },
        { name: `${id} off by one`, right: false, ...program(`(${right}) + 1`) },
        {
          name: `${id} off at its end`,
          right: false,
          ...program(`(${right}) + (x == ${JSON.parse(tests.at(-1)?.input ?? '0')})`),
        },
      ];
    });
    expect(await falseVerdicts(cases)).toEqual([]);
  }, 120_000);

  test.skipIf(!present)(
    `HumanEval${present ? '' : ' (skipped: ASSAY_DATA names no folder with HumanEval.jsonl.gz)'}`,
    async () => {
      const problems = gunzipSync(readFileSync(file)).toString();
      const [python = 'python3'] = interpreters();
      const judged: unknown = JSON.parse(
        execFileSync(python, [join(import.meta.dirname, 'mutants.py')], {
          input: problems,
          maxBuffer: 1 << 28,
        }).toString(),
      );
      const cases = z
        .array(
          z.object({ name: z.string(), code: z.string(), entry: z.string(), test: z.string(), right: z.boolean() }),
        )
        .parse(judged);
      expect(cases.filter(({ right }) => right).length).toBeGreaterThanOrEqual(164);
      expect(cases.filter(({ right }) => !right).length).toBeGreaterThan(300);
      const programs = cases.map(({ name, code, entry, test: checks, right }) => ({
        ...{ name, code, right, functionName: entry },
        tests: [{ kind: 'asserts' as const, input: `${checks}\ncheck(candidate)\n`, expected: '' }],
        // A mutant may never end; the plain judge gives each two seconds as well.
        limits: { wallMs: 6_000 },
      }));
      expect(await falseVerdicts(programs)).toEqual([]);
    },
    900_000,
  );
});
