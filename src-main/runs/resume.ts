/** What has to be true before a run that ended may go on: more steps to do, and a checkpoint that can be opened. */
import { AssayError } from '../../src-shared/errors.ts';
import { problemWith } from '../../src-shared/options.ts';
import { limitOptions } from '../../src-shared/run.ts';
import { openCheckpointFiles } from '../model/checkpoint-files.ts';
import type { StoredRun } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { readManifest } from '../training/checkpoint.ts';
import { moveRun } from './lifecycle.ts';
import { runConfigOf } from './order.ts';

const PATH = 'limits.steps';

/**
 * Queue an ended run again. It goes on from its newest whole checkpoint, or from the start where it never wrote one;
 * damaged checkpoints are forgotten, with a note.
 * @param steps Train up to this step; the run's own limit by default.
 * @throws AssayError `conflict` (imported runs among others), `usage` (path `limits.steps`), or `corrupt` when every checkpoint is damaged.
 */
export async function requeue(store: Store, run: StoredRun, steps: number | undefined): Promise<void> {
  checkOrigin(store, run);
  const limit = steps ?? runConfigOf(run).limits.steps;
  const wrong = problemWith(limitOptions.steps, limit);
  if (wrong !== null) throw new AssayError('usage', `${PATH}: ${wrong}`, { path: PATH });

  if (runConfigOf(run).limits.steps === 0 && (limit > 0 || run.status === 'finished'))
    throw new AssayError('conflict', `Run #${run.number} is an evaluation: there are no steps to go on with`, {
      path: PATH,
      hint: 'To train the same policy, launch a run with its policy.source.',
    });

  const { step, damaged } = await newestWhole(store, run);
  if (run.status === 'finished' && limit <= step)
    throw new AssayError('conflict', `Run #${run.number} has finished its ${step} steps; ask for more than ${step}`, {
      path: PATH,
    });
  if (limit < step)
    throw new AssayError('usage', `${PATH}: ${limit} is less than the ${step} steps that run #${run.number} has`, {
      path: PATH,
    });

  store.transaction(() => {
    moveRun(store, run.id, 'queued');
    store.runs.setSteps(run.id, limit);
    store.checkpoints.deleteAfter(run.id, step);
    for (const message of damaged) store.notes.insert(run.id, { step, level: 'warning', message });
  });
}

/** An imported run has nothing to go on with, unless its checkpoints came with it. */
function checkOrigin(store: Store, { id, number, origin }: StoredRun): void {
  if (origin === null) return;
  if (origin.format !== 'assay')
    throw new AssayError(
      'conflict',
      `Run #${number} was imported from ${origin.file} (${origin.format}): it can be read and compared, not resumed`,
    );
  if (store.checkpoints.last(id) === null)
    throw new AssayError(
      'conflict',
      `Run #${number} was imported from ${origin.file} without checkpoints to go on from`,
      {
        hint: 'Launch a new run with its configuration, or import a bundle that has its checkpoints.',
      },
    );
}

/** Step of the newest checkpoint whose files are whole; 0 where the run never wrote one. */
async function newestWhole(store: Store, run: StoredRun): Promise<{ step: number; damaged: string[] }> {
  const damaged: string[] = [];
  for (const checkpoint of store.checkpoints.ofRun(run.id).reverse()) {
    const reason = await damageOf(checkpoint.folder);
    if (reason === null) return { step: checkpoint.step, damaged };
    damaged.push(`The checkpoint of step ${checkpoint.step} is damaged and was passed over: ${reason}`);
  }
  if (damaged.length === 0) return { step: 0, damaged };
  throw new AssayError('corrupt', `Run #${run.number} has no whole checkpoint left. ${damaged[0]}`, {
    hint: 'Start a new run with the same configuration.',
  });
}

/** What is wrong with a checkpoint's files, in one line; null when they are whole. */
async function damageOf(folder: string): Promise<string | null> {
  try {
    await readManifest(folder);
    const { optimizer } = await openCheckpointFiles(folder);
    return optimizer === null ? `${folder} has no optimizer.safetensors` : null;
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : String(error);
  }
}
