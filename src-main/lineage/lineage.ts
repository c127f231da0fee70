/** The body of call `lineage`: runs and checkpoints as a graph. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lineage } from '../../src-shared/lineage.ts';
import { optionOf, seedOf } from '../comparison/configuration.ts';
import type { StoredRun } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { allRuns, keptCheckpoints } from './checkpoint-keeping.ts';
import { Totals, type Trained } from './totals.ts';

/**
 * @param runId only the runs that are connected to this one, by checkpoints or as controls
 * @param present a stored run as it really stands
 * @throws AssayError `not-found`.
 */
export async function lineage(store: Store, present: (run: StoredRun) => StoredRun, runId?: string): Promise<Lineage> {
  const all = allRuns(store).map(present);
  const runs = (runId === undefined ? all : familyOf(store, all, store.runs.get(runId).id)).sort(
    (a, b) => a.number - b.number,
  );
  const totals = new Totals(store);
  const nodes = await Promise.all(runs.map((run) => nodesOf(store, totals, run, all)));
  const checkpoints = nodes.flatMap((node) => node.checkpoints);
  const known = { runs: new Set(runs.map(({ id }) => id)), checkpoints: new Set(checkpoints.map(({ id }) => id)) };
  return {
    runs: nodes.map((node) => node.run),
    checkpoints,
    edges: [
      ...nodes.flatMap(({ checkpoints: own, run }) =>
        own.map(({ id }, i) => ({
          kind: 'training' as const,
          from: i === 0 ? { runId: run.runId } : { checkpointId: own[i - 1]?.id ?? id },
          to: { checkpointId: id },
        })),
      ),
      ...runs.flatMap(({ id, parentCheckpointId: from }) =>
        from !== null && known.checkpoints.has(from)
          ? [{ kind: 'start' as const, from: { checkpointId: from }, to: { runId: id } }]
          : [],
      ),
      ...runs.flatMap(({ id, controlOf }) =>
        controlOf !== null && known.runs.has(controlOf)
          ? [{ kind: 'control' as const, from: { runId: controlOf }, to: { runId: id } }]
          : [],
      ),
    ],
  };
}

/** All that can be reached over starts and controls, in either direction. */
function familyOf(store: Store, all: readonly StoredRun[], runId: string): StoredRun[] {
  const near = new Map<string, Set<string>>();
  const join = (a: string, b: string) => {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const)
      near.set(from, (near.get(from) ?? new Set()).add(to));
  };
  for (const { id, parentCheckpointId, controlOf } of all) {
    const parent = parentCheckpointId === null ? null : store.checkpoints.find(parentCheckpointId);
    if (parent !== null) join(id, parent.runId);
    if (controlOf !== null) join(id, controlOf);
  }
  const reached = new Set([runId]);
  // A set yields what is added to it while it is gone through.
  for (const id of reached) for (const next of near.get(id) ?? []) reached.add(next);
  return all.filter(({ id }) => reached.has(id));
}

async function nodesOf(store: Store, totals: Totals, run: StoredRun, all: readonly StoredRun[]) {
  const before = totals.before(run);
  const parent = run.parentCheckpointId;
  return {
    run: {
      runId: run.id,
      number: run.number,
      name: run.name,
      status: run.status,
      reward: run.config.reward.kind,
      seed: seedOf(run),
      study: run.study,
      step: store.steps.last(run.id) ?? 0,
      steps: Number(optionOf(run, 'limits.steps') ?? 0),
      from: parent,
      source: String(optionOf(run, 'policy.source') ?? ''),
      missing: parent !== null && store.checkpoints.find(parent) === null,
      controlOf: run.controlOf,
      deleted: run.deletedAt !== null,
      stepsBefore: before.steps,
      tokensBefore: before.tokens,
    },
    checkpoints: await checkpointsOf(store, totals, run, before, all),
  };
}

async function checkpointsOf(
  store: Store,
  totals: Totals,
  run: StoredRun,
  before: Trained,
  all: readonly StoredRun[],
): Promise<Lineage['checkpoints']> {
  const accuracy = store.steps.series(run.id, 'eval/avg@k');
  const errors = new Map(store.steps.series(run.id, 'eval/avg@k-se').map(({ step, value }) => [step, value]));
  const kept = keptCheckpoints(store, run, all);
  return Promise.all(
    store.checkpoints.ofRun(run.id).map(async ({ id, step, bytes, createdAt, folder }) => {
      const { steps, tokens } = totals.at(before, run.id, step);
      const measured = accuracy.findLast((point) => point.step <= step);
      return {
        id,
        runId: run.id,
        step,
        totalSteps: steps,
        totalTokens: tokens,
        accuracy: measured?.value ?? null,
        standardError: measured === undefined ? null : (errors.get(measured.step) ?? null),
        bytes,
        createdAt,
        exists: await isThere(join(folder, 'checkpoint.json')),
        kept: kept.get(id) ?? null,
      };
    }),
  );
}

/** Whatever the reason, a file that cannot be reached is of no use. */
async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
