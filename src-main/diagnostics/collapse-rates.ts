/** How well the collapse watch does on many recorded runs of which it is known whether they collapsed. */
import { bisect } from '../stats/distributions.ts';
import { betaShare } from '../stats/special.ts';
import { type CollapseOptions, type CollapseStep, collapseAlarms } from './collapse.ts';

export interface LabelledRun {
  readonly id: string;
  readonly steps: readonly CollapseStep[];
  /** The truth, from elsewhere than the watch. */
  readonly collapsed: boolean;
}

export interface Rate {
  readonly count: number;
  readonly of: number;
  /** Exact 95 % interval of the share (Clopper & Pearson 1934). */
  readonly low: number;
  readonly high: number;
}

export interface CollapseRates {
  /** Collapsed runs with an alarm. */
  readonly detected: Rate;
  /** Other runs with an alarm. */
  readonly falseAlarms: Rate;
  /** Steps between onset and alarm of each detected run, by the watch's own onset. */
  readonly delays: readonly number[];
  readonly missed: readonly string[];
  readonly falselyAlarmed: readonly string[];
}

export function collapseRates(runs: readonly LabelledRun[], options: Partial<CollapseOptions> = {}): CollapseRates {
  const judged = runs.map((run) => ({ ...run, first: collapseAlarms(run.steps, options)[0] ?? null }));
  const ids = (collapsed: boolean, alarmed: boolean) =>
    judged.filter((r) => r.collapsed === collapsed && (r.first !== null) === alarmed).map(({ id }) => id);
  const collapsed = runs.filter((run) => run.collapsed).length;
  const falselyAlarmed = ids(false, true);
  return {
    detected: rate(ids(true, true).length, collapsed),
    falseAlarms: rate(falselyAlarmed.length, runs.length - collapsed),
    delays: judged.flatMap(({ collapsed: c, first }) => (c && first !== null ? [first.raisedAt - first.onset] : [])),
    missed: ids(true, false),
    falselyAlarmed,
  };
}

/** A share with its exact interval; from 0 to 1 where there was nothing to count. */
export function rate(count: number, of: number): Rate {
  const limit = (share: number, a: number, b: number) => bisect((x) => betaShare(x, 1 - x, a, b) - share, 0, 1);
  return {
    count,
    of,
    low: count === 0 ? 0 : limit(0.025, count, of - count + 1),
    high: count === of ? 1 : limit(0.975, count + 1, of - count),
  };
}
