/** What a run will take of this machine, in one answer, and whether it would be refused for it. */
import { availableParallelism } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { AssayError } from '../../src-shared/errors.ts';
import type { Advice, DiskEstimate, Estimate } from '../../src-shared/estimate.ts';
import { formatBytes } from '../../src-shared/format.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import { findEngine } from '../engine/index.ts';
import { findPolicy } from '../runs/policy-source.ts';
import type { Store } from '../store/store.ts';
import { policyTraining } from '../training/policy-training.ts';
import { diskAdvice, memoryAdvice } from './advice.ts';
import { estimateDisk } from './disk.ts';
import { type Facts, factsOf } from './facts.ts';
import { freeDiskBytes, machineMemory } from './machine.ts';
import { estimateMemory, type MemoryEstimate } from './memory.ts';
import { pastRuns, sandboxPace } from './past.ts';
import type { Rates } from './rate.ts';
import { timeFromRate, timeFromRuns, usualLength } from './time.ts';

export interface Surroundings {
  readonly home: string;
  readonly store: Store;
  readonly rates: Rates;
}

/** Advice is given where a run takes more of what is free than this. */
const MUCH = 0.5;
/** How long a kept rate takes to be read, at most. */
const PATIENCE_MS = 50;
/** Engines that compute on a device of their own: what is planned is what a CPU would hold. */
const rough: ReadonlySet<string> = new Set(['tfjs-node-gpu', 'tfjs-webgpu', 'tfjs-node']);

/**
 * @param wait For a rate that was never measured, and is measured now: it takes seconds.
 * @throws AssayError `usage` where policy or problems cannot be read, `engine` where no engine can run it.
 */
export async function estimateRun(around: Surroundings, config: RunConfig, wait: boolean): Promise<Estimate> {
  const { facts, factory, memory, slots } = await measured(around, config);
  const { totalBytes, availableBytes } = machineMemory();
  const past = pastRuns(around.store, factory.id, facts.parameters, config);
  const length = usualLength(config, past);
  const disk = estimateDisk(config, facts, await freeDiskBytes(around.home), length);
  const takesMuch = memory.peakBytes > MUCH * availableBytes || isBeyond(memory);
  const advice = [
    ...(takesMuch ? await memoryAdvice(config, facts, factory, slots, memory.peakBytes) : []),
    ...(disk.bytes > MUCH * disk.freeBytes ? diskAdvice(config, facts, length.tokens) : []),
  ];
  const asked = past.length > 0 ? null : around.rates.of(factory.id);
  const rate = wait ? await asked : await Promise.race([asked, setTimeout(PATIENCE_MS, undefined)]);
  return {
    engine: factory.id,
    memory: [...memory.parts],
    peakBytes: memory.peakBytes,
    peakPhase: memory.peakPhase,
    availableBytes,
    machineBytes: totalBytes,
    fits: memory.peakBytes <= availableBytes && !isBeyond(memory),
    rough: rough.has(factory.id),
    seconds:
      past.length > 0
        ? timeFromRuns(config, facts, past)
        : rate
          ? timeFromRate(config, facts, rate, sandboxPace(around.store))
          : null,
    measuring: rate === undefined,
    disk,
    advice,
    refusal: refusalOf(memory, totalBytes, disk, advice),
  };
}

/**
 * Refuse a run that this machine cannot hold, whatever else it does: more memory than there is in all, or more disk than
 * is free. What is free of memory changes, so that is no ground. Where it cannot be told, the run itself will tell.
 * @throws AssayError `usage` with the path of the option that weighs most, and the figures.
 */
export async function checkFits(around: Omit<Surroundings, 'rates'>, config: RunConfig): Promise<void> {
  let found: Awaited<ReturnType<typeof measured>>;
  try {
    found = await measured(around, config);
  } catch (error) {
    // An engine that is not here, or a policy that cannot be read: whoever opens it says so better.
    if (error instanceof AssayError) return;
    throw error;
  }
  const { facts, factory, memory, slots } = found;
  const { totalBytes } = machineMemory();
  const length = usualLength(config, pastRuns(around.store, factory.id, facts.parameters, config));
  const disk = estimateDisk(config, facts, await freeDiskBytes(around.home), length);
  const fits = memory.peakBytes <= totalBytes && !isBeyond(memory);
  if (fits && disk.fits) return;
  const advice = [
    ...(fits ? [] : await memoryAdvice(config, facts, factory, slots, memory.peakBytes)),
    ...(disk.fits ? [] : diskAdvice(config, facts, length.tokens)),
  ];
  const refusal = refusalOf(memory, totalBytes, disk, advice);
  if (refusal === null) return;
  const hint = advice.find(({ path }) => path === refusal.path)?.text;
  throw new AssayError('usage', refusal.message, { path: refusal.path, ...(hint === undefined ? {} : { hint }) });
}

async function measured({ store }: Omit<Surroundings, 'rates'>, config: RunConfig) {
  const training = policyTraining(config.policy, 0);
  const factory = await findEngine(config.policy.engine, training);
  const facts: Facts = await factsOf(config, findPolicy(store, config.policy.source).folder);
  const slots = availableParallelism();
  return { facts, factory, slots, memory: await estimateMemory(config, facts, factory, slots) };
}

const isBeyond = ({ limit }: MemoryEstimate) => limit !== null && limit.bytes > limit.mostBytes;

function refusalOf(
  memory: MemoryEstimate,
  machineBytes: number,
  disk: DiskEstimate,
  advice: readonly Advice[],
): Estimate['refusal'] {
  const best = (saves: 'savesMemory' | 'savesDisk') =>
    advice.toSorted((a, b) => b[saves] - a[saves]).find((each) => each[saves] > 0)?.path;
  const { peakBytes, peakPhase, limit } = memory;
  if (limit !== null && isBeyond(memory)) {
    const path = best('savesMemory') ?? 'policy.source';
    return {
      path,
      message: `${path}: this run needs ${formatBytes(limit.bytes)} in ${limit.of}, which can have ${formatBytes(limit.mostBytes)}`,
    };
  }
  if (peakBytes > machineBytes) {
    const path = best('savesMemory') ?? 'policy.source';
    return {
      path,
      message: `${path}: this run needs ${formatBytes(peakBytes)} of memory when ${peakPhase}; this machine has ${formatBytes(machineBytes)}`,
    };
  }
  if (disk.fits) return null;
  const path = best('savesDisk') ?? 'limits.steps';
  return {
    path,
    message: `${path}: this run writes ${formatBytes(disk.bytes)} (${formatBytes(disk.checkpointBytes)} of it checkpoints); ${formatBytes(disk.freeBytes)} are free`,
  };
}
