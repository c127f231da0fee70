/** What a list of runs takes, one after another: memory of the largest, time and disk of all. */
import type { Api, FlatValues } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import type { Estimate, PlanEstimate } from '../../src-shared/estimate.ts';
import { formatBytes } from '../../src-shared/format.ts';
import type { RunConfig } from '../../src-shared/run.ts';

/** A run of a list, as `launchRun` takes it. */
export interface Planned {
  readonly preset: string | null;
  readonly values: FlatValues;
}

/** @param of Estimates one; runs that differ in their seeds alone are estimated once. @param configs At least one. */
export async function estimateRuns(
  of: (config: RunConfig) => Promise<Estimate>,
  configs: readonly RunConfig[],
): Promise<PlanEstimate> {
  const known = new Map<string, Estimate>();
  const all: Estimate[] = [];
  for (const config of configs) {
    const key = JSON.stringify({ ...config, name: '', seeds: null });
    const estimate = known.get(key) ?? (await of(config));
    known.set(key, estimate);
    all.push(estimate);
  }
  const index = all.reduce((best, { peakBytes }, i) => (peakBytes > (all[best]?.peakBytes ?? 0) ? i : best), 0);
  const largest = all[index];
  if (largest === undefined) throw new AssayError('usage', 'runs: none are given; at least one is needed');
  const sum = (part: (estimate: Estimate) => number) => all.reduce((total, estimate) => total + part(estimate), 0);
  const bytes = sum(({ disk }) => disk.bytes);
  const { freeBytes } = largest.disk;
  const disk = { bytes, freeBytes, fits: bytes <= freeBytes };
  return {
    runs: all.length,
    largest: { index, estimate: largest },
    seconds: all.every(({ seconds }) => seconds !== null)
      ? {
          total: sum(({ seconds }) => seconds?.total ?? 0),
          low: sum(({ seconds }) => seconds?.low ?? 0),
          high: sum(({ seconds }) => seconds?.high ?? 0),
          ground: [...new Set(all.flatMap(({ seconds }) => seconds?.ground ?? []))].join('; '),
        }
      : null,
    disk,
    refusal:
      all.find(({ refusal }) => refusal !== null)?.refusal ??
      (disk.fits
        ? null
        : {
            path: 'limits.checkpointEvery',
            message: `${all.length} runs write ${formatBytes(bytes)} together; ${formatBytes(freeBytes)} are free`,
          }),
  };
}

/**
 * The estimate of a plan, not empty, through the Api. Runs that start from another's checkpoint are taken to start from
 * the policy. @param wait For rates that are measured first.
 */
export function planEstimate(
  api: Pick<Api, 'estimateRuns'>,
  plan: readonly Planned[],
  wait: boolean,
): Promise<PlanEstimate> {
  return api.estimateRuns({ runs: plan.map(({ preset, values }) => ({ preset, values: { ...values } })), wait });
}

/** @throws AssayError `usage` where the plan does not fit this machine, before anything of it is started. */
export async function checkPlanFits(api: Pick<Api, 'estimateRuns'>, plan: readonly Planned[]): Promise<void> {
  if (plan.length === 0) return;
  const { refusal } = await planEstimate(api, plan, false);
  if (refusal !== null) throw new AssayError('usage', refusal.message, { path: refusal.path });
}
