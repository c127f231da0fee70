/**
 * A published policy, opened as its users would, against what Hugging Face transformers computes with the same file
 * (fixtures/real-models). Skipped by name where the package registry cannot be reached.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { kernelsFactories } from '../../src-main/engine/kernels/index.ts';
import { openPolicy } from '../../src-main/model/policy-files.ts';
import { promptWriter } from '../../src-main/model/prompt.ts';
import { streamRows } from '../../src-main/model/stored-tensor.ts';
import { tokenizerOf } from '../../src-main/model/tokenizer.ts';
import { fetched, smollm2 } from '../fixtures/real-models/fetch.ts';
import { expectClose } from './expectations.ts';

const numbers = z.array(z.number());
const reference = z
  .object({
    ...{ promptText: z.string(), text: z.string() },
    ...{ prompt: numbers, response: numbers, logprob: numbers, entropy: numbers, greedy: numbers, gaps: numbers },
    ...{ norms: z.record(z.string(), z.number()), firsts: z.record(z.string(), numbers) },
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/real-models/smollm2.json'), 'utf8')));

const found = await fetched(smollm2);
const reason = 'reason' in found ? ` (${found.reason})` : '';
const path = 'path' in found ? found.path : '';

describe.skipIf(reason !== '')(`SmolLM2-135M-Instruct, Q4_1${reason}`, () => {
  it('has the configuration, the weights and the tokens of the reference', { timeout: 120_000 }, async () => {
    const { config, tensors, companions } = await openPolicy(path);
    // config.json of HuggingFaceTB/SmolLM2-135M-Instruct.
    expect(config).toMatchObject({
      ...{ vocabSize: 49152, hiddenSize: 576, intermediateSize: 1536, layers: 30, heads: 9, kvHeads: 3, headDim: 64 },
      ...{ ropeTheta: 100_000, maxPositions: 8192, qkvBias: false, tiedEmbeddings: true, eosTokenId: 2 },
    });
    const squares = new Map<string, number>();
    for await (const { name, first, data } of streamRows(tensors)) {
      if (first === 0 && reference.firsts[name]) expect([...data.subarray(0, 4)], name).toEqual(reference.firsts[name]);
      let sum = squares.get(name) ?? 0;
      for (const value of data) sum += value * value;
      squares.set(name, sum);
    }
    const compared = Object.entries(reference.norms).filter(([name]) => squares.has(name));
    expect(compared).toHaveLength(20);
    for (const [name, norm] of compared) expect(Math.sqrt(squares.get(name) ?? 0) / norm, name).toBeCloseTo(1, 6);
    const tokenizer = tokenizerOf(companions, path);
    expect([...tokenizer.encode(reference.promptText)]).toEqual(reference.prompt);
    expect([...tokenizer.encode(reference.text)]).toEqual(reference.response);
    expect(tokenizer.decode(reference.response)).toBe(reference.text);
  });

  it('is asked in its own template', async () => {
    const tokenizer = tokenizerOf((await openPolicy(path)).companions, path);
    const problem = {
      ...{ id: '1', statement: 'Add two numbers.', functionName: 'add', starterCode: '', difficulty: '', meaning: '' },
      ...{ visibleTests: [], hiddenTests: [] },
    };
    expect(promptWriter(tokenizer, { prompt: 'auto', thinking: 'auto' })(problem)).toMatch(
      /^<\|im_start\|>system\nYou are an expert Python programmer\.[^<]*<\|im_end\|>\n<\|im_start\|>user\n### Question:\nAdd two numbers\.[^<]*<\|im_end\|>\n<\|im_start\|>assistant\n$/,
    );
    expect(promptWriter(tokenizer, { prompt: 'plain', thinking: 'auto' })(problem)).toMatch(/^You are an expert/);
  });

  for (const factory of kernelsFactories)
    it(`${factory.id} computes and continues as transformers does`, { timeout: 600_000 }, async ({ skip }) => {
      const unavailable = await factory.unavailable();
      if (unavailable !== null) skip(unavailable);
      const engine = await factory.load(path);
      try {
        const prompt = Int32Array.from(reference.prompt);
        const [stats] = await engine.score([{ prompt, response: Int32Array.from(reference.response) }], 1);
        // Float noise through 30 layers; the quantisation is the same on both sides.
        expectClose(stats?.logprob, reference.logprob, 1e-3, 'logprob');
        expectClose(stats?.entropy, reference.entropy, 1e-3, 'entropy');
        const [generated] = await engine.generate([prompt], {
          ...{ temperature: 1, topP: 1, topK: 1, seed: 1, maxNewTokens: reference.greedy.length },
        });
        // No two best logits of the reference are nearer than the noise.
        expect(Math.min(...reference.gaps)).toBeGreaterThan(1e-2);
        expect([...(generated?.tokens ?? [])]).toEqual(reference.greedy);
      } finally {
        engine.dispose();
      }
    });
});
