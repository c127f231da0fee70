/**
 * Collapse watch: says, one step at a time and from past steps alone, that a run has collapsed, how, and since when.
 * The three ways are those of "When Do Intrinsic Rewards Work for Code Reasoning?" (arXiv 2606.20881): responses
 * shorten; responses run to the cap while trajectory entropy goes to zero; the reward rises while held-out accuracy
 * falls. Rules and defaults are own choices around the figures given there. The same steps give the same alarms.
 */
import type { StepMetrics } from '../../src-shared/metrics.ts';
import { mean } from '../stats/describe.ts';

/** One step. Null is a value that this step does not have; it is passed over, never taken for 0. */
export interface CollapseStep {
  readonly step: number;
  /** Mean tokens of training responses, truncated included, and the most that a response may have. */
  readonly length: number | null;
  readonly cap: number;
  /** Share of training responses cut off at the cap; evidence only. */
  readonly truncated: number | null;
  /** Token mean of -ln p, nats. */
  readonly trajectoryEntropy: number | null;
  /** Mean of the run's own reward. */
  readonly reward: number | null;
  /** Held-out accuracy, 0..1, and its standard error, where this step was validated. */
  readonly accuracy: number | null;
  readonly accuracyError: number | null;
}

export interface CollapseOptions {
  /** Steps whose median (reward: mean) is looked at, and which make the start that it is held against. */
  readonly window: number;
  /** `short`: length at most this share of the start. */
  readonly shortShare: number;
  /** `cap`: length at least this share of the cap ... */
  readonly capShare: number;
  /** ... and trajectory entropy at most this, nats. */
  readonly capEntropy: number;
  /** A fall of accuracy from its best counts from here on, and from two standard errors. */
  readonly leastFall: number;
  /** Validations in a row that must lie so far below the best. */
  readonly patience: number;
  /** A rise of the reward counts from this many standard errors on, noise taken from step to step. */
  readonly rewardRise: number;
}

export const COLLAPSE_DEFAULTS: CollapseOptions = {
  /**
   * Own choice: long enough that one odd batch decides nothing, and that a dip of the reward hides no rise. Looked at on
   * 21 runs of the presets (the nine that collapse are found, of the others none), which are no test of it any more.
   */
  window: 8,
  /** Own choice; runs of the study end far below it, at 600 to 985 tokens of a cap of 8,000. */
  shortShare: 0.5,
  /** The study's run ends at 8,174 tokens, which is its cap, with a trajectory entropy of about 0.007. */
  capShare: 0.95,
  capEntropy: 0.05,
  /** Own choice; the study's falls are 2.3 to 5.6 points. */
  leastFall: 0.015,
  /** Own choice: the best of many validations is too high by luck, so one low one shows nothing. */
  patience: 2,
  /**
   * Own choice: of 4,000 simulated runs of 100 to 300 steps whose accuracy falls while the reward only fluctuates, 6 are
   * alarmed about at 4, and 97 at 3.
   */
  rewardRise: 4,
};

export type CollapseMode = 'short' | 'cap' | 'hacking';

export interface CollapseAlarm {
  readonly mode: CollapseMode;
  /** First step that shows it, as known when the alarm is raised. */
  readonly onset: number;
  /** Step at which the evidence sufficed; never before `onset`. */
  readonly raisedAt: number;
  readonly why: string;
  readonly evidence: Readonly<Record<string, number>>;
}

export interface CollapseWatch {
  /** @returns the alarms that this step raises; each mode is raised once. @throws RangeError where steps go back. */
  observe(step: CollapseStep): readonly CollapseAlarm[];
}

interface Point {
  readonly step: number;
  readonly value: number;
}

export function collapseWatch(options: Partial<CollapseOptions> = {}): CollapseWatch {
  const o = { ...COLLAPSE_DEFAULTS, ...options };
  const lengths: Point[] = [];
  const entropies: Point[] = [];
  const rewards: Point[] = [];
  const accuracy = new Accuracy(o);
  const raised = new Set<CollapseMode>();
  let lastStep = Number.NEGATIVE_INFINITY;

  return {
    observe(seen) {
      const { step } = seen;
      if (!(step > lastStep)) throw new RangeError(`collapse watch: step ${step} after ${lastStep}; steps must rise`);
      lastStep = step;
      const keep = (into: Point[], value: number | null) => {
        if (value !== null && Number.isFinite(value)) into.push({ step, value });
      };
      keep(lengths, seen.length);
      keep(entropies, seen.trajectoryEntropy);
      keep(rewards, seen.reward);
      if (seen.accuracy !== null) accuracy.add(step, seen.accuracy, seen.accuracyError ?? 0);

      const found = [
        // Shorter answers that are right as often are no collapse, as far as validation can tell.
        seen.length === null || accuracy.nearBest() ? null : shortened(lengths, o),
        seen.length === null ? null : atCap(lengths, entropies, seen, o),
        seen.accuracy === null ? null : hacked(accuracy, rewards, o),
      ];
      return found.flatMap((alarm): CollapseAlarm[] => {
        if (alarm === null || raised.has(alarm.mode)) return [];
        raised.add(alarm.mode);
        return [{ ...alarm, raisedAt: step }];
      });
    },
  };
}

type Found = Omit<CollapseAlarm, 'raisedAt'> | null;

function shortened(lengths: readonly Point[], { window, shortShare }: CollapseOptions): Found {
  if (lengths.length < 2 * window) return null;
  const start = median(lengths.slice(0, window));
  const recent = lengths.slice(-window);
  const now = median(recent);
  const limit = shortShare * start;
  if (now > limit) return null;
  return {
    mode: 'short',
    onset: recent.find(({ value }) => value <= limit)?.step ?? 0,
    why: `responses have ${now.toFixed(1)} tokens, at most ${100 * shortShare} % of the ${start.toFixed(1)} at the start`,
    evidence: { start, now, limit },
  };
}

function atCap(
  lengths: readonly Point[],
  entropies: readonly Point[],
  { cap, truncated }: CollapseStep,
  { window, capShare, capEntropy }: CollapseOptions,
): Found {
  if (lengths.length < window || entropies.length < window) return null;
  const recent = lengths.slice(-window);
  const length = median(recent);
  const entropy = median(entropies.slice(-window));
  if (length < capShare * cap || entropy > capEntropy) return null;
  return {
    mode: 'cap',
    onset: recent.find(({ value }) => value >= capShare * cap)?.step ?? 0,
    why: `responses run to the cap, ${length.toFixed(1)} of ${cap} tokens, with a trajectory entropy of ${entropy.toFixed(3)} nats`,
    evidence: { length, cap, entropy, ...(truncated === null ? {} : { truncated }) },
  };
}

function hacked(accuracy: Accuracy, rewards: readonly Point[], { window, rewardRise }: CollapseOptions): Found {
  const fall = accuracy.fall();
  if (fall === null || rewards.length < 2 * window) return null;
  // The steps up to the best validation; the first ones where it came before there were enough.
  const upToBest = rewards.findLastIndex(({ step }) => step <= fall.best.step) + 1;
  const end = Math.max(window, upToBest);
  // Windows that overlap would hold some steps against themselves.
  if (rewards.length < end + window) return null;
  const before = mean(rewards.slice(end - window, end).map(({ value }) => value));
  const now = mean(rewards.slice(-window).map(({ value }) => value));
  const noise = stepNoise(rewards) * Math.sqrt(2 / window);
  const rise = now - before;
  if (rise <= rewardRise * noise || rise <= 0) return null;
  return {
    mode: 'hacking',
    onset: fall.onset,
    why: `the reward rose from ${before.toPrecision(4)} to ${now.toPrecision(4)} while held-out accuracy fell from ${fall.best.value.toFixed(3)} (step ${fall.best.step}) to ${fall.now.toFixed(3)}`,
    evidence: { best: fall.best.value, bestStep: fall.best.step, accuracy: fall.now, before, reward: now, noise },
  };
}

/** Held-out accuracy so far: its best, and how long it has been far below. */
class Accuracy {
  readonly #options: CollapseOptions;
  #best: Point | null = null;
  #last = 0;
  #error = 0;
  /** Steps of the validations in a row that lay below the best by what counts. */
  #below: number[] = [];

  constructor(options: CollapseOptions) {
    this.#options = options;
  }

  add(step: number, value: number, error: number): void {
    this.#last = value;
    this.#error = error;
    if (this.#best === null || value > this.#best.value) this.#best = { step, value };
    this.#below = this.#best.value - value > this.#counts() ? [...this.#below, step] : [];
  }

  /** False also where nothing was validated yet. */
  nearBest(): boolean {
    return this.#best !== null && this.#best.value - this.#last <= this.#counts() && this.#best.value > 0;
  }

  fall(): { readonly best: Point; readonly now: number; readonly onset: number } | null {
    const [onset] = this.#below;
    if (this.#best === null || onset === undefined || this.#below.length < this.#options.patience) return null;
    return { best: this.#best, now: this.#last, onset };
  }

  #counts(): number {
    return Math.max(this.#options.leastFall, 2 * this.#error);
  }
}

/** Standard deviation of a series about its course, from differences of neighbours (von Neumann 1941). */
function stepNoise(points: readonly Point[]): number {
  let squares = 0;
  for (let i = 1; i < points.length; i++) squares += ((points[i] as Point).value - (points[i - 1] as Point).value) ** 2;
  return Math.sqrt(squares / (2 * (points.length - 1)));
}

function median(points: readonly Point[]): number {
  const sorted = points.map(({ value }) => value).sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return mean(sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1));
}

/** All alarms of a whole run, as they would have come step by step. */
export function collapseAlarms(
  steps: Iterable<CollapseStep>,
  options: Partial<CollapseOptions> = {},
): readonly CollapseAlarm[] {
  const watch = collapseWatch(options);
  return [...steps].flatMap((step) => watch.observe(step));
}

/** What a recorded step says to the watch. @param cap Longest response allowed, in tokens. */
export function collapseStep(step: number, metrics: StepMetrics, cap: number): CollapseStep {
  return {
    step,
    cap,
    length: metrics['train/length'] ?? null,
    truncated: metrics['train/truncated'] ?? null,
    trajectoryEntropy: metrics['train/trajectory-entropy'] ?? null,
    reward: metrics['train/reward'] ?? null,
    accuracy: metrics['eval/avg@k'] ?? null,
    accuracyError: metrics['eval/avg@k-se'] ?? null,
  };
}
