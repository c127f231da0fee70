import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  columnsOf,
  commonSteps,
  filterProblems,
  sharedPrefix,
  spreadOf,
} from '../../../src-renderer/lib/comparison/completions.ts';
import {
  betterOrWorse,
  effectRows,
  effectsTable,
  formatDifference,
  powerSentence,
} from '../../../src-renderer/lib/comparison/effects.ts';
import { issuesOfMetric, whoHas } from '../../../src-renderer/lib/comparison/issues.ts';
import { looksOf } from '../../../src-renderer/lib/comparison/looks.ts';
import { extentOf, nearestPoint, overlayLines } from '../../../src-renderer/lib/comparison/overlay.ts';
import { optionsByRun, parallelOption, scatterOption, sweptPaths } from '../../../src-renderer/lib/comparison/sweep.ts';
import {
  type CompareView,
  compareSearch,
  compareViewSchema,
  DEFAULT_VIEW,
  isSameView,
  referenceOf,
  searchOf,
  viewOf,
  withGrouping,
  withoutRun,
} from '../../../src-renderer/lib/comparison/view.ts';
import { toCsv } from '../../../src-renderer/lib/csv.ts';
import { CHART_COLOURS } from '../../../src-shared/charts/colours.ts';
import type { ComparabilityIssue, Comparison, Effect } from '../../../src-shared/comparison.ts';
import { concerns } from '../../../src-shared/comparison.ts';

const ids = fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{8}$/), { minLength: 0, maxLength: 12 });
const plain = fc.stringMatching(/^[a-z/.@-]{1,20}$/);
const anyView: fc.Arbitrary<CompareView> = fc.record({
  runs: ids,
  reference: fc.option(fc.string({ minLength: 1, maxLength: 20 })),
  grouping: fc.oneof(
    fc.constantFrom('config' as const, 'tag' as const, 'none' as const),
    fc.uniqueArray(
      plain.filter((path) => !['config', 'tag', 'none'].includes(path)),
      { minLength: 1, maxLength: 4 },
    ),
  ),
  metrics: fc.uniqueArray(plain, { minLength: 1, maxLength: 6 }),
  x: fc.constantFrom('step' as const, 'tokens' as const, 'time' as const),
  smoothing: fc.integer({ min: 0, max: 49 }).map((n) => n / 50),
  lines: fc.boolean(),
  bands: fc.boolean(),
  hidden: fc.uniqueArray(fc.string({ minLength: 1, maxLength: 20 }), { maxLength: 5 }),
  at: fc.constantFrom('last' as const, 'common' as const),
  tab: fc.constantFrom('overview' as const, 'completions' as const, 'sweep' as const),
  problem: fc.option(fc.string({ maxLength: 30 })),
  step: fc.option(fc.nat()),
  columns: ids.map((some) => some.slice(0, 4)),
});

describe('the view of a comparison', () => {
  test('is the one that its address was made of', () => {
    fc.assert(
      fc.property(anyView, (view) => {
        expect(viewOf(compareSearch.parse(searchOf(view)))).toEqual(view);
      }),
    );
  });

  test('can be kept: what is saved is read back', () => {
    fc.assert(
      fc.property(anyView, (view) => {
        const read = compareViewSchema.parse(JSON.parse(JSON.stringify(view)));
        expect(isSameView(read, view)).toBe(true);
      }),
    );
  });

  test('of the link from the runs page has what is usual; a wrong part is left out, and the others stay', () => {
    expect(viewOf(compareSearch.parse({ runs: 'a,b,a' }))).toEqual({ ...DEFAULT_VIEW, runs: ['a', 'b'] });
    expect(viewOf(compareSearch.parse({ runs: 12345678 })).runs).toEqual(['12345678']);
    const view = viewOf(compareSearch.parse({ runs: 'a,b', x: 'weeks', smoothing: 7, tab: 3, at: 'common' }));
    expect(view).toEqual({ ...DEFAULT_VIEW, runs: ['a', 'b'], at: 'common' });
  });

  test('forgets what was said of a run that is taken out, and of groups that are made anew', () => {
    const view = { ...DEFAULT_VIEW, runs: ['a', 'b', 'c'], reference: 'b', columns: ['a', 'b'], hidden: ['k'] };
    expect(withoutRun(view, 'b')).toMatchObject({ runs: ['a', 'c'], reference: null, columns: ['a'] });
    expect(withoutRun(view, 'c')).toMatchObject({ reference: 'b', columns: ['a', 'b'] });
    expect(withGrouping(view, 'tag')).toMatchObject({ grouping: 'tag', reference: null, hidden: [] });
  });

  test('holds the others against a group, a run of one, or the first group', () => {
    const groups = [
      { key: 'g1', runIds: ['a', 'b'] },
      { key: 'g2', runIds: ['c'] },
    ];
    expect(referenceOf(null, groups)).toEqual({ group: 'g1', runId: null });
    expect(referenceOf('g2', groups)).toEqual({ group: 'g2', runId: null });
    expect(referenceOf('b', groups)).toEqual({ group: 'g1', runId: 'b' });
    // The only run of its group is that group.
    expect(referenceOf('c', groups)).toEqual({ group: 'g2', runId: null });
    expect(referenceOf('gone', groups)).toEqual({ group: 'g1', runId: null });
    expect(referenceOf('g1', [])).toBeNull();
  });
});

describe('looks', () => {
  test('no two of up to ten groups have one colour, and no two of up to 50 one look', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 50 }), (numbers) => {
        const groups = numbers.map((_, i) => ({ key: `g${i}`, runIds: [`r${i}`] }));
        const looks = [...looksOf(groups, (id) => numbers[Number(id.slice(1))], 'light').values()];
        expect(new Set(looks.slice(0, 10).map(({ colour }) => colour)).size).toBe(Math.min(10, numbers.length));
        expect(new Set(looks.map((look) => JSON.stringify(look))).size).toBe(numbers.length);
      }),
    );
  });

  test('the first group has the colour that its run has on every page', () => {
    const looks = looksOf([{ key: 'g', runIds: ['r'] }], () => 3, 'dark');
    expect(looks.get('g')?.colour).toBe('#b1412e');
  });
});

const curve = (x: number[], mean: number[], half: number | null) => ({
  x,
  step: x,
  mean,
  low: mean.map((value) => (half === null ? null : value - half)),
  high: mean.map((value) => (half === null ? null : value + half)),
  n: x.map(() => 2),
  band: half === null ? ('none' as const) : ('seeds' as const),
  averaged: 1,
});
const statistic = (mean: number) => ({ mean, interval: { low: mean - 1, high: mean + 1 }, perSeed: [mean] });
const group = (key: string, ...runIds: string[]) => ({ key, label: key.toUpperCase(), runIds, seeds: [1, 2] });
const metricOf = (metric: string): Comparison['metrics'][number] => ({
  metric,
  direction: null,
  areaSteps: null,
  byGroup: {
    a: {
      curve: curve([0, 10, 20], [1, 3, 5], 0.5),
      final: statistic(5),
      best: null,
      area: null,
      lines: { r1: { x: [0, 10], step: [0, 10], value: [1, 3] }, r2: { x: [0, 10], step: [0, 10], value: [1, 3] } },
    },
    b: { curve: curve([5, 15], [2, 2], null), final: statistic(2), best: null, area: null, lines: {} },
  },
});
const groups = [group('a', 'r1', 'r2'), group('b', 'r3')];
const looks = looksOf(groups, (id) => Number(id.slice(1)), 'light');
const drawn = { groups, looks, hidden: new Set<string>(), smoothing: 0, lines: false, bands: true };

describe('overlays', () => {
  test('have a line a shown group with its band, where there is one', () => {
    const lines = overlayLines(metricOf('train/reward'), drawn);
    expect(lines.map(({ id, points }) => [id, points.length])).toEqual([
      ['a', 3],
      ['b', 2],
    ]);
    expect(lines[0]?.points[1]).toEqual({ x: 10, value: 3, low: 2.5, high: 3.5 });
    expect(lines[1]?.points[0]).toEqual({ x: 5, value: 2 });
    expect(overlayLines(metricOf('train/reward'), { ...drawn, hidden: new Set(['a']) }).map(({ id }) => id)).toEqual([
      'b',
    ]);
    expect(overlayLines(metricOf('train/reward'), { ...drawn, bands: false })[0]?.points[1]).toEqual({
      x: 10,
      value: 3,
    });
  });

  test('smooth what comes with every step, keep its band and the raw line behind; validations stay as measured', () => {
    const [line] = overlayLines(metricOf('train/reward'), { ...drawn, smoothing: 0.5 });
    // Ten steps apart with weight 1/2 a step: all but the newest value has faded to under 1/1000.
    expect(line?.points[1]?.value).toBeCloseTo(3, 2);
    expect(line?.points[1]?.value).not.toBe(3);
    expect(line?.points[1]).toMatchObject({ low: 2.5, high: 3.5 });
    expect(line?.behind?.[0]).toEqual([
      { x: 0, value: 1 },
      { x: 10, value: 3 },
      { x: 20, value: 5 },
    ]);
    expect(overlayLines(metricOf('eval/avg@k'), { ...drawn, smoothing: 0.5 })[0]?.points[1]?.value).toBe(3);
  });

  test('have the single runs of a group behind it when asked for', () => {
    const [a, b] = overlayLines(metricOf('train/reward'), { ...drawn, lines: true });
    expect(a?.behind).toHaveLength(2);
    expect(b?.behind).toEqual([]);
  });

  test('reach over all points; the nearest to a place is found', () => {
    expect(extentOf([metricOf('train/reward')])).toEqual([0, 20]);
    expect(extentOf([])).toBeNull();
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: -10, max: 1010 }),
        (places, x) => {
          const points = places.sort((a, b) => a - b).map((place) => ({ x: place, value: place }));
          const least = Math.min(...places.map((place) => Math.abs(place - x)));
          expect(Math.abs((nearestPoint(points, x)?.x ?? Number.NaN) - x)).toBe(least);
        },
      ),
    );
    expect(nearestPoint([], 3)).toBeUndefined();
  });
});

const effect = (change: Partial<Effect>): Effect => ({
  metric: 'eval/avg@k',
  group: 'b',
  value: 0.4,
  reference: 0.5,
  steps: { group: [10], reference: [10] },
  effect: -0.1,
  interval: { low: -0.2, high: -0.01 },
  intervalOf: 't over seeds',
  seedInterval: null,
  pairedBy: 'seed',
  seeds: 3,
  test: { method: 'paired t', p: 0.01, pHolm: 0.02 },
  effectSize: -1.2,
  margin: 0.015,
  verdict: 'DIFFERENT',
  why: 'because',
  detectable: 0.123,
  ...change,
});

describe('effects', () => {
  test('are better or worse by the direction of the metric, where a difference was found', () => {
    expect(betterOrWorse(effect({}), [])).toBe('worse');
    expect(betterOrWorse(effect({ effect: 0.1 }), [])).toBe('better');
    expect(betterOrWorse(effect({ metric: 'train/truncated' }), [])).toBe('better');
    expect(betterOrWorse(effect({ metric: 'train/length' }), [])).toBeNull();
    expect(betterOrWorse(effect({ verdict: 'INCONCLUSIVE' }), [])).toBeNull();
    // The rewards of two different rewards are two quantities.
    const reward = effect({ metric: 'train/reward' });
    expect(betterOrWorse(reward, [{ path: 'optimiser.learningRate', values: {} }])).toBe('worse');
    expect(betterOrWorse(reward, [{ path: 'reward.kind', values: {} }])).toBeNull();
  });

  test('of shares are in points', () => {
    expect(formatDifference('fraction', -0.1)).toBe('−10.0');
    expect(formatDifference('fraction', 0.034)).toBe('+3.4');
    expect(formatDifference('fraction', 0)).toBe('0');
    expect(formatDifference('tokens', 12)).toBe('+12.0');
    expect(powerSentence(effect({}))).toBe('With 3 seeds only differences of at least 12 points could be seen.');
    expect(powerSentence(effect({ seeds: 1, detectable: null }))).toContain('nothing can be said');
  });

  const comparison: Comparison = {
    groups,
    differences: [{ path: 'reward.kind', values: { a: ['x'], b: [null, 'y'] } }],
    issues: [],
    metrics: [metricOf('eval/avg@k')],
  };
  const final = { groups, reference: group('a', 'r1', 'r2'), effects: [effect({})], issues: [] };

  test('stand below the reference of their metric; intervals of last values only beside last values', () => {
    const rows = effectRows(final, comparison, 'last');
    expect(rows.map((row) => [row.group.key, row.value, row.interval, row.effect?.verdict ?? null])).toEqual([
      ['a', 0.5, { low: 4, high: 6 }, null],
      ['b', 0.4, { low: 1, high: 3 }, 'DIFFERENT'],
    ]);
    expect(effectRows(final, comparison, 'common').map(({ interval }) => interval)).toEqual([null, null]);
  });

  test('leave as CSV that other programs read, and no name is a formula there', async () => {
    const rows = effectRows(final, comparison, 'last').map((row) => ({
      ...row,
      group: { ...row.group, label: '=HYPERLINK("http://x", "a,b")\n' },
    }));
    const read: string[][] = parse(await toCsv(effectsTable(rows)));
    expect(read).toHaveLength(3);
    expect(new Set(read.map((line) => line.length)).size).toBe(1);
    expect(read[2]?.[1]).toBe('\'=HYPERLINK("http://x", "a,b")\n');
    expect(read[2]?.[read[0]?.indexOf('difference') ?? -1]).toBe('-0.1');
    expect(read[1]?.[read[0]?.indexOf('verdict') ?? -1]).toBe('reference');
  });
});

describe('warnings', () => {
  const issue = (metrics: string[]): ComparabilityIssue => ({
    aspect: 'problems',
    title: 'Validation problems',
    severity: 'differs',
    why: 'they differ',
    metrics,
    values: [],
  });

  test('stand beside the metrics that the app says they concern, those about all only at the top', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('eval/', 'sandbox/', 'train/accuracy', 'eval/avg@k'), { maxLength: 3 }),
        fc.constantFrom('eval/avg@k', 'train/accuracy', 'train/length', 'sandbox/passed'),
        (metrics, metric) => {
          const shown = issuesOfMetric([issue(metrics)], metric).length === 1;
          expect(shown).toBe(metrics.length > 0 && concerns(issue(metrics), metric));
        },
      ),
    );
  });

  test('name whole groups, else numbers, else how many', () => {
    const number = (id: string) => Number(id.slice(1));
    expect(whoHas(['r1', 'r2'], groups, number)).toBe('A');
    expect(whoHas(['r2', 'r3'], groups, number)).toBe('#2, #3');
    expect(
      whoHas(
        Array.from({ length: 9 }, (_, i) => `r${i + 10}`),
        groups,
        number,
      ),
    ).toBe('9 runs');
  });
});

describe('completions side by side', () => {
  test('are of the runs asked for, else of the reference and one of each other group', () => {
    const reference = { group: 'b', runId: null };
    expect(columnsOf([], groups, reference)).toEqual(['r3', 'r1']);
    expect(columnsOf(['r2', 'r3', 'gone'], groups, reference)).toEqual(['r2', 'r3']);
    expect(columnsOf(['gone', 'r2'], groups, reference)).toEqual(['r3', 'r1']);
    expect(columnsOf([], groups, { group: 'a', runId: 'r2' })).toEqual(['r2', 'r3']);
    expect(columnsOf([], [group('a', 'r1', 'r2', 'r3')], { group: 'a', runId: null })).toEqual(['r1', 'r2']);
  });

  test('are at steps that all have, where there are any', () => {
    expect(
      commonSteps([
        [20, 10, 0],
        [10, 20, 30],
        [0, 10, 20],
      ]),
    ).toEqual([10, 20]);
    expect(commonSteps([[3, 1], [2]])).toEqual([1, 3]);
    expect(commonSteps([])).toEqual([]);
  });

  const problem = (problemId: string, ...passed: number[]) => ({
    problemId,
    outcomes: passed.map((count) => ({ passed: count, samples: 4 })),
  });

  test('can be those that the runs disagree on, the widest apart first', () => {
    const problems = [problem('same', 2, 2), problem('near', 2, 3), problem('far', 0, 4), problem('none', 0, 0)];
    expect(filterProblems(problems, 'disagree').map(({ problemId }) => problemId)).toEqual(['far', 'near']);
    expect(filterProblems(problems, 'none').map(({ problemId }) => problemId)).toEqual(['none']);
    expect(filterProblems([...problems, problem('every', 4, 4)], 'every').map((p) => p.problemId)).toEqual(['every']);
    expect(spreadOf(problem('far', 0, 4))).toBe(1);
  });

  test('are named without what all names begin with', () => {
    expect(sharedPrefix(['tinypy-validation-001', 'tinypy-validation-002'])).toBe('tinypy-validation-');
    expect(sharedPrefix(['abc1', 'abc2'])).toBe('');
    expect(sharedPrefix(['one'])).toBe('');
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 2 }), (names) => {
        const prefix = sharedPrefix(names);
        expect(names.every((name) => name.startsWith(prefix))).toBe(true);
      }),
    );
  });
});

describe('sweeps', () => {
  const options = {
    runIds: ['r1', 'r2', 'r3'],
    options: [
      { path: 'optimiser.learningRate', values: [1e-4, 1e-3], of: [0, 1, 0] },
      { path: 'reward.kind', values: ['unit-tests'], of: null },
      { path: 'reward.options.rate', values: [0.5], of: [-1, 0, 0] },
    ],
  };
  const byRun = optionsByRun(options, ['r1', 'r2']);
  const run = (runId: string, accuracy?: number) => ({
    runId,
    label: runId,
    colour: '#000000',
    marker: 'emptyCircle',
    values: byRun.get(runId) ?? new Map(),
    metrics: new Map(accuracy === undefined ? [] : [['eval/avg@k', accuracy]]),
  });
  const axis = { id: 'optimiser.learningRate', name: 'learningRate', kind: 'option', unit: 'number' } as const;
  const accuracy = { id: 'eval/avg@k', name: 'Accuracy', kind: 'metric', unit: 'fraction' } as const;

  test('are over the options that differ', () => {
    expect([...(byRun.get('r2') ?? [])]).toEqual([
      ['optimiser.learningRate', 1e-3],
      ['reward.kind', 'unit-tests'],
      ['reward.options.rate', 0.5],
    ]);
    expect(sweptPaths([run('r1'), run('r2')])).toEqual(['optimiser.learningRate', 'reward.options.rate']);
  });

  test('draw numbers on a scale and words in a row; a run without the value is left out', () => {
    const rate = { ...axis, id: 'reward.options.rate', name: 'rate' };
    const { parallelAxis, series } = parallelOption(
      [run('r1', 0.5), run('r2', 0.6), run('r2')],
      [axis, rate, accuracy],
      CHART_COLOURS.light,
    ) as { parallelAxis: { type: string; data?: string[] }[]; series: { data: { value: unknown[] }[] }[] };
    expect(parallelAxis.map(({ type }) => type)).toEqual(['value', 'category', 'value']);
    expect(parallelAxis[1]?.data).toEqual(['0.5', 'none']);
    expect(series[0]?.data.map(({ value }) => value)).toEqual([
      [1e-4, 'none', 0.5],
      [1e-3, '0.5', 0.6],
    ]);
    const scatter = scatterOption([run('r1', 0.5), run('r2')], axis, accuracy, CHART_COLOURS.light, true) as {
      xAxis: { type: string };
      series: { data: { value: unknown[] }[] }[];
    };
    expect(scatter.xAxis.type).toBe('log');
    expect(scatter.series[0]?.data.map(({ value }) => value)).toEqual([[1e-4, 0.5]]);
  });
});
