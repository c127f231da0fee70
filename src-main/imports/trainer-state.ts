/**
 * `trainer_state.json` of Hugging Face's Trainer, and so of TRL: `log_history` holds what was logged, one object a time.
 * Of a folder with several, the one that went furthest: a checkpoint's file holds all that came before.
 */

import { statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { z } from 'zod';
import { AssayError } from '../../src-shared/errors.ts';
import { type ForeignReader, type ForeignRun, numbersOf, Points, parseRecord } from './foreign-run.ts';
import { beginsWith, filesBelow, readEach } from './look.ts';
import { readText } from './wandb-export.ts';

const NAME = 'trainer_state.json';
const stateSchema = z.looseObject({
  global_step: z.number().int().nonnegative(),
  log_history: z.array(z.looseObject({ step: z.number() })),
});
/** Not measured: where the run stands. */
const POSITIONS = new Set(['step']);

export const trainerState: ForeignReader = {
  format: 'trainer-state',
  reads: `a ${NAME} of transformers or TRL, or a folder of checkpoints with one`,
  recognises: (_, { isFolder, names, head }) =>
    names.some((name) => basename(name) === NAME) ||
    (!isFolder && names[0]?.endsWith('.json') === true && beginsWith(head, '{')),
  async read(path) {
    const files = filesBelow(path);
    const states = files.length === 1 ? files : files.filter((file) => basename(file) === NAME);
    // Checkpoints of one run lie side by side.
    const runs = Map.groupBy(states, (file) => dirname(dirname(file)));
    return readEach([...runs.values()], (members) => {
      const folder = dirname(members[0] ?? path);
      const root = members.length > 1 || /^checkpoint-\d+$/.test(basename(folder)) ? dirname(folder) : folder;
      return { name: basename(root), run: () => furthest(members, basename(root)) };
    });
  },
};

function furthest(files: readonly string[], name: string): ForeignRun {
  const [best] = files.map((file) => readState(file)).sort((a, b) => b.state.global_step - a.state.global_step);
  if (best === undefined) throw new AssayError('not-found', `There is no ${NAME}`);
  const { file, path, state } = best;
  const points = new Points(file);
  for (const entry of state.log_history)
    for (const [metric, value] of numbersOf(entry))
      if (!POSITIONS.has(metric)) points.add(entry.step, null, metric, value);
  const { log_history: _, stateful_callbacks: __, ...config } = state;
  return { name, startedAt: null, endedAt: statSync(path).mtimeMs, config, points };
}

function readState(path: string) {
  const file = basename(path);
  const parsed = stateSchema.safeParse(parseRecord(readText(path), file));
  if (parsed.success) return { file, path, state: parsed.data };
  const issue = parsed.error.issues[0];
  throw new AssayError('corrupt', `${file} is no state of a trainer: ${issue?.path.join('.')}: ${issue?.message}`);
}
