/**
 * How much goes through the model at a time. What a slice leaves behind for the backward pass should stay in a cache,
 * but each slice reads all weights: the balance depends on the model alone, so that every machine adds up in one order.
 */
import type { Scored } from '../engine.ts';
import { headShards, ownRows, promptKeys, type Range } from './batch.ts';
import type { Shape } from './model.ts';

/** Rows of one forward (and backward) pass, and the floats that its intermediate results may take. */
const sliceRows = { fewest: 256, most: 2048 };
const sliceFloats = 100 << 20;
/** How much more than the weights a slice's intermediate results weigh. */
const sliceShare = 6;
/** A slice has a multiple of so many groups where it can, so that threads get equal shares. */
const sharedGroups = 4;

/** Rows that a slice should have, and the most that it may have. @param keep A backward pass follows. */
export function rowsOfSlice(model: Shape, keep: boolean): { readonly wanted: number; readonly most: number } {
  const { layout, measures, config, recompute, microBatchTokens = sliceRows.most } = model;
  const { hidden } = layout.sizes;
  const restLayers = keep && !recompute ? config.layers : 2;
  const inputs = (keep ? config.layers : 1) * hidden;
  const backward = keep ? 2 * measures.operands + (4 + headShards(model)) * hidden : 0;
  const perRow = inputs + restLayers * measures.activations + backward + 2 * hidden;
  const within = (floats: number) => {
    const rows = Math.max(sliceRows.fewest, Math.min(sliceRows.most, Math.floor(floats / perRow)));
    return Math.min(rows, microBatchTokens);
  };
  const most = within(sliceFloats);
  return { wanted: Math.min(most, within(sliceShare * layout.size)), most };
}

/** Neighbouring sequences that go through the model together. Groups, which share a prompt, are cut only where they must be. */
export function slicesOf(model: Shape, sequences: readonly Scored[], keep: boolean): Range[] {
  const { wanted, most } = rowsOfSlice(model, keep);
  const slices: Range[] = [];
  let first = 0;
  let rows = 0;
  for (const block of blocksOf(sequences, most)) {
    if (block.first > first && rows + block.rows > most) {
      slices.push([first, block.first]);
      [first, rows] = [block.first, 0];
    }
    rows += block.rows;
    if (rows >= wanted) {
      slices.push([first, block.end]);
      [first, rows] = [block.end, 0];
    }
  }
  if (first < sequences.length) slices.push([first, sequences.length]);
  return slices;
}

interface Stretch {
  readonly first: number;
  readonly end: number;
  readonly rows: number;
}

/** Stretches of several groups; where these are too large together, of one; where one is too large, of some sequences. */
function blocksOf(sequences: readonly Scored[], most: number): Stretch[] {
  const groups = groupsOf(sequences, most);
  const blocks: Stretch[] = [];
  for (let i = 0; i < groups.length; i += sharedGroups) {
    const some = groups.slice(i, i + sharedGroups);
    const rows = some.reduce((sum, group) => sum + group.rows, 0);
    if (rows > most) blocks.push(...some);
    else blocks.push({ first: some[0]?.first ?? 0, end: some.at(-1)?.end ?? 0, rows });
  }
  return blocks;
}

function groupsOf(sequences: readonly Scored[], most: number): Stretch[] {
  const groups: { first: number; end: number; rows: number }[] = [];
  const keys = promptKeys(sequences);
  let prompt: string | undefined;
  for (const [i, sequence] of sequences.entries()) {
    const key = keys[i];
    const own = ownRows(sequence);
    const last = groups.at(-1);
    if (last && key === prompt && last.rows + own <= most) {
      last.rows += own;
      last.end = i + 1;
    } else {
      groups.push({ first: i, end: i + 1, rows: sequence.prompt.length + own });
    }
    prompt = key;
  }
  return groups;
}
