/** What is said of a published policy, against what its publishers say. Skipped by name where it cannot be fetched. */
import { describe, expect, it } from 'vitest';
import { lookAt } from '../../src-main/hub/facts.ts';
import { fetched, smollm2 } from '../fixtures/real-models/fetch.ts';

const found = await fetched(smollm2);
const reason = 'reason' in found ? ` (${found.reason})` : '';
const path = 'path' in found ? found.path : '';

describe.skipIf(reason !== '')(`SmolLM2-135M-Instruct, Q4_1${reason}`, () => {
  it('has the figures of its model card and config.json', { timeout: 60_000 }, async () => {
    const { bytes, facts, refusal } = await lookAt(path);
    expect(refusal).toBeNull();
    expect(bytes).toBe(98_362_432);
    // HuggingFaceTB/SmolLM2-135M-Instruct: config.json, tokenizer_config.json, and 134.5 M on its model card.
    expect(facts).toMatchObject({
      ...{ format: 'gguf', architecture: 'llama', layers: 30, hiddenSize: 576, context: 8192, vocabulary: 49_152 },
      ...{ parameters: 134_515_008, chatTemplate: true, thinking: false },
      endTokens: [{ id: 2, text: '<|im_end|>' }],
    });
    // Blocks of 32 weights: 20 bytes in Q4_1, 34 in Q8_0; the file says which it is made of.
    expect(facts?.types.map(({ name }) => name)).toEqual(['Q4_1', 'Q8_0', 'F32']);
    const weights = { Q4_1: 32 / 20, Q8_0: 32 / 34, F32: 1 / 4 } as Record<string, number>;
    expect(facts?.types.reduce((sum, { name, bytes: each }) => sum + each * (weights[name] ?? 0), 0)).toBe(134_515_008);
  });
});
