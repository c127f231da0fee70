/** Tests of many megabytes, on their way to the sandbox and in what is kept of a rollout. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { loadTokenizer } from '../../../src-main/model/tokenizer.ts';
import { resourcePath } from '../../../src-main/resources.ts';
import { listHash } from '../../../src-main/training/list-hash.ts';
import type { Program } from '../../../src-main/training/order.ts';
import { judgedRollouts } from '../../../src-main/training/rollouts.ts';
import type { Problem } from '../../../src-shared/problem.ts';
import type { ProgramResult } from '../../../src-shared/verdict.ts';
import { scriptedEngine } from '../../fixtures/scripted-engine.ts';

/** One string of 25 million characters, which all problems have. */
const LONG = '7'.repeat(25_000_000);
const problems = Array.from(
  { length: 7 },
  (_, i): Problem => ({
    ...{ id: `p${i}`, statement: `Add ${i}.`, functionName: '', starterCode: '', difficulty: '', visibleTests: [] },
    ...{ hiddenTests: [{ kind: 'stdin', input: i === 6 ? '1' : LONG, expected: 'x'.repeat(5000) }], meaning: `${i}` },
  }),
);

async function judge(execute: (programs: readonly Program[]) => Promise<readonly ProgramResult[]>) {
  const tokenizer = await loadTokenizer(resourcePath('policy'));
  const engine = scriptedEngine(tokenizer, (n) => `\`\`\`python\nprint(${n})\n\`\`\``);
  const { groups } = await judgedRollouts(
    {
      ...{ engine, tokenizer, promptOf: ({ statement }: Problem) => statement, execute },
      judging: { limits: { wallMs: 1, memoryMb: 64 }, anew: false, stopAtFirstFailure: false },
    },
    { problems, samples: 2, seedOf: () => 1, sampling: { temperature: 1, topP: 1, topK: 0, maxNewTokens: 64 } },
    () => Promise.resolve(),
  );
  return groups;
}

const passed = (got: string): ProgramResult => ({
  verdict: 'passed',
  tests: [{ verdict: 'passed', got, detail: null, wallMs: 1, memoryMb: null }],
});

test('only so many programs are on their way that their tests fit in memory; each has its own verdict', async () => {
  let open = 0;
  let most = 0;
  const groups = await judge(async (programs) => {
    const characters = programs.flatMap(({ tests }) => tests).reduce((sum, { input }) => sum + input.length, 0);
    open += characters;
    most = Math.max(most, open);
    await new Promise((resolve) => setTimeout(resolve, 5));
    open -= characters;
    return programs.map(({ code }) => passed(code));
  });
  // Two of them, and not three.
  expect(most).toBeGreaterThanOrEqual(2 * LONG.length);
  expect(most).toBeLessThanOrEqual(2 ** 26);
  expect(groups.flat().map(({ tests }) => tests[0]?.got)).toEqual(groups.flat().map(({ code }) => code));
  expect(new Set(groups.flat().map(({ code }) => code)).size).toBe(14);
});

test('a rollout keeps the head and the tail of them', async () => {
  const groups = await judge(async (programs) => programs.map(() => passed('')));
  const kept = groups[0]?.[0]?.tests[0];
  expect(kept?.input).toMatch(/^7{3000}\n… 24996100 characters left out …\n7{900}$/);
  expect(kept?.expected).toHaveLength(3000 + 900 + '\n… 1100 characters left out …\n'.length);
  expect(groups[6]?.[0]?.tests[0]?.input).toBe('1');
});

test('a sandbox that fails fails every one of them', async () => {
  await expect(judge(() => Promise.reject(new Error('no sandbox')))).rejects.toThrow('no sandbox');
});

test('a list is hashed that is longer than any string', () => {
  const times = 24;
  const whole = createHash('sha256').update('[');
  for (let i = 0; i < times; i++) whole.update(`${i === 0 ? '' : ','}"${LONG}"`);
  expect(listHash(Array.from({ length: times }), () => LONG)).toBe(whole.update(']').digest('hex'));
});
