import { expect, test } from 'vitest';
import {
  downloadText,
  firstChoice,
  fractionOf,
  modelsSearch,
  openDownloads,
  requestOf,
  samplingEdits,
  samplingText,
  typesText,
} from '../../../src-renderer/lib/models/view.ts';
import type { Download, Repository, RepositoryChoice } from '../../../src-shared/models.ts';

const download = (more: Partial<Download>): Download => ({
  ...{ id: 'a--b', repo: 'a/b', revision: 'main', folder: null, files: null, state: 'downloading', commit: 'c' },
  ...{ bytes: 25_000_000, totalBytes: 100_000_000, filesDone: 1, filesTotal: 3, file: null },
  ...{ bytesPerSecond: null, secondsLeft: null, error: null, path: null },
  ...more,
});
const plain = (text: string) => text.replaceAll('\u202f', ' ');

test('a download says how far it is, how fast, and how long it still takes', () => {
  const file = { path: 'x.gguf', bytes: 1, totalBytes: 2 };
  expect(plain(downloadText(download({ file, bytesPerSecond: 5e6, secondsLeft: 15 })))).toBe(
    '25.0 MB of 100 MB · 1 of 3 files · x.gguf · 5.0 MB/s · 15 s left',
  );
  const error = { code: 'network' as const, message: 'a/b: cut' };
  expect(plain(downloadText(download({ state: 'failed', error })))).toBe('25.0 MB of 100 MB. a/b: cut');
  expect(downloadText(download({ state: 'failed', error, totalBytes: 0, bytes: 0 }))).toBe('a/b: cut');
  expect(plain(downloadText(download({ state: 'stopped' })))).toBe('25.0 MB of 100 MB, stopped');
  expect(fractionOf(download({}))).toBe(0.25);
  expect(fractionOf(download({ totalBytes: 0, bytes: 0 }))).toBe(0);
});

test('a policy that is whole is no download any more; files of a data set stay until they are dismissed', () => {
  const all = [
    download({ id: 'b', state: 'stopped' }),
    download({ id: 'a', state: 'finished' }),
    download({ id: 'd', state: 'finished', repo: 'datasets/a/b' }),
  ];
  expect(openDownloads(all).map(({ id }) => id)).toEqual(['b', 'd']);
});

test('what is sampled with becomes options of a run; of an evaluation those of its validation', () => {
  const sampling = { temperature: 0.6, topP: 0.95, topK: 20 };
  expect(samplingText({ sampling })).toBe('temperature 0.6, top-p 0.95, top-k 20');
  expect(samplingText({ sampling: { ...sampling, topP: null } })).toBe('temperature 0.6, top-k 20');
  expect(samplingText({ sampling: null })).toBeNull();
  const evaluation = [
    ['evaluation.temperature', '0.6'],
    ['evaluation.topP', '0.95'],
  ];
  expect(samplingEdits(sampling, true)).toEqual(evaluation);
  expect(samplingEdits(sampling, false)).toEqual([
    ['rollouts.temperature', '0.6'],
    ['rollouts.topP', '0.95'],
    ['rollouts.topK', '20'],
    ...evaluation,
  ]);
  expect(samplingEdits(null, false)).toEqual([]);
});

test('numbers are named by what most of a file is written in', () => {
  const types = [
    { name: 'Q4_1', bytes: 66_000_000 },
    { name: 'Q8_0', bytes: 30_000_000 },
    { name: 'F32', bytes: 141_000 },
  ];
  expect(typesText({ types })).toBe('Q4_1, Q8_0');
  expect(typesText({ types: [{ name: 'BF16', bytes: 2 }] })).toBe('BF16');
  expect(typesText({ types: [] })).toBe('–');
});

const choice = (kind: RepositoryChoice['kind'], path: string, refusal: string | null = null): RepositoryChoice => ({
  ...{ kind, path, title: path, bytes: 1, files: [{ path, bytes: 1 }], refusal },
});
const repository = (choices: RepositoryChoice[], kind: Repository['kind'] = 'model'): Repository => ({
  ...{ repo: 'a/b', kind, revision: 'main', commit: 'c', gated: false, choices, freeBytes: 1 },
});

test('the whole policy is chosen first, a single file where there is no other, and of several files none', () => {
  const [root, one, two] = [choice('folder', ''), choice('file', 'x.gguf'), choice('file', 'y.gguf')];
  expect(firstChoice(repository([root, one, two]))).toBe(root);
  expect(firstChoice(repository([choice('folder', '', 'refused'), one]))).toBe(one);
  expect(firstChoice(repository([one, two]))).toBeUndefined();
  expect(firstChoice(repository([one, two], 'dataset'))).toBeUndefined();
  expect(requestOf(repository([root]), [root])).toEqual({ repo: 'a/b', revision: 'main' });
  const inside = choice('folder', 'sub');
  expect(requestOf(repository([inside]), [inside])).toEqual({ repo: 'a/b', revision: 'main', folder: 'sub' });
  expect(requestOf(repository([one, two]), [one, two])).toMatchObject({ files: ['x.gguf', 'y.gguf'] });
});

test('an address with nonsense in it opens the page all the same', () => {
  expect(modelsSearch.parse({ model: 3, get: ['x'] })).toEqual({});
  expect(modelsSearch.parse({ model: '/m', get: '' })).toEqual({ model: '/m', get: '' });
});
