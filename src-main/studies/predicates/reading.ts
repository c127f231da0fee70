/** Reading numbers off series and arms: first and last values, peaks, collapse, and pairs of arms to compare. */

import { type CollapseStep, collapseAlarms } from '../../diagnostics/collapse.ts';
import { mean } from '../../stats/describe.ts';
import { accuracyError, realDifference } from '../../stats/verdict.ts';
import type { Arm, ArmSettings, Point, RunSeries, SeriesName, StudySeries } from './predicate.ts';

export const CERTAINTY = ['self-certainty', 'token-entropy', 'trajectory-entropy', 'probability-disparity'] as const;
export const GRPO = 'unit-tests';

type Conditions = Pick<Arm, 'settings'>;
export const isCertainty = ({ settings }: Conditions) => (CERTAINTY as readonly string[]).includes(settings.reward);
export const isGrpo = ({ settings }: Conditions) => settings.reward === GRPO;
export const isRandom = ({ settings }: Conditions) => settings.reward === 'random';
/** Trained from the start on training problems: neither bootstrapped nor test-time. */
export const isPlain = ({ settings }: Conditions) => settings.from === null && !settings.testTime;
/** What is asked of certainty rewards: these, and GRPO and the random reward, which have to stand beside. */
export const besideCertainty = (arm: Conditions) => isPlain(arm) && (isCertainty(arm) || isGrpo(arm) || isRandom(arm));

export const points = (run: RunSeries, name: SeriesName): readonly Point[] => run.series[name] ?? [];
/** The value before training, or the first there is of a series that only training has. */
export const first = (run: RunSeries, name: SeriesName): number | null => points(run, name)[0]?.[1] ?? null;
export const last = (run: RunSeries, name: SeriesName): number | null => points(run, name).at(-1)?.[1] ?? null;

/** The last step of a run, S. Null without any series. */
export function lastStep(run: RunSeries): number | null {
  const steps = Object.values(run.series).flatMap((series) => series?.at(-1)?.[0] ?? []);
  return steps.length === 0 ? null : Math.max(...steps);
}

/** Null if any of the numbers is, else what is made of them. */
export function combine(values: readonly (number | null)[], make: (...values: number[]) => number): number | null {
  const known = values.filter((value) => value !== null).filter(Number.isFinite);
  if (known.length < values.length) return null;
  const made = make(...known);
  return Number.isFinite(made) ? made : null;
}

export const change = (run: RunSeries, name: SeriesName) =>
  combine([first(run, name), last(run, name)], (before, after) => after - before);
/** Last over first value. */
export const ratio = (run: RunSeries, name: SeriesName) =>
  combine([first(run, name), last(run, name)], (before, after) => after / before);

export interface Peak {
  readonly step: number;
  readonly value: number;
}

/** Highest accuracy after a running mean over three validations (own choice; over all but the first and last alone). */
export function peak(run: RunSeries): Peak | null {
  const all = points(run, 'eval/avg@k');
  let best: Peak | null = null;
  all.forEach(([step, own], i) => {
    const inner = i > 0 && i < all.length - 1;
    const value = inner ? mean(all.slice(i - 1, i + 2).map(([, v]) => v)) : own;
    if (best === null || value > best.value) best = { step, value };
  });
  return best;
}

/** How far accuracy ends below its peak; how far the peak is above the start; when it is, as a share of the run. */
export const fall = (run: RunSeries) =>
  combine([peak(run)?.value ?? null, last(run, 'eval/avg@k')], (best, end) => best - end);
export const gain = (run: RunSeries) =>
  combine([peak(run)?.value ?? null, first(run, 'eval/avg@k')], (best, start) => best - start);
export const peakAt = (run: RunSeries) =>
  combine([peak(run)?.step ?? null, lastStep(run)], (step, end) => (end === 0 ? Number.NaN : step / end));

/** What counts as a difference of accuracies in these arms: max(1.5 points, 2 se), se at the noisiest value compared. */
export function delta(study: StudySeries, arms: readonly Arm[], name: 'eval/avg@k' | 'transfer/avg@k' = 'eval/avg@k') {
  const { problems, samples } = (name === 'transfer/avg@k' ? study.transfer : study.evaluation) ?? study.evaluation;
  const values = arms.flatMap(({ runs }) => runs.flatMap((run) => [first(run, name), last(run, name)]));
  const errors = values.flatMap((p) => (p === null ? [] : [accuracyError(p, problems, samples)]));
  return realDifference(Math.max(0, ...errors));
}

/** Accuracy before training over all seeds, with the standard error of one evaluation. Undefined where there is none. */
export function baseOf(study: StudySeries, arms: readonly Arm[]) {
  const starts = arms.flatMap(({ runs }) => runs.map((run) => first(run, 'eval/avg@k'))).filter((p) => p !== null);
  if (starts.length === 0) return undefined;
  const accuracy = mean(starts);
  const { problems, samples } = study.evaluation;
  return { accuracy, error: accuracyError(accuracy, problems, samples) };
}

/** Own choice: a run ends SHORT at this share of its first length at most. */
export const SHORT_SHARE = 0.5;
/** Own choice: it ends LONG from this share of the cap on, below this trajectory entropy in nats. */
export const LONG_SHARE = 0.95;
export const LONG_ENTROPY = 0.05;

/** The way in which a run ends. LONG is asked first. Null where its lengths are not known. */
export function endMode(run: RunSeries, cap: number): 'SHORT' | 'LONG' | 'NEITHER' | null {
  const length = last(run, 'eval/length');
  const shrunk = ratio(run, 'eval/length');
  const entropy = last(run, 'train/trajectory-entropy');
  if (length === null || shrunk === null) return null;
  if (entropy !== null && length >= LONG_SHARE * cap && entropy < LONG_ENTROPY) return 'LONG';
  return shrunk <= SHORT_SHARE ? 'SHORT' : 'NEITHER';
}

/** First step at which validation responses are below half of their length at the start, as a share of the run; 1: none. */
export function halvedAt(run: RunSeries): number | null {
  const start = first(run, 'eval/length');
  if (start === null) return null;
  const step = points(run, 'eval/length').find(([, length]) => length < SHORT_SHARE * start)?.[0];
  return combine([step ?? lastStep(run), lastStep(run)], (at, end) => (end === 0 ? Number.NaN : at / end));
}

/** First onset that the collapse watch finds, as a share of the run. Null: none found. */
export function collapseAt({ series, ...run }: RunSeries, cap: number): number | null {
  const at = (name: SeriesName) => new Map(series[name] ?? []);
  const [length, truncated, entropy] = [at('train/length'), at('train/truncated'), at('train/trajectory-entropy')];
  const [reward, accuracy, error] = [at('train/reward'), at('eval/avg@k'), at('eval/avg@k-se')];
  const steps = [...new Set([...length.keys(), ...entropy.keys(), ...reward.keys(), ...accuracy.keys()])];
  const onset = collapseAlarms(
    steps
      .sort((a, b) => a - b)
      .map(
        (step): CollapseStep => ({
          step,
          cap,
          length: length.get(step) ?? null,
          truncated: truncated.get(step) ?? null,
          trajectoryEntropy: entropy.get(step) ?? null,
          reward: reward.get(step) ?? null,
          accuracy: accuracy.get(step) ?? null,
          accuracyError: error.get(step) ?? null,
        }),
      ),
  )[0]?.onset;
  return combine([onset ?? null, lastStep({ series, ...run })], (step, end) => step / end);
}

const describe = ({ settings }: Arm, keys: readonly (keyof ArmSettings)[]) =>
  keys.map((key) => JSON.stringify(settings[key])).join(' ');

/** The settings that tell arms apart, the reward among them. */
export function labelOf(arm: Arm, among: readonly Arm[]): string {
  const keys = (Object.keys(arm.settings) as (keyof ArmSettings)[]).filter(
    (key) => key !== 'reward' && among.some((other) => describe(other, [key]) !== describe(arm, [key])),
  );
  return [arm.settings.reward, ...keys.map((key) => `${key} ${describe(arm, [key])}`)].join(', ');
}

/** Sets of arms that differ in the given setting alone, at least two of them, in rising order of it. */
export function sweeps(
  arms: readonly Arm[],
  key: 'temperature' | 'groupSize' | 'klCoefficient' | 'epochs' | 'cap',
): Arm[][] {
  const groups = Map.groupBy(arms, ({ settings }) => JSON.stringify({ ...settings, [key]: null }));
  return [...groups.values()]
    .filter((group) => group.length >= 2)
    .map((group) => group.toSorted((a, b) => a.settings[key] - b.settings[key]));
}

/** Pairs of a value of each arm by seed, over the seeds that both have. */
export function paired(
  a: Arm,
  b: Arm,
  value: (run: RunSeries) => number | null,
  make: (a: number, b: number) => number,
) {
  return a.runs.map((run) => {
    const other = b.runs.find(({ seed }) => seed === run.seed);
    return other === undefined ? null : combine([value(run), value(other)], make);
  });
}
