/** What a run, or a plan of runs, would take, and its resolved configuration, as lines: `--dry-run`. */

import type { Api, StoredConfig } from '../../src-shared/api.ts';
import type { Estimate, PlanEstimate } from '../../src-shared/estimate.ts';
import { flattenConfig } from '../../src-shared/flatten.ts';
import { formatBytes, formatCount, formatDuration, formatRoughly } from '../../src-shared/format.ts';
import { type RunRequest, resolveConfig } from '../catalogue.ts';
import { table } from './io.ts';

/** The run that would be launched, and what it would take; nothing is started. @throws AssayError as `launchRun`, but for what does not fit. */
export async function dryRunLines(api: Api, request: RunRequest, json = false): Promise<string[]> {
  const config = resolveConfig(request);
  const { name: _name, ...rest } = request;
  const estimate = await api.estimateRun({ ...rest, wait: true });
  if (json) return [JSON.stringify({ config, estimate })];
  return [...configLines(config), '', ...estimateLines(estimate)];
}

/** Everything that the run would be, nothing left to a default. */
export function configLines(config: StoredConfig): string[] {
  return table(
    ['option', 'value'],
    Object.entries(flattenConfig(config)).map(([path, value]) => [path, String(value)]),
  );
}

export function estimateLines(estimate: Estimate): string[] {
  const { engine, memory, peakBytes, peakPhase, availableBytes, rough, seconds, disk, advice, refusal } = estimate;
  const parts = memory.toSorted((a, b) => b.bytes - a.bytes);
  return [
    `Memory  ${formatBytes(peakBytes)} at its peak (${peakPhase}) of ${formatBytes(availableBytes)} free, on ${engine}${rough ? '; rough: as a CPU would hold it' : ''}`,
    ...table(
      ['        part', 'most', 'at peak'],
      parts.map((part) => [`        ${part.title}`, formatBytes(part.bytes), formatBytes(part.peakBytes)]),
    ),
    seconds === null
      ? 'Time    unknown: the engine could not be measured'
      : `Time    ${formatDuration(seconds.perStep)} a step, ${formatRoughly(seconds.total)} in total (${formatRoughly(seconds.low)} to ${formatRoughly(seconds.high)}), ${seconds.ground}`,
    `Disk    ${formatBytes(disk.bytes)} of ${formatBytes(disk.freeBytes)} free: ${formatCount(disk.checkpoints)} ${disk.checkpoints === 1 ? 'checkpoint' : 'checkpoints'} ${formatBytes(disk.checkpointBytes)}, database ${formatBytes(disk.databaseBytes)} (${disk.ground})`,
    ...(refusal === null ? tightness(estimate) : [`It would be refused. ${refusal.message}`]),
    ...advice.map(({ path, value, text }) => `${text} (--set ${path}=${value})`),
  ];
}

function tightness({ fits, disk }: Estimate): string[] {
  return fits && disk.fits ? [] : ['That is more than is free now: it may fail, or slow this machine down.'];
}

export function planEstimateLines({ runs, largest, seconds, disk, refusal }: PlanEstimate): string[] {
  const { peakBytes, availableBytes, engine } = largest.estimate;
  return [
    `Memory  ${formatBytes(peakBytes)} at the peak of the largest run of ${formatBytes(availableBytes)} free, on ${engine}`,
    seconds === null
      ? 'Time    unknown: an engine could not be measured'
      : `Time    ${formatRoughly(seconds.total)} for ${runs} runs (${formatRoughly(seconds.low)} to ${formatRoughly(seconds.high)}), ${seconds.ground}`,
    `Disk    ${formatBytes(disk.bytes)} of ${formatBytes(disk.freeBytes)} free`,
    ...(refusal === null ? [] : [`It would be refused. ${refusal.message}`]),
  ];
}
