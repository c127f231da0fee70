import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Fingerprinted, fingerprintsOf, policyHash } from '../../../src-main/training/fingerprints.ts';
import { fingerprintsSchema } from '../../../src-shared/fingerprints.ts';
import type { Problem } from '../../../src-shared/problem.ts';
import { temporaryFolder, writePolicy } from '../../fixtures/folders.ts';

const problem = (id: string, more: Partial<Problem> = {}): Problem => ({
  id,
  statement: `Return n times ${id}.`,
  functionName: 'f',
  starterCode: '',
  difficulty: '',
  visibleTests: [{ kind: 'functional', input: '1', expected: id }],
  hiddenTests: [],
  meaning: id,
  ...more,
});

async function made(changes: Partial<Fingerprinted> = {}) {
  const policyFolder = changes.policyFolder ?? (await writePolicy(join(await temporaryFolder(), 'policy')));
  return fingerprintsOf({
    policyFolder,
    promptOf: ({ statement }) => `${statement}\n`,
    train: [problem('1'), problem('2')],
    validation: [problem('3'), problem('4')],
    ...changes,
  });
}

test('each changes with what it is of, and with nothing else', async () => {
  const base = await made();
  expect(fingerprintsSchema.parse(base)).toEqual(base);
  expect(await made()).toEqual(base);
  const changed = async (changes: Partial<Fingerprinted>) => {
    const other = await made(changes);
    return Object.keys(base).filter((key) => other[key as keyof typeof base] !== base[key as keyof typeof base]);
  };
  expect(await changed({ train: [problem('9')] })).toEqual([]);
  expect(await changed({ promptOf: ({ statement }) => statement })).toEqual(['prompt']);
  const test = { kind: 'functional', input: '2', expected: '6' } as const;
  expect(await changed({ validation: [problem('3', { hiddenTests: [test] }), problem('4')] })).toEqual(['tests']);
  expect(await changed({ validation: [problem('3'), problem('4', { statement: 'Return 0.' })] })).toEqual(['problems']);
  expect(await changed({ validation: [problem('4'), problem('3')] })).toEqual(['problems', 'tests']);
  expect(await changed({ train: [problem('x', { statement: 'Return n times 4.' })] })).toEqual(['trainedOn']);
});

test('test-time training is seen in the problems themselves', async () => {
  const both = [problem('1'), problem('2')];
  expect(await made({ train: both, validation: both })).toMatchObject({ validationProblems: 2, trainedOn: 2 });
});

test('a policy is its weights, configuration and tokenizer; state of training is no part of it', async () => {
  const folder = await writePolicy(join(await temporaryFolder(), 'policy'));
  const hash = await policyHash(folder);
  await writeFile(join(folder, 'checkpoint.json'), '{}');
  await writeFile(join(folder, 'optimizer.safetensors'), 'other');
  expect(await policyHash(folder)).toBe(hash);
  await copyFile(join(folder, 'config.json'), join(folder, 'model.safetensors'));
  expect(await policyHash(folder)).not.toBe(hash);
});
