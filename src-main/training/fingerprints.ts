/** Makes the fingerprints of a run (src-shared/fingerprints.ts) from what it has opened. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Fingerprints } from '../../src-shared/fingerprints.ts';
import { answerTest, type Problem } from '../../src-shared/problem.ts';
import { policyPaths } from '../model/policy-files.ts';
import { listHash } from './list-hash.ts';

export interface Fingerprinted {
  readonly policyFolder: string;
  readonly promptOf: (problem: Problem) => string;
  readonly train: readonly Problem[];
  /** Those that are used. */
  readonly validation: readonly Problem[];
}

export async function fingerprintsOf({
  policyFolder,
  promptOf,
  train,
  validation,
}: Fingerprinted): Promise<Fingerprints> {
  const asked = (p: Problem) => [p.statement.trim(), p.functionName, p.starterCode];
  const trained = new Set(train.map((problem) => JSON.stringify(asked(problem))));
  return {
    problems: listHash(validation, (p) => [p.id, ...asked(p)]),
    tests: listHash(validation, ({ visibleTests, hiddenTests }) => [...visibleTests, ...hiddenTests].map(sorted)),
    prompt: listHash([...PROBES, ...(validation.some((p) => answerTest(p) !== null) ? [ANSWER_PROBE] : [])], promptOf),
    policy: await policyHash(policyFolder),
    validationProblems: validation.length,
    trainedOn: validation.filter((problem) => trained.has(JSON.stringify(asked(problem)))).length,
  };
}

/** One that is a function to write and one that reads standard input: templates ask for them in different ways. */
const PROBES: readonly Problem[] = ['solve', ''].map((functionName) => ({
  id: 'probe',
  statement: 'Return the sum of a and b.',
  functionName,
  starterCode: functionName === '' ? '' : 'def solve(a, b):\n    ',
  difficulty: 'easy',
  visibleTests: [],
  hiddenTests: [],
  meaning: 'probe',
}));

const ANSWER_PROBE: Problem = {
  ...{ id: 'probe', statement: 'What is 1 + 1?', functionName: '', starterCode: '', difficulty: '', meaning: 'probe' },
  ...{ visibleTests: [], hiddenTests: [{ kind: 'answer', input: '', expected: '2' }] },
};

/** SHA-256 in hex over the names and contents of a policy's files. Streams: they may be larger than memory. */
export async function policyHash(path: string): Promise<string> {
  const all = createHash('sha256');
  for (const file of await policyPaths(path)) {
    const one = createHash('sha256');
    await pipeline(createReadStream(file), one);
    all.update(`${basename(file)} ${one.digest('hex')}\n`);
  }
  return all.digest('hex');
}

/** With its fields in one order, whoever made it. */
const sorted = (value: object) => Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
