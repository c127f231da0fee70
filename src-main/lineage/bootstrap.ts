/** The body of call `bootstrapRun`: runs from a checkpoint, each with its matched control. Nothing is launched before all
 * of it was checked. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import type { Checkpoint } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import type { bootstrapInputSchema, bootstrapOutputSchema } from '../../src-shared/lineage.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import { checkProblems, resolveConfig } from '../catalogue.ts';
import { checkFits } from '../estimate/estimate.ts';
import { checkPolicy, findPolicy } from '../runs/policy-source.ts';
import type { RunLinks, StoredRun } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { policyHash } from '../training/fingerprints.ts';
import { ancestryOf } from './ancestry.ts';

type Input = z.output<typeof bootstrapInputSchema>;

const SOURCE = 'policy.source';
const SEED = 'seeds.run';
/** As `launchRun` has it. */
const LONGEST_NAME = 120;

export interface BootstrapContext {
  readonly home: string;
  readonly store: Store;
  readonly control: {
    /** Store a run and queue it. @returns Its id. */
    launch(config: RunConfig, links?: RunLinks): Promise<string>;
  };
}

interface Planned {
  readonly seed: number;
  readonly config: RunConfig;
  readonly control: RunConfig | null;
}

/**
 * @throws AssayError `usage` with the path at fault, `not-found` for the checkpoint, `conflict` where what a control
 * should start from is no longer there.
 */
export async function bootstrapRun(
  { home, store, control }: BootstrapContext,
  input: Input,
): Promise<z.output<typeof bootstrapOutputSchema>> {
  const checkpoint = store.checkpoints.get(input.checkpointId);
  const run = store.runs.get(checkpoint.runId);
  if (Object.hasOwn(input.values, SOURCE))
    throw usage(SOURCE, `${input.values[SOURCE]} is not allowed here: a bootstrapped run starts from its checkpoint`);
  if (input.seeds !== undefined && Object.hasOwn(input.values, SEED))
    throw usage(SEED, `${input.values[SEED]} is not allowed beside seeds, which are ${input.seeds.join(', ')}`);
  if (input.seeds !== undefined && new Set(input.seeds).size < input.seeds.length)
    throw usage('seeds', `${input.seeds.join(', ')}: each is allowed once`);
  await checkFiles(checkpoint);

  const root = input.control ? rootOf(store, run) : null;
  const plan = (input.seeds ?? [undefined]).map((seed) => planned(input, run, checkpoint, root?.source ?? null, seed));
  // Seeds change nothing in what has to be there.
  for (const { config, control: twin } of plan.slice(0, 1)) {
    await checkProblems(config);
    await checkFits({ home, store }, config);
    await checkPolicy(findPolicy(store, config.policy.source));
    if (twin !== null) await checkPolicy(findPolicy(store, twin.policy.source));
  }
  if (root !== null) await checkUnchanged(store, root);

  const runs: z.output<typeof bootstrapOutputSchema>['runs'] = [];
  for (const { seed, config, control: twin } of plan) {
    const runId = await control.launch(config);
    const controlId = twin === null ? null : await control.launch(twin, { controlOf: runId });
    runs.push({ seed, runId, controlId });
  }
  return { runs };
}

function planned(
  { preset, values, name, seeds }: Input,
  run: StoredRun,
  checkpoint: Checkpoint,
  root: string | null,
  seed: number | undefined,
): Planned {
  const given = { ...values, ...(seed === undefined ? {} : { [SEED]: seed }) };
  const from = (source: string) => resolveConfig({ preset, values: { ...given, [SOURCE]: source } });
  const config = from(`checkpoint:${checkpoint.id}`);
  const base = name?.trim() || `${config.name} from #${run.number} step ${checkpoint.step}`;
  const own = (seeds?.length ?? 1) > 1 ? `${base}, seed ${config.seeds.run}` : base;
  return {
    seed: config.seeds.run,
    config: { ...config, name: own.slice(0, LONGEST_NAME) },
    // The mark at the end is what must not be cut off.
    control: root === null ? null : { ...from(root), name: `${own.slice(0, LONGEST_NAME - 9)} control` },
  };
}

const HINT = 'Without its control the run can be made.';

interface Root {
  readonly run: StoredRun;
  readonly source: string;
}

/** The first run of the chain and what it began with. @throws AssayError `conflict` where that is not known. */
function rootOf(store: Store, run: StoredRun): Root {
  const { stages, missing } = ancestryOf(store, run);
  const [{ run: root }] = stages;
  const unknown = (why: string) => new AssayError('conflict', `control: ${why}`, { path: 'control', hint: HINT });
  if (missing !== null)
    throw unknown(
      `run #${root.number} started from checkpoint ${missing}, which is gone, so what came first is not known`,
    );
  const { source } = root.config.policy;
  if (typeof source !== 'string') throw unknown(`it is not recorded what policy run #${root.number} began with`);
  return { run: root, source };
}

/** @throws AssayError `conflict` where the root's policy is there, and is another one by now. */
async function checkUnchanged(store: Store, { run, source }: Root): Promise<void> {
  const recorded = run.fingerprints?.policy;
  if (recorded === undefined || recorded === (await policyHash(findPolicy(store, source).folder))) return;
  throw new AssayError(
    'conflict',
    `control: "${source}" is no longer the policy that run #${run.number} began with: its files have changed`,
    { path: 'control', hint: HINT },
  );
}

async function checkFiles({ id, folder }: Checkpoint): Promise<void> {
  try {
    await access(join(folder, 'checkpoint.json'));
  } catch (error) {
    throw new AssayError('usage', `checkpointId: ${id}: its files in ${folder} are gone or incomplete`, {
      path: 'checkpointId',
      cause: error,
    });
  }
}

const usage = (path: string, message: string) => new AssayError('usage', `${path}: ${message}`, { path });
