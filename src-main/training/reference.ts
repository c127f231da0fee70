/**
 * The reference policy of a run: the policy that the run started from, or the one of the last step at which it was
 * renewed. A resumed run takes the latter from that step's checkpoint, which is why renewals and checkpoints coincide
 * (the objective's `referenceEvery` is a multiple of `limits.checkpointEvery`).
 */
import { AssayError } from '../../src-shared/errors.ts';
import type { PolicyEngine, ReferencePolicy } from '../engine/engine.ts';
import { checkpointFolder, readManifest } from './checkpoint.ts';

export interface RunReference extends Pick<ReferencePolicy, 'score'> {
  /** To be called after the updates of each step. */
  afterStep(step: number): Promise<void>;
}

export interface ReferencePlan {
  /** Loaded with what the run started from, and not yet restored. */
  readonly engine: PolicyEngine;
  /** Steps between renewals; 0: never. */
  readonly every: number;
  /** Steps that the run already has. */
  readonly done: number;
  readonly checkpointsFolder: string;
}

/**
 * Leaves the engine with the weights of the reference: a resumed run is restored after this.
 * @throws AssayError `corrupt` when the checkpoint that holds the reference of a resumed run is not there.
 */
export async function openReference({ engine, every, done, checkpointsFolder }: ReferencePlan): Promise<RunReference> {
  const renewed = every > 0 ? Math.floor(done / every) * every : 0;
  if (renewed > 0) await restoreStep(engine, checkpointFolder(checkpointsFolder, renewed), renewed);
  let current = await engine.freeze();
  return {
    score: (sequences, temperature) => current.score(sequences, temperature),
    async afterStep(step) {
      if (every === 0 || step % every !== 0) return;
      // Before the next one is made: two references beside the policy may not fit.
      current.dispose();
      current = await engine.freeze();
    },
  };
}

async function restoreStep(engine: PolicyEngine, folder: string, step: number): Promise<void> {
  try {
    await readManifest(folder);
  } catch (error) {
    throw new AssayError(
      'corrupt',
      `The reference policy is that of step ${step}, and its checkpoint ${folder} cannot be read; without it the run cannot be resumed`,
      { cause: error },
    );
  }
  await engine.restore(folder);
}
