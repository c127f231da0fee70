/** The report of the presets: what it refuses to read, what it concludes, and that its text follows the data. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawChart, niceTop, spread } from '../../bench/presets/charts.ts';
import { presetsDocument, readmeTable } from '../../bench/presets/document.ts';
import { judgeAll, type Verdict } from '../../bench/presets/findings.ts';
import type { Report } from '../../bench/presets/report.ts';
import { loadRuns, parseRun, seriesOf } from '../../bench/presets/runs.ts';
import { endDifference, summarise } from '../../bench/presets/summary.ts';
import { type Chosen, chosenRun, runObject } from './preset-runs.ts';

/** Three seeds that differ a little, so that every interval is narrow. */
const seeds = (chosen: Omit<Chosen, 'seed'>): Chosen[] =>
  [-0.002, 0, 0.002].map((shift, i) => ({
    ...chosen,
    seed: i + 1,
    accuracy: chosen.accuracy.map((value, at) => (at === 0 ? value : value + shift)),
  }));

const collapsing = {
  accuracy: [0.5, 0.56, 0.4, 0.1],
  length: [20, 18, 12, 8],
  reasoning: [1, 1, 0.5, 0.1],
  entropy: [0.4, 0.1],
  reward: [0.2, 0.9],
} as const;
const rising = { accuracy: [0.5, 0.6, 0.7, 0.72], length: [20, 20, 21, 22], reward: [0.5, 0.7] } as const;
const still = { accuracy: [0.5, 0.5, 0.5, 0.5] } as const;

function reportOf(chosen: readonly Chosen[], missing: Report['missing'] = []): Report {
  const runs = chosen.map(chosenRun);
  const ids = [...new Set(runs.map(({ preset }) => preset))];
  const summaries = ids.map((id) =>
    summarise(
      id,
      runs.filter(({ preset }) => preset === id),
    ),
  );
  return { runs, missing, summaries, judged: judgeAll(summaries, 30), pictures: [], parameters: 576_000 };
}

const verdicts = (report: Report, claim: string): Partial<Record<string, Verdict>> => {
  const judged = report.judged.find(({ finding }) => finding.claim === claim);
  if (judged === undefined) throw new Error(`no finding ${claim}`);
  return Object.fromEntries(
    (['agrees', 'differs', 'undecided'] as const).flatMap((verdict) =>
      judged.presets[verdict].map(({ id }) => [id, verdict]),
    ),
  );
};

describe('files of runs', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-presets-report-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const write = (chosen: Chosen, change: object = {}) =>
    writeFile(
      join(folder, `${chosen.preset}-${chosen.seed}.json`),
      JSON.stringify({ ...runObject(chosen), ...change }),
    );

  it('are read where they are and named where they are not', async () => {
    await write({ preset: 'grpo', seed: 1, ...rising });
    await write({ preset: 'random', seed: 2, ...still });
    const { runs, missing } = await loadRuns(folder, ['grpo', 'random'], [1, 2]);
    expect(runs.map(({ preset, seed }) => `${preset} ${seed}`)).toEqual(['grpo 1', 'random 2']);
    expect(missing).toEqual([
      { preset: 'grpo', seed: 2 },
      { preset: 'random', seed: 1 },
    ]);
  });

  it('are refused together when they differ in more than reward and seed', async () => {
    const { device } = runObject({ preset: 'grpo', seed: 1, ...rising });
    await write({ preset: 'constant', seed: 1, ...still }, { device: { ...device, engine: 'tfjs-wasm' } });
    await expect(loadRuns(folder, ['grpo', 'constant'], [1])).rejects.toThrow(
      'device.engine: tfjs-cpu in grpo-1 but tfjs-wasm in constant-1; only reward and seed may differ',
    );
  });

  it.each([
    ['not JSON', (_: ReturnType<typeof runObject>) => '{', /^f: not JSON/],
    ['another seed', (run: ReturnType<typeof runObject>) => ({ ...run, seed: 7 }), /^f: preset grpo, seed 7/],
    [
      'an unfinished run',
      (run: ReturnType<typeof runObject>) => ({ ...run, steps: run.steps.slice(0, 12) }),
      /^f: 12 steps from 0 to 11; expected are all from 0 to 30$/,
    ],
    [
      'a metric that is no number',
      (run: ReturnType<typeof runObject>) => ({
        ...run,
        steps: run.steps.with(3, { step: 3, metrics: { 'train/reward': null as unknown as number } }),
      }),
      /^f: steps\.3\.metrics\.train\/reward: /,
    ],
    [
      'no validation at the end',
      (run: ReturnType<typeof runObject>) => ({ ...run, steps: run.steps.with(30, { step: 30, metrics: {} }) }),
      /^f: step 30 has no eval\/avg@k$/,
    ],
  ])('are refused with %s', (_, change, message) => {
    const changed = change(runObject({ preset: 'grpo', seed: 1, ...rising }));
    const text = typeof changed === 'string' ? changed : JSON.stringify(changed);
    expect(() => parseRun(text, 'f', 'grpo', 1)).toThrow(message);
  });
});

describe('summary', () => {
  const runs = [
    { preset: 'token-entropy', seed: 1, accuracy: [0.5, 0.6, 0.4, 0.1] },
    { preset: 'token-entropy', seed: 2, accuracy: [0.54, 0.58, 0.62, 0.2] },
  ].map(chosenRun);
  const summary = summarise('Token entropy', runs);

  it('has the best of each seed at its own step, and the peak of the mean', () => {
    expect(summary.best.mean).toBeCloseTo(0.61, 12);
    expect(summary.bestSteps).toEqual([10, 20]);
    expect(summary.peak.step).toBe(10);
    expect(summary.peak.mean).toBeCloseTo(0.59, 12);
    expect(summary.peak.gain.mean).toBeCloseTo(0.07, 12);
    expect(summary.peak.fall.mean).toBeCloseTo(-0.44, 12);
    expect(summary.halvedAt).toBe(30);
  });
  it('pairs the change within seed', () => {
    // Changes -0.40 and -0.34: mean -0.37, standard error 0.03.
    expect(summary.accuracy.change.mean).toBeCloseTo(-0.37, 12);
    expect(summary.accuracy.change.half).toBeCloseTo(0.03 * 12.706205, 9);
  });
  it('compares two presets over the seeds that they share', () => {
    const grpo = summarise('GRPO', [{ preset: 'grpo', seed: 2, accuracy: [0.5, 0.6, 0.7, 0.7] }].map(chosenRun));
    expect(endDifference(grpo, summary)).toEqual({ mean: expect.closeTo(0.5, 12), half: null, n: 1 });
    const other = summarise('GRPO', [{ preset: 'grpo', seed: 9, accuracy: [0.5, 0.6, 0.7, 0.7] }].map(chosenRun));
    expect(endDifference(other, summary)).toBeNull();
  });
  it('leaves out steps at which a run has no value', () => {
    expect(seriesOf(runs, 'eval/length').steps).toEqual([0, 10, 20, 30]);
    expect(seriesOf(runs, 'train/reward').steps[0]).toBe(1);
    expect(seriesOf(runs, 'train/kl')).toEqual({ steps: [], values: [] });
  });
});

describe('findings', () => {
  const published = reportOf([
    ...seeds({ preset: 'grpo', ...rising }),
    ...seeds({ preset: 'token-entropy', ...collapsing }),
    ...seeds({ preset: 'random', ...still }),
  ]);
  const contrary = reportOf([
    ...seeds({ preset: 'grpo', ...collapsing }),
    ...seeds({ preset: 'token-entropy', ...rising }),
    ...seeds({ preset: 'random', ...rising }),
  ]);
  const claims = published.judged.filter(({ presets }) => Object.values(presets).some((found) => found.length > 0));

  it('all agree with runs made as published', () => {
    expect(claims).toHaveLength(10);
    for (const { finding } of claims)
      expect(Object.values(verdicts(published, finding.claim)), finding.claim).toEqual(['agrees']);
  });
  it('all differ with runs made the other way round', () => {
    for (const { finding } of claims)
      expect(Object.values(verdicts(contrary, finding.claim)), finding.claim).toEqual(['differs']);
  });
  it('are all undecided with one seed', () => {
    const single = reportOf([
      { preset: 'grpo', seed: 1, ...rising },
      { preset: 'token-entropy', seed: 1, ...collapsing },
      { preset: 'random', seed: 1, ...still },
    ]);
    for (const { finding } of claims)
      expect(Object.values(verdicts(single, finding.claim)), finding.claim).toEqual(['undecided']);
  });
  it('are undecided where seeds disagree', () => {
    const scattered = [0.3, 0.52, 0.7].map((end, i) => ({
      preset: 'token-entropy',
      seed: i + 1,
      accuracy: [0.5, 0.5, 0.5, end],
    }));
    expect(verdicts(reportOf(scattered), 'Certainty rewards end below where they started')).toEqual({
      'token-entropy': 'undecided',
    });
  });
  it('do not take a late peak for an early gain', () => {
    const late = seeds({ preset: 'token-entropy', accuracy: [0.5, 0.5, 0.5, 0.6] });
    expect(verdicts(reportOf(late), 'Certainty rewards gain early')).toEqual({ 'token-entropy': 'differs' });
  });
});

describe('document', () => {
  it('follows the data', () => {
    const fell = presetsDocument(reportOf(seeds({ preset: 'random', ...collapsing })));
    const stayed = presetsDocument(reportOf(seeds({ preset: 'random', ...still })));
    expect(fell).toContain('The random reward lowers accuracy');
    expect(stayed).not.toContain('The random reward lowers accuracy');
    expect(stayed).toContain('The random reward leaves accuracy where it was');
  });
  it('states the hand-computed row', () => {
    // Ends 0.718, 0.720, 0.722 from 0.500: change +22.0 points, standard error 0.2 / sqrt 3, times 4.3027: 0.497.
    const text = presetsDocument(reportOf(seeds({ preset: 'grpo', ...rising })));
    expect(text).toContain(
      '| grpo | 3 | 50.0 ± 0.0 | 72.0 ± 0.5 (30, 30, 30) | 72.0 ± 0.5 | +22.0 ± 0.5 | 22.0 ± 0.0 |',
    );
  });
  it('names missing runs and gives a single seed no interval', () => {
    const report = reportOf(
      [{ preset: 'grpo', seed: 1, ...rising }],
      [
        { preset: 'grpo', seed: 2 },
        { preset: 'grpo', seed: 3 },
        { preset: 'random', seed: 1 },
      ],
    );
    const text = presetsDocument(report);
    expect(text).toContain('**Incomplete: 1 of 4 runs are there.** Missing, by preset and seed: grpo 2, 3; random 1.');
    expect(text).toContain('| grpo | 1 | 50.0 | 72.0 (30) | 72.0 | +22.0 | 22.0 |');
    expect(text).toContain('There are no intervals: no preset has two seeds.');
  });
  it('says when the runs ended only where every file does', () => {
    const report = reportOf(seeds({ preset: 'grpo', ...rising }));
    expect(presetsDocument(report)).toContain('| dates | not recorded with every run |');
    const dated = report.runs.map((run, i) => ({ ...run, finishedAt: `2026-01-0${i + 1}T00:00:00.000Z` }));
    expect(presetsDocument({ ...report, runs: dated })).toContain('| dates | finished from 2026-01-01 to 2026-01-03 |');
  });
  it.each(['NaN', 'undefined', 'Infinity', 'null'])('never prints %s', (word) => {
    const report = reportOf([
      ...seeds({ preset: 'grpo', ...rising }),
      ...seeds({ preset: 'self-certainty', ...collapsing }),
      ...seeds({ preset: 'constant', ...still }),
    ]);
    expect(presetsDocument(report) + readmeTable(report)).not.toMatch(new RegExp(`\\b${word}\\b`));
  });
});

describe('chart', () => {
  const spec = {
    title: 'Validation accuracy',
    metric: 'eval/avg@k',
    scale: 100,
    highest: 1,
    yName: '% of samples that pass',
  } as const;
  const lines = ['grpo', 'random'].map((id) => ({
    id,
    title: id,
    runs: seeds({ preset: id, ...(id === 'grpo' ? rising : still) }).map(chosenRun),
  }));

  it('is the same, byte for byte, every time', () => {
    expect(drawChart(spec, lines)).toBe(drawChart(spec, lines));
  });
  it('is well formed, on an opaque light ground, with the name of every line', () => {
    const svg = drawChart(spec, lines) as string;
    for (const tag of svg.match(/<[^<>]*>/g) ?? [])
      expect(tag).toMatch(/^<(\/[\w:]+|[\w:]+(\s+[\w:-]+="[^"]*")*\s*\/?)>$/);
    expect(svg).toMatch(/<rect width="900" height="440"[^>]*fill="#ffffff"/);
    for (const text of ['grpo', 'random', 'Mean over 3 seeds; shaded: 95 % Student-t interval'])
      expect(svg).toContain(`>${text}<`);
  });
  it.each([
    [[3], 'Mean over 3 seeds; shaded: 95 % Student-t interval'],
    [[2, 2], 'Mean over 2 seeds; shaded: lowest to highest'],
    [[1], 'Mean over 1 seed'],
    [[3, 2, 1], 'Mean over 1 to 3 seeds; shaded: 95 % Student-t interval from three on, lowest to highest of two'],
  ])('says what is shaded for %j seeds a line', (counts, text) => {
    const some = counts.map((count, i) => ({
      id: `${i}`,
      title: `line ${i}`,
      runs: lines[0]?.runs.slice(0, count) ?? [],
    }));
    expect(drawChart(spec, some)).toContain(`>${text}<`);
  });
  it('is left out where no run has the metric', () => {
    expect(drawChart({ ...spec, metric: 'train/kl' }, lines)).toBeNull();
  });
  it.each([
    [0, 1],
    [0.43, 0.5],
    [74, 80],
    [96, 100],
    [100, 100],
    [1.01, 1.2],
  ])('ends an axis for %d at %d', (value, top) => {
    expect(niceTop(value)).toBe(top);
  });
  it('moves names apart as little as can be, within bounds and in order', () => {
    expect(spread([10, 50], 17, 0, 100)).toEqual([10, 50]);
    expect(spread([50, 50], 10, 0, 100)).toEqual([45, 55]);
    expect(spread([98, 99, 100], 10, 0, 100)).toEqual([80, 90, 100]);
    // The pair at the bottom pushes the one above it.
    expect(spread([85, 99, 100], 10, 0, 100)).toEqual([80, 90, 100]);
  });
});
