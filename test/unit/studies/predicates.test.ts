import { expect, test } from 'vitest';
import { predicates } from '../../../src-main/studies/predicates/index.ts';
import type {
  Arm,
  ArmSettings,
  Point,
  RunSeries,
  SeriesName,
  StudySeries,
} from '../../../src-main/studies/predicates/predicate.ts';
import { fall, peak } from '../../../src-main/studies/predicates/reading.ts';
import { METRICS } from '../../../src-shared/metrics.ts';
import { stream } from '../../../src-shared/random.ts';

const STEPS = 100;
const CAP = 8000;
const base: ArmSettings = {
  policy: 'p',
  reward: 'self-certainty',
  temperature: 1,
  groupSize: 16,
  klCoefficient: 0,
  epochs: 1,
  dualClip: 3,
  cap: CAP,
  from: null,
  testTime: false,
};

/** Courses over time 0..1. What is not given stays at a plain value. */
type Courses = { readonly [N in SeriesName]?: (t: number) => number };
const still: Courses = {
  'eval/avg@k': () => 0.3,
  'eval/pass@k': () => 0.5,
  'eval/length': () => 4000,
  'eval/thinking-words': () => 10,
  'train/length': () => 4000,
  'train/trajectory-entropy': () => 0.6,
  'train/token-entropy': () => 0.6,
  'train/self-certainty': () => 10,
  'train/disparity': () => 0.7,
  'train/reward': () => 0.5,
  'transfer/avg@k': () => 0.28,
};

function runOf(seed: number, courses: Courses, steps = STEPS): RunSeries {
  const random = stream(seed, 'predicate');
  const all = { ...still, ...courses };
  const series: Partial<Record<SeriesName, Point[]>> = {};
  for (const name of Object.keys(all) as SeriesName[]) {
    const validated = !name.startsWith('train/');
    const at = Array.from({ length: steps + 1 }, (_, step) => step).filter((s) => (validated ? s % 10 === 0 : s > 0));
    series[name] = at.map((step): Point => {
      const value = all[name]?.(step / STEPS) ?? 0;
      return [step, value * (1 + 0.004 * random.normal())];
    });
  }
  const cap = CAP;
  const entropy = new Map(series['train/trajectory-entropy']);
  series['train/action-reward'] = (series['train/length'] ?? []).map(
    ([step, length]): Point => [step, (-(entropy.get(step) ?? 0) * length) / cap],
  );
  return { seed, series };
}
const arm = (settings: Partial<ArmSettings>, courses: Courses, seeds = 3, steps = STEPS): Arm => ({
  settings: { ...base, ...settings },
  runs: Array.from({ length: seeds }, (_, i) => runOf(i + 1, courses, steps)),
});
const study = (...arms: Arm[]): StudySeries => ({
  arms,
  evaluation: { problems: 1000, samples: 8 },
  transfer: { problems: 1000, samples: 32 },
});
const evaluate = (id: string, of: StudySeries) => {
  const found = predicates.find((predicate) => predicate.id === id);
  if (found === undefined) throw new Error(`no predicate ${id}`);
  return found.evaluate(of);
};
const verdict = (id: string, of: StudySeries) => evaluate(id, of).verdict;

/** As published: a gain up to a quarter of the run, then a fall; short, sure, without words. */
const after = (from: number, t: number) => Math.max(0, t - from) / (1 - from);
const early = (t: number) => 0.3 + 0.3 * Math.min(t, 0.25) - 0.25 * after(0.25, t);
const collapsing: Courses = {
  'eval/avg@k': early,
  'eval/pass@k': (t) => 0.5 - 0.42 * t,
  'eval/length': (t) => 4000 * (1 - 0.85 * t),
  'train/length': (t) => 4000 * (1 - 0.85 * t),
  'eval/thinking-words': (t) => 10 * (1 - 0.8 * t),
  'train/token-entropy': (t) => 0.6 * (1 - 0.8 * t),
  'train/trajectory-entropy': (t) => 0.6 * (1 - 0.8 * t),
  'train/self-certainty': (t) => 10 + 8 * t,
  'train/disparity': (t) => 0.7 + 0.25 * t,
  'train/reward': (t) => 0.5 + 0.4 * t,
  'transfer/avg@k': (t) => 0.28 - 0.1 * t,
};
const learning: Courses = {
  'eval/avg@k': (t) => 0.3 + 0.15 * t,
  'eval/pass@k': (t) => 0.5 + 0.25 * t,
  'train/reward': (t) => 0.3 + 0.15 * t,
};
const grpo = arm({ reward: 'unit-tests' }, learning);
const random = arm({ reward: 'random' }, {});
const certainty = arm({}, collapsing);
const published = study(certainty, grpo, random);

test('ids are T1 to T24, all with a statement, a source and series that exist', () => {
  expect(predicates.map(({ id }) => id)).toEqual(Array.from({ length: 24 }, (_, i) => `T${i + 1}`));
  const metrics = new Set<string>(METRICS.map(({ name }) => name));
  for (const { statement, source, needs, arms } of predicates) {
    for (const text of [statement, source, arms]) expect(text.length).toBeGreaterThan(2);
    for (const name of needs) expect(metrics.has(name) || /^(transfer|certainty)\//.test(name)).toBe(true);
  }
});

test('runs that do what was published: SAME', () => {
  for (const id of ['T1', 'T2', 'T4', 'T5', 'T6', 'T7', 'T8', 'T9', 'T20', 'T22', 'T23']) {
    const { verdict: word, why } = evaluate(id, published);
    expect(`${id} ${word} ${word === 'SAME' ? '' : why}`).toBe(`${id} SAME `);
  }
});

test('runs that do not: DIFFERENT', () => {
  const healthy = study(
    arm({}, learning),
    arm({ reward: 'unit-tests' }, collapsing),
    arm({ reward: 'random' }, collapsing),
  );
  for (const id of ['T1', 'T2', 'T4', 'T5', 'T6', 'T8', 'T9', 'T20', 'T22', 'T23'])
    expect(`${id} ${verdict(id, healthy)}`).toBe(`${id} DIFFERENT`);
});

test('nothing is said of one seed, without controls, or without runs', () => {
  const single = study(
    arm({}, collapsing, 1),
    arm({ reward: 'unit-tests' }, learning, 1),
    arm({ reward: 'random' }, {}, 1),
  );
  const empty = study();
  for (const { id } of predicates) {
    expect(`${id} ${verdict(id, single)}`).toBe(`${id} INCONCLUSIVE`);
    expect(`${id} ${verdict(id, empty)}`).toBe(`${id} INCONCLUSIVE`);
    expect(evaluate(id, empty).why).not.toBe('');
  }
  for (const id of ['T1', 'T2', 'T4', 'T5', 'T6', 'T22'])
    expect(evaluate(id, study(certainty, grpo)).why).toMatch(/no runs of the random reward beside/);
});

test('a policy that solves next to nothing decides no accuracy claim, and may decide others', () => {
  const scaled = (courses: Courses): Courses => ({ ...courses, 'eval/avg@k': () => 0.0001 });
  const hopeless = study(arm({}, scaled(collapsing)), arm({ reward: 'unit-tests' }, scaled(learning)), random);
  expect(verdict('T1', hopeless)).toBe('INCONCLUSIVE');
  expect(evaluate('T8', hopeless).why).toMatch(/three standard errors/);
  expect(verdict('T2', hopeless)).toBe('SAME');
});

test('T3: the cap nearly without entropy; and T2 leaves that arm out', () => {
  const toCap = (entropy: number): Courses => ({
    ...collapsing,
    'eval/length': (t) => 4000 + 4000 * Math.min(1, 1.5 * t),
    'train/trajectory-entropy': (t) => 0.6 - (0.6 - entropy) * t,
  });
  const three = { reward: 'token-entropy', epochs: 3 };
  const long = study(certainty, arm(three, toCap(0.007)), grpo, random);
  expect(verdict('T3', long)).toBe('SAME');
  expect(verdict('T2', long)).toBe('SAME');
  expect(evaluate('T3', long).numbers).toMatchObject({ 'token-entropy, epochs 3: LONG': 3 });
  const lively = evaluate('T3', study(arm(three, toCap(0.4)), grpo, random));
  expect(lively.verdict).toBe('DIFFERENT');
  expect(lively.numbers).toMatchObject({ 'token-entropy: NEITHER': 3 });
});

test('T10 and T11: temperatures', () => {
  const late: Courses = { ...collapsing, 'eval/avg@k': (t) => 0.3 + 0.3 * Math.min(t, 0.5) - 0.27 * after(0.5, t) };
  const milder = study(
    arm({ temperature: 0.8 }, late),
    arm({ temperature: 1.2 }, { ...collapsing, 'eval/avg@k': (t) => early(t) + 0.04 * t }),
    grpo,
    random,
  );
  expect(verdict('T10', milder)).toBe('SAME');
  // The same two courses the other way round: sooner, and far apart at the end.
  const worse = study(
    arm({ temperature: 0.8 }, collapsing),
    arm({ temperature: 1.2 }, { ...late, ...{ 'eval/avg@k': (t) => 0.3 + 0.2 * Math.min(t, 0.5) } }),
    grpo,
    random,
  );
  expect(evaluate('T10', worse).parts.map(({ verdict: word }) => word)).toEqual([
    'DIFFERENT',
    'DIFFERENT',
    'DIFFERENT',
  ]);
  expect(verdict('T11', milder)).toBe('SAME');
  expect(verdict('T11', study(certainty, grpo, random))).toBe('INCONCLUSIVE');
});

test('T12: speed by group size, either way', () => {
  const by = (share: number): Courses => ({ 'eval/length': (t) => (t < share ? 4000 : 1000) });
  const sizes = (small: number, large: number) =>
    study(arm({ groupSize: 8 }, by(small)), arm({ groupSize: 16 }, by(large)), grpo, random);
  expect(verdict('T12', sizes(0.25, 0.75))).toBe('SAME');
  expect(evaluate('T12', sizes(0.75, 0.25)).parts[0]?.effect).toBeCloseTo(-0.5, 10);
  expect(verdict('T12', sizes(0.45, 0.45))).toBe('DIFFERENT');
});

test('T13 and T16: GRPO by group size, and with three epochs', () => {
  const ends = (end: number): Courses => ({ 'eval/avg@k': (t) => 0.3 + (end - 0.3) * t });
  const sizes = (end: number) =>
    study(
      arm({ reward: 'unit-tests', groupSize: 8 }, ends(0.45)),
      arm({ reward: 'unit-tests', groupSize: 16 }, ends(end)),
    );
  expect(verdict('T13', sizes(0.45))).toBe('SAME');
  expect(verdict('T13', sizes(0.6))).toBe('DIFFERENT');
  const three = (courses: Courses) => study(grpo, arm({ reward: 'unit-tests', epochs: 3, dualClip: 10 }, courses));
  expect(verdict('T16', three({ ...learning, ...ends(0.55) }))).toBe('SAME');
  expect(verdict('T16', three(collapsing))).toBe('DIFFERENT');
});

test('T14 and T15: a KL term delays, epochs hasten', () => {
  const from = (start: number): Courses => ({
    ...collapsing,
    'eval/avg@k': (t) => 0.3 + 0.2 * Math.min(t, start) - 0.3 * after(start, t),
    'train/length': (t) => (t < start + 0.1 ? 4000 : 500),
    'train/self-certainty': (t) => 10 + (8 - 6 * start) * t,
    'train/token-entropy': (t) => 0.6 * (1 - (0.9 - start) * t),
  });
  const kl = (without: number, withKl: number) =>
    study(arm({}, from(without)), arm({ klCoefficient: 0.005 }, from(withKl)), grpo, random);
  expect(verdict('T14', kl(0.2, 0.6))).toBe('SAME');
  expect(verdict('T14', kl(0.6, 0.2))).toBe('DIFFERENT');
  const epochs = (one: number, three: number) =>
    study(arm({}, from(one)), arm({ epochs: 3 }, from(three)), grpo, random);
  expect(verdict('T15', epochs(0.6, 0.2))).toBe('SAME');
  expect(verdict('T15', epochs(0.2, 0.6))).toBe('DIFFERENT');
  // Neither collapses: nothing comes earlier.
  const healthy = study(arm({}, learning), arm({ epochs: 3 }, learning), grpo, random);
  expect(evaluate('T15', healthy).parts[0]?.verdict).toBe('INCONCLUSIVE');
});

test('T17 and T18: GRPO from checkpoints of a certainty run', () => {
  const from = (step: number, rate: number) =>
    arm(
      { reward: 'unit-tests', from: { reward: 'self-certainty', step } },
      { 'eval/avg@k': (t) => 0.3 + rate * t },
      3,
      40,
    );
  const same = study(grpo, from(50, 0.15), from(100, 0.1));
  expect(verdict('T17', same)).toBe('SAME');
  expect(verdict('T18', same)).toBe('SAME');
  expect(Object.keys(evaluate('T17', same).numbers).some((name) => name.endsWith('(TOST)'))).toBe(true);
  const better = study(grpo, from(50, 0.15), from(100, 0.6));
  expect(verdict('T17', better)).toBe('DIFFERENT');
  expect(verdict('T18', better)).toBe('DIFFERENT');
});

test('T20 asks for the length too', () => {
  const longer: Courses = { 'eval/length': (t) => 4000 * (1 + 0.4 * t) };
  expect(evaluate('T20', study(arm({ reward: 'random' }, longer))).parts.map(({ verdict: word }) => word)).toEqual([
    'SAME',
    'DIFFERENT',
  ]);
});

test('one lucky validation is no peak', () => {
  const spike: RunSeries = {
    seed: 1,
    series: { 'eval/avg@k': [0.3, 0.3, 0.6, 0.3, 0.5].map((value, i): Point => [10 * i, value]) },
  };
  expect(peak(spike)).toEqual({ step: 40, value: 0.5 });
  expect(fall(spike)).toBe(0);
});

test('T19 records test-time training without judging it', () => {
  const found = evaluate('T19', study(arm({ testTime: true }, collapsing)));
  expect(found.verdict).toBe('INCONCLUSIVE');
  expect(found.numbers['self-certainty: end below peak']).toBeGreaterThan(0.1);
});

test('T21: signs of the effect sizes, and that they are not too large', () => {
  const r = (size: number): Courses => ({
    'certainty/self-certainty': () => size,
    'certainty/disparity': () => size,
    'certainty/token-entropy': () => -size,
    'certainty/trajectory-entropy': () => -size,
  });
  expect(verdict('T21', study(arm({}, r(0.3))))).toBe('SAME');
  expect(verdict('T21', study(arm({}, r(-0.3))))).toBe('DIFFERENT');
  expect(verdict('T21', study(arm({}, r(0.95))))).toBe('DIFFERENT');
});

test('T7 finds an action reward that is not what it is defined as', () => {
  const wrong = { ...certainty, settings: { ...certainty.settings, cap: 2 * CAP } };
  expect(verdict('T7', study(wrong))).toBe('DIFFERENT');
});

test('T24: the same verdicts at two caps', () => {
  const at = (cap: number, courses: Courses) => [
    arm({ cap }, courses),
    arm({ cap, reward: 'unit-tests' }, learning),
    arm({ cap, reward: 'random' }, {}),
  ];
  expect(verdict('T24', study(...at(CAP, collapsing), ...at(2 * CAP, collapsing)))).toBe('SAME');
  expect(verdict('T24', study(...at(CAP, collapsing), ...at(2 * CAP, learning)))).toBe('DIFFERENT');
});
