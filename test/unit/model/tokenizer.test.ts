import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demonstrationBatch } from '../../../src-main/datasets/tinypy/batch.ts';
import { defaultDemonstrationOptions } from '../../../src-main/datasets/tinypy/demonstrations.ts';
import { tinypyProblems } from '../../../src-main/datasets/tinypy/index.ts';
import { trainTokenizer } from '../../../src-main/model/bpe-trainer.ts';
import { loadTokenizer, parseTokenizer, saveTokenizer } from '../../../src-main/model/tokenizer.ts';
import { stream } from '../../../src-shared/random.ts';

const demonstrations = demonstrationBatch(
  tinypyProblems('train'),
  4000,
  stream(1, 'corpus'),
  defaultDemonstrationOptions,
);
const corpus = demonstrations.flatMap((d) => [d.prompt, d.response]);
const files = trainTokenizer({ corpus, vocabSize: 512, template: 'tinypy' });
const tokenizer = parseTokenizer(files, 'trained');
const texts = (text: string) => Array.from(tokenizer.encode(text), (id) => tokenizer.tokenText(id));
const hasTokenizers = spawnSync('python3', ['-c', 'import tokenizers']).status === 0;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokenizer-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('training', () => {
  it('merges the most frequent pair, the lexicographically first of equals', () => {
    // The word counts of Sennrich et al. 2016, figure 1, without their end-of-word mark; merges worked out by hand.
    const words = { low: 5, lower: 2, newest: 6, widest: 3 };
    const counted = Object.entries(words).flatMap(([word, n]) => Array<string>(n).fill(word));
    const trained = JSON.parse(
      trainTokenizer({ corpus: counted, vocabSize: 259 + 8, template: 'plain' }).tokenizerJson,
    );
    expect(trained.model.merges).toEqual(['e s', 'es t', 'l o', 'lo w', 'e w', 'ew est', 'n ewest', 'd est']);
  });

  it('repeats, does not depend on the order of the texts, and stops where nothing is left to merge', () => {
    expect(trainTokenizer({ corpus: [...corpus].reverse(), vocabSize: 512, template: 'tinypy' })).toEqual(files);
    const small = parseTokenizer(trainTokenizer({ corpus: ['ab ab'], vocabSize: 300, template: 'plain' }), 'small');
    expect(small.vocabSize).toBeLessThan(300);
  });

  it('needs room for the bytes', () => {
    expect(() => trainTokenizer({ corpus, vocabSize: 258, template: 'plain' })).toThrow(/258 is too small; .* 259/);
  });
});

describe('encoding', () => {
  it('gives any text back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      }),
    );
  });

  it('gives text made of the units that the splitting knows back', () => {
    const unit = fc.constantFrom(
      ' ',
      '\n',
      '\t',
      '\r',
      ':',
      '```',
      'x',
      'ab',
      '(',
      '7',
      '٣',
      'é',
      '<think>',
      '<eos>',
      '\u0085',
      '\ufeff',
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 40 }), (units) => {
        expect(tokenizer.decode(tokenizer.encode(units.join('')))).toBe(units.join(''));
      }),
    );
  });

  it('ids are in range, and no token holds a digit beside anything else', () => {
    for (const text of corpus.slice(0, 2000))
      for (const id of tokenizer.encode(text)) {
        expect(id >= 0 && id < tokenizer.vocabSize).toBe(true);
        expect(tokenizer.tokenText(id)).toMatch(/^(\d|\D+)$/);
      }
  });

  it('keeps the frame of an answer cheap', () => {
    const response = '<think>x+3\nso 2*x+16</think>\n```python\ndef f(x):\n    return 2*x+16\n```<eos>';
    expect(texts(response)).toEqual([
      ...['<think>', 'x+', '3', '\nso ', '2', '*x+', '1', '6', '</think>'],
      ...['\n```python', '\ndef ', 'f(x):\n    return ', '2', '*x+', '1', '6', '\n```', '<eos>'],
    ]);
    expect(tokenizer.encode(response).at(-1)).toBe(tokenizer.eosId);
  });

  it('keeps prompts and responses short on average', () => {
    const mean = (lengths: readonly number[]) => lengths.reduce((a, b) => a + b, 0) / lengths.length;
    const length = (text: string) => tokenizer.encode(text).length;
    expect(mean(demonstrations.map((d) => length(d.prompt)))).toBeLessThan(21);
    const thoughts = demonstrations.filter((d) => d.response.startsWith('<think>'));
    expect(mean(thoughts.map((d) => length(d.response)))).toBeLessThan(25);
  });

  it('shows bytes that are no whole character as replacements, and leaves ids without a token out', () => {
    const [first] = tokenizer.encode('é');
    expect(tokenizer.tokenText(first as number)).toBe('\ufffd');
    expect(tokenizer.tokenText(99_999)).toBe('');
    expect(tokenizer.decode([])).toBe('');
  });

  it.skipIf(!hasTokenizers)('agrees with Hugging Face tokenizers (python3 with the package tokenizers)', async () => {
    const samples = [
      ...corpus.slice(0, 500),
      ...fc.sample(fc.string({ unit: 'binary', maxLength: 60 }), { numRuns: 300, seed: 1 }),
    ];
    const path = join(folder, 'hf.json');
    await writeFile(path, files.tokenizerJson);
    const program = `
import json, sys, tokenizers
t = tokenizers.Tokenizer.from_file(sys.argv[1])
print(json.dumps([t.encode(s).ids for s in json.load(sys.stdin)]))`;
    const run = spawnSync('python3', ['-c', program, path], { input: JSON.stringify(samples), encoding: 'utf8' });
    expect(run.stderr).toBe('');
    expect(JSON.parse(run.stdout)).toEqual(samples.map((text) => Array.from(tokenizer.encode(text))));
  });
});

describe('files', () => {
  it('come back as they were saved', async () => {
    await saveTokenizer(folder, files);
    const loaded = await loadTokenizer(folder);
    expect([loaded.vocabSize, loaded.eosId, loaded.template]).toEqual([tokenizer.vocabSize, 0, 'tinypy']);
    expect(loaded.encode(corpus[0] as string)).toEqual(tokenizer.encode(corpus[0] as string));
  });

  it('that are missing or damaged are named', async () => {
    const empty = await mkdtemp(join(folder, 'empty-'));
    await expect(loadTokenizer(empty)).rejects.toThrow(/tokenizer\.json: there is no such file/);
    await expect(loadTokenizer(join(folder, 'none'))).rejects.toThrow(/none: there is no such file or folder/);
    const bad = (change: Partial<typeof files>) => () => parseTokenizer({ ...files, ...change }, 'dir');
    expect(bad({ tokenizerJson: '{' })).toThrow(/dir.tokenizer\.json: not JSON/);
    const unigram = '{"added_tokens": [], "model": {"type": "Unigram", "vocab": {}}}';
    expect(bad({ tokenizerJson: unigram })).toThrow(/tokenizer\.json: model\.type: "Unigram": must be "BPE"/);
    expect(bad({ tokenizerConfigJson: '{"eos_token": "<end>"}' })).toThrow(/eos_token: <end> is not a token/);
    expect(bad({ tokenizerConfigJson: '{"eos_token": "<eos>", "prompt_template": "x"}' })).toThrow(/prompt_template/);
  });

  it('of other policies name no template and may describe the end token as an object', () => {
    const config = JSON.stringify({ eos_token: { content: '<eos>', special: true } });
    expect(parseTokenizer({ ...files, tokenizerConfigJson: config }, 'dir').template).toBe('plain');
  });
});
