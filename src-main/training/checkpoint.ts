/**
 * A checkpoint folder: what the engine saves, the tokenizer, and `checkpoint.json`, written last, so that its presence
 * means that the rest is complete. The folder is made under another name and renamed, so a crash leaves no half of one.
 */
import { copyFile, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AssayError } from '../../src-shared/errors.ts';
import type { CheckpointEvent } from '../../src-shared/events.ts';
import type { PolicyEngine } from '../engine/engine.ts';
import { writeFileAtomically } from '../model/atomic-file.ts';

const MANIFEST = 'checkpoint.json';
/** Files of a policy folder besides those the engine writes. */
const COMPANIONS = ['tokenizer.json', 'tokenizer_config.json'];

const manifestSchema = z.object({
  step: z.number().int().nonnegative(),
  /** Response tokens of all rollouts so far. */
  tokens: z.number().int().nonnegative(),
});
export type CheckpointManifest = z.infer<typeof manifestSchema>;

export const checkpointFolder = (checkpointsFolder: string, step: number): string =>
  join(checkpointsFolder, `step-${String(step).padStart(6, '0')}`);

export async function writeCheckpoint(
  engine: PolicyEngine,
  policyFolder: string,
  checkpointsFolder: string,
  manifest: CheckpointManifest,
): Promise<CheckpointEvent> {
  const folder = checkpointFolder(checkpointsFolder, manifest.step);
  const draft = `${folder}.partial`;
  await rm(draft, { recursive: true, force: true });
  try {
    await mkdir(draft, { recursive: true });
    await engine.save(draft);
    const present = new Set(await readdir(policyFolder));
    for (const name of COMPANIONS) if (present.has(name)) await copyFile(join(policyFolder, name), join(draft, name));
    await writeFileAtomically(join(draft, MANIFEST), [new TextEncoder().encode(`${JSON.stringify(manifest)}\n`)]);
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder);
  } catch (error) {
    // On a full disk the half of a checkpoint is in the way of everything else.
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
  const sizes = await Promise.all((await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size));
  return { kind: 'checkpoint', step: manifest.step, folder, bytes: sizes.reduce((a, b) => a + b, 0) };
}

/** @throws AssayError `corrupt` when the folder is not a complete checkpoint. */
export async function readManifest(folder: string): Promise<CheckpointManifest> {
  const path = join(folder, MANIFEST);
  try {
    return manifestSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    throw new AssayError('corrupt', `Checkpoint ${folder} is incomplete: ${MANIFEST} is missing or malformed`, {
      cause: error,
    });
  }
}
