/**
 * Tokenizers of published policies against the Rust tokenizers of Hugging Face (PyPI: tokenizers), on 10,000 strings of
 * many kinds. Skipped by name where the package registries cannot be reached, or Python has no such package.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { GgufValue } from '../../src-main/model/gguf/header.ts';
import { Metadata } from '../../src-main/model/gguf/metadata.ts';
import { ggufCompanions } from '../../src-main/model/gguf/tokenizer.ts';
import { openPolicy } from '../../src-main/model/policy-files.ts';
import { loadTokenizer, type Tokenizer, tokenizerOf } from '../../src-main/model/tokenizer.ts';
import { type Random, stream } from '../../src-shared/random.ts';
import { type Fetched, fetched, llama3, qwen3, qwen25, smollm2 } from '../fixtures/real-models/fetch.ts';

const python = process.env.ASSAY_TEST_PYTHON ?? 'python3';
const script = join(import.meta.dirname, '../fixtures/real-models/tokens.py');
const hasTokenizers = spawnSync(python, ['-c', 'import tokenizers']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'assay-tokens-'));
afterAll(() => rmSync(folder, { recursive: true }));

const words = {
  english: "The quick brown fox jumps over the lazy dog; it's \"Paris\", isn't it? WE'LL don’t 3.14159 1,000,000".split(
    ' ',
  ),
  code: [
    'def',
    'f(x):',
    '\n    ',
    'return',
    'x**2',
    '+=',
    '!=',
    '->',
    '{}',
    '[1:2]',
    '"""',
    '#',
    '\t',
    'self.a_b',
    '0xff',
    '\n\n',
  ],
  european: ['Übergröße', 'façade', 'naïve', 'Ångström', 'ΑΒΓ', 'σς', 'Привет', 'мир', 'ﬁ', 'ﬀ', 'İı'],
  composed: ['e\u0301', 'o\u0308', 'n\u0303', '\u212b', '\u1100\u1161', '가', 'ｱ', 'Å'],
  asian: ['你好', '世界', 'こんにちは', 'カタカナ', '안녕하세요', 'สวัสดี', 'नमस्ते', 'ক্ষ'],
  arabic: ['مرحبا', 'שלום', '۱۲۳', '١٢٣', 'لا'],
  emoji: ['🙂', '👩‍👩‍👧‍👦', '🇩🇪', '👍🏽', '❤️', '☃', '𝔘', '𠜎'],
  space: [' ', '  ', '   ', '\t', '\n', '\r\n', '\n \n', '\u00a0', '\u2003', '\u3000', '\u200b', '\u0085', '\u2028'],
  digits: ['0', '12', '123', '1234', '12345678', '½', 'Ⅷ', '²', '٣', '৪'],
  special: [
    '<|im_start|>',
    '<|im_end|>',
    '<|endoftext|>',
    '<|eot_id|>',
    '<|begin_of_text|>',
    '<think>',
    '</think>',
    '<|im_start',
    '|>',
    '< |im_end|>',
    '<|IM_END|>',
    '<repo_name>',
  ],
  broken: ['\ud800', '\udfff', '\ufffd', '\u0000', '\u0007', '\u001b', '\uffff', '\ufeff'],
};

/** A block that grows with every version of Unicode, of which the two sides know different ones. */
const isNew = (c: number) => c >= 0x1ab0 && c <= 0x1aff;

function anyCharacter(random: Random): string {
  const c = random.int(0, random.int(0, 1) === 0 ? 0x3ff : 0xffff);
  return isNew(c) ? ' ' : String.fromCharCode(c);
}

/** From a few pieces of one kind, or of all kinds, with and without spaces between, or of any characters. */
function someString(random: Random): string {
  const kinds = Object.values(words);
  const kind = random.int(0, kinds.length + 2);
  const count = random.int(0, 24);
  if (kind > kinds.length) return Array.from({ length: count }, () => anyCharacter(random)).join('');
  const pieces = kinds[kind] ?? kinds.flat();
  const between = [' ', '', '', '\n'][random.int(0, 3)] as string;
  return Array.from({ length: count }, () => pieces[random.int(0, pieces.length - 1)]).join(between);
}

const random = stream(1, 'tokenizers');
const strings = Array.from({ length: 10_000 }, () => someString(random));
const escaped = (text: string) =>
  JSON.stringify(text).replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

function reference(tokenizerJson: string): number[][] {
  const path = join(folder, 'tokenizer.json');
  writeFileSync(path, tokenizerJson);
  const { stdout, stderr, status } = spawnSync(python, [script, path], {
    input: strings.map((text) => `${escaped(text)}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as number[]);
}

function compare(tokenizer: Tokenizer, expected: readonly number[][]): void {
  const wrong = strings.flatMap((text, i) => {
    const ids = [...tokenizer.encode(text)];
    return ids.join() === expected[i]?.join() ? [] : [{ text: escaped(text), ids, expected: expected[i] }];
  });
  expect(wrong.length, JSON.stringify(wrong.slice(0, 5))).toBe(0);
}

const suite = (title: string, found: Fetched, body: (path: string) => void) => {
  const reason = 'reason' in found ? found.reason : hasTokenizers ? '' : `${python} has no package tokenizers`;
  describe.skipIf(reason !== '')(reason === '' ? title : `${title} (${reason})`, () =>
    body('path' in found ? found.path : ''),
  );
};

suite('SmolLM2, from its GGUF file', await fetched(smollm2), (path) => {
  it('gives the ids of the reference', { timeout: 300_000 }, async () => {
    const { companions } = await openPolicy(path);
    compare(tokenizerOf(companions, path), reference(companions.get('tokenizer.json') ?? ''));
  });
});

const vocabularySchema = z.object({
  added_tokens: z.array(z.object({ id: z.number(), content: z.string(), special: z.boolean() })),
  model: z.object({
    vocab: z.record(z.string(), z.number()),
    merges: z.array(z.union([z.string(), z.array(z.string())])),
  }),
});

/** What a converter writes of a tokenizer.json into a GGUF file. */
function asGguf(tokenizerJson: string, pre: string): Metadata {
  const { added_tokens, model } = vocabularySchema.parse(JSON.parse(tokenizerJson));
  const tokens: string[] = [];
  const types: number[] = [];
  for (const [token, id] of Object.entries(model.vocab)) [tokens[id], types[id]] = [token, 1];
  for (const { id, content, special } of added_tokens) [tokens[id], types[id]] = [content, special ? 3 : 4];
  const all = Array.from(tokens, (token: string | undefined, id) => token ?? `[PAD${id}]`);
  return new Metadata(
    new Map<string, GgufValue>([
      ['tokenizer.ggml.model', 'gpt2'],
      ['tokenizer.ggml.pre', pre],
      ['tokenizer.ggml.tokens', all],
      ['tokenizer.ggml.token_type', Array.from(types, (type: number | undefined) => type ?? 5)],
      ['tokenizer.ggml.merges', model.merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' ')))],
      ['tokenizer.ggml.eos_token_id', added_tokens[0]?.id ?? 0],
    ]),
    'published',
  );
}

for (const [title, published, pre] of [
  ['Llama 3.1', llama3, 'llama-bpe'],
  ['Qwen 2.5', qwen25, 'qwen2'],
  ['Qwen 3', qwen3, 'qwen2'],
] as const)
  suite(`${title}, as published and as in a GGUF file`, await fetched(published), (path) => {
    it('gives the ids of the reference', { timeout: 600_000 }, async () => {
      const json = await readFile(path, 'utf8');
      const expected = reference(json);
      compare(await loadTokenizer(dirname(path)), expected);
      compare(tokenizerOf(ggufCompanions(asGguf(json, pre)), 'published'), expected);
    });
  });
