/**
 * A checkpoint folder: what the engine saves, the tokenizer with its chat template, and `checkpoint.json`, written last, so that its presence
 * means that the rest is complete. The folder is made under another name and renamed, so a crash leaves no half of one.
 */
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AssayError } from '../../src-shared/errors.ts';
import type { CheckpointEvent } from '../../src-shared/events.ts';
import type { PolicyEngine } from '../engine/engine.ts';
import { writeFileAtomically } from '../model/atomic-file.ts';
import { policyCompanions } from '../model/policy-files.ts';

const MANIFEST = 'checkpoint.json';

const count = z.number().int().nonnegative();
/** What a resumed run has to know besides weights and optimizer state, to log what an uninterrupted one logs. */
const manifestSchema = z.object({
  step: count,
  /** Response tokens of all rollouts so far. */
  tokens: count,
  /** The validation before the first step, by problem. Null where there was none, or an older Assay did not keep it. */
  start: z
    .array(z.object({ problemId: z.string(), samples: count, passed: count }))
    .nullable()
    .default(null),
  /** The best validation so far; `kept`: step of the checkpoint that was written for it alone, null where there is none. */
  best: z.object({ accuracy: z.number(), kept: count.nullable() }).nullable().default(null),
});
export type CheckpointManifest = z.infer<typeof manifestSchema>;

/** Before the first step. */
export const NOTHING_DONE: CheckpointManifest = { step: 0, tokens: 0, start: null, best: null };

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
    for (const [name, text] of await policyCompanions(policyFolder))
      await writeFileAtomically(join(draft, name), [new TextEncoder().encode(text)]);
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
