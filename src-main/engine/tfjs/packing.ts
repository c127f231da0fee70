/** How sequences of a batch lie end to end in the rows of one matrix, and which rows predict response tokens. */
import type { Scored, TokenIds } from '../engine.ts';

/** Sequence s owns rows `starts[s] .. starts[s] + lengths[s] - 1`. */
export interface Packing {
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
  /** Rows of all sequences together. */
  readonly rows: number;
}

/** What a forward pass needs to know of its sequences. The last layer is computed for the query rows only. */
export interface PackedBatch {
  /** Input token of each row. [N] */
  readonly tokens: Int32Array;
  /** Position of each row in its sequence. [N] */
  readonly positions: Int32Array;
  readonly keys: Packing;
  /** The last rows of each sequence: those that predict a response token. */
  readonly queries: Packing;
  /** Index of each query row among the N rows. [R] */
  readonly queryRows: Int32Array;
}

export function packing(lengths: readonly number[]): Packing {
  const starts = new Int32Array(lengths.length);
  let rows = 0;
  for (const [s, length] of lengths.entries()) {
    starts[s] = rows;
    rows += length;
  }
  return { starts, lengths: Int32Array.from(lengths), rows };
}

/** Prompt and response without its last token, which predicts nothing. */
export function packScored(sequences: readonly Scored[]): PackedBatch {
  const inputs = sequences.map(({ prompt, response }) => {
    const tokens = new Int32Array(inputLength(prompt, response));
    tokens.set(prompt);
    tokens.set(response.subarray(0, Math.max(0, response.length - 1)), prompt.length);
    return tokens;
  });
  return pack(
    inputs,
    sequences.map(({ response }) => response.length),
  );
}

export function packPrompts(prompts: readonly TokenIds[]): PackedBatch {
  return pack(
    prompts,
    prompts.map(() => 1),
  );
}

/** Rows that a sequence needs in a forward pass. */
export function inputLength(prompt: TokenIds, response: TokenIds): number {
  return prompt.length + Math.max(0, response.length - 1);
}

function pack(inputs: readonly TokenIds[], queryCounts: readonly number[]): PackedBatch {
  const keys = packing(inputs.map((input) => input.length));
  const queries = packing(queryCounts);
  const tokens = new Int32Array(keys.rows);
  const positions = new Int32Array(keys.rows);
  const queryRows = new Int32Array(queries.rows);
  let query = 0;
  for (const [s, input] of inputs.entries()) {
    const start = keys.starts[s] as number;
    tokens.set(input, start);
    for (let i = 0; i < input.length; i++) positions[start + i] = i;
    const count = queryCounts[s] as number;
    for (let i = input.length - count; i < input.length; i++) queryRows[query++] = start + i;
  }
  return { tokens, positions, keys, queries, queryRows };
}
