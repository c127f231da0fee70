/** What of a repository is offered and taken, from listings as they are published. */
import { expect, test } from 'vitest';
import { choicesOf, type Listing, planOf } from '../../../src-main/hub/listing.ts';

const listing = (paths: Readonly<Record<string, number>>, kind: 'model' | 'dataset' = 'model'): Listing => ({
  repo: { kind, name: 'a/b', revision: 'main' },
  commit: '0'.repeat(40),
  gated: false,
  files: Object.entries(paths).map(([path, size]) => ({ path, size, digest: { kind: 'sha256', hex: '1'.repeat(64) } })),
});
const planned = (of: Listing, wish: { folder?: string; files?: string[] } = {}) =>
  planOf(of, { folder: wish.folder ?? null, files: wish.files ?? null }).map(({ path, to }) => `${path} > ${to}`);
const tokenizer = { 'tokenizer.json': 5, 'tokenizer_config.json': 1 };

test('shards come with their index; the same weights in other forms do not', () => {
  // As mistralai/Mistral-7B-Instruct-v0.3 has it.
  const of = listing({
    ...{ '.gitattributes': 1, 'README.md': 1, 'config.json': 1, 'generation_config.json': 1, 'params.json': 1 },
    ...{ 'consolidated.safetensors': 14, 'model-00001-of-00002.safetensors': 8, 'model-00002-of-00002.safetensors': 6 },
    ...{
      'model.safetensors.index.json': 1,
      'tokenizer.model': 1,
      'tokenizer.model.v3': 1,
      'special_tokens_map.json': 1,
    },
    ...tokenizer,
  });
  expect(planned(of).map((line) => line.split(' > ')[1])).toEqual([
    ...['config.json', 'generation_config.json', 'model.safetensors.index.json', 'special_tokens_map.json'],
    ...['tokenizer.json', 'tokenizer_config.json'],
    ...['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'],
  ]);
  expect(choicesOf(of)).toMatchObject([{ kind: 'folder', path: '', bytes: 24, refusal: null }]);
});

test('where weights lie in one file, parts of them beside it are left', () => {
  const of = listing({ 'config.json': 1, 'model.safetensors': 9, 'model-00001-of-00001.safetensors': 9, ...tokenizer });
  expect(planned(of).at(-1)).toBe('model.safetensors > model.safetensors');
});

test('a policy in a folder of its repository lies flat', () => {
  const inside = Object.fromEntries(
    Object.entries({ 'config.json': 1, 'model.safetensors': 9, ...tokenizer }).map(([path, size]) => [
      `v2/${path}`,
      size,
    ]),
  );
  const of = listing({ 'README.md': 1, ...inside, 'v2/deeper/config.json': 1 });
  expect(planned(of, { folder: 'v2' })).toContain('v2/model.safetensors > model.safetensors');
  // The only one that can be used needs no name.
  expect(planned(of)).toEqual(planned(of, { folder: 'v2' }));
  expect(() => planned(of, { folder: 'v2/deeper' })).toThrow(/has no model\.safetensors/);
});

test.each<[string, Readonly<Record<string, number>>, RegExp]>([
  [
    'pickles alone',
    { 'config.json': 1, 'pytorch_model.bin': 9, ...tokenizer },
    /its weights are pickles, which can run programs/,
  ],
  ['no fast tokenizer', { 'config.json': 1, 'model.safetensors': 9, 'tokenizer.model': 1 }, /has no tokenizer\.json/],
  [
    'a text that is no text',
    { 'config.json': 2 ** 40, 'model.safetensors': 9, ...tokenizer },
    /config\.json has \d+ bytes; at most/,
  ],
  ['nothing', { 'README.md': 1 }, /offers nothing that Assay can read/],
])('%s is refused in words', (_, paths, message) => {
  expect(() => planned(listing(paths))).toThrow(message);
});

test('two names that one disk takes for the same are refused', () => {
  const of = listing({ 'q4/model.gguf': 1, 'q8/Model.gguf': 1 });
  expect(planned(of, { files: ['q4/model.gguf'] })).toEqual(['q4/model.gguf > model.gguf']);
  expect(() => planned(of, { files: ['q4/model.gguf', 'q8/Model.gguf'] })).toThrow(/would be the same file/);
});

test('files of a data set keep their folders, and only those with problems are offered', () => {
  const of = listing(
    { 'README.md': 1, 'dataset_infos.json': 1, 'data/test.parquet': 2, 'train.jsonl.gz': 3, 'a.py': 1, 'b.bin': 1 },
    'dataset',
  );
  expect(choicesOf(of).map(({ path }) => path)).toEqual(['data/test.parquet', 'train.jsonl.gz']);
  expect(planned(of, { files: ['data/test.parquet', 'train.jsonl.gz'] })).toEqual([
    'data/test.parquet > data/test.parquet',
    'train.jsonl.gz > train.jsonl.gz',
  ]);
  expect(() => planned(of)).toThrow(/name what to download/);
});
