import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chainLines } from '../../../src-renderer/lib/lineage/chain.ts';
import { accuracyRange, linkPath, radiusOf, scaleOf, ticksOf } from '../../../src-renderer/lib/lineage/drawing.ts';
import { familiesOf, type LineageRun, layoutLineage } from '../../../src-renderer/lib/lineage/layout.ts';
import {
  chosenOf,
  keepFamilies,
  matches,
  pathTo,
  startedFrom,
  twinsOf,
} from '../../../src-renderer/lib/lineage/select.ts';
import { lineLook } from '../../../src-shared/charts/palette.ts';
import type { ChainOfRun, Lineage } from '../../../src-shared/lineage.ts';

interface Made {
  readonly id: string;
  /** Run and step that it starts from. */
  readonly from?: readonly [run: string, step: number];
  readonly controlOf?: string;
  /** Steps of its checkpoints. */
  readonly steps?: readonly number[];
  readonly tokensPerStep?: number | null;
}

/** Runs in order, those that come from others after them. */
function lineageOf(made: readonly Made[]): Lineage {
  const runs: LineageRun[] = [];
  const checkpoints: Lineage['checkpoints'] = [];
  for (const [i, { id, from, controlOf, steps = [10, 20], tokensPerStep = 100 }] of made.entries()) {
    const parent = checkpoints.find((each) => from !== undefined && each.runId === from[0] && each.step === from[1]);
    const stepsBefore = parent?.totalSteps ?? 0;
    const tokensBefore = parent === undefined ? 0 : parent.totalTokens;
    runs.push({
      runId: id,
      number: i + 1,
      name: `run ${id}`,
      status: 'finished',
      reward: 'unit-tests',
      seed: 1,
      study: null,
      step: steps.at(-1) ?? 0,
      steps: 20,
      from: parent?.id ?? null,
      source: parent === undefined ? 'embedded' : `checkpoint:${parent.id}`,
      missing: false,
      controlOf: controlOf ?? null,
      deleted: false,
      stepsBefore,
      tokensBefore,
    });
    for (const step of steps)
      checkpoints.push({
        id: `${id}-${step}`,
        runId: id,
        step,
        totalSteps: stepsBefore + step,
        totalTokens: tokensPerStep === null || tokensBefore === null ? null : tokensBefore + step * tokensPerStep,
        accuracy: 0.5,
        standardError: 0.01,
        bytes: 1,
        createdAt: 1,
        exists: true,
        kept: null,
      });
  }
  return { runs, checkpoints, edges: [] };
}

/** A forest of runs: each may start from a checkpoint of an earlier one, or be the control of one. */
const anyLineage: fc.Arbitrary<Lineage> = fc
  .array(
    fc.record({
      kind: fc.constantFrom('root', 'start', 'control', 'both'),
      pick: fc.nat(),
      other: fc.nat(),
      steps: fc.uniqueArray(fc.integer({ min: 0, max: 50 }), { maxLength: 4 }),
      tokensPerStep: fc.option(fc.integer({ min: 0, max: 500 }), { freq: 6 }),
    }),
    { maxLength: 25 },
  )
  .map((plan) => {
    const made: Made[] = [];
    for (const [i, { kind, pick, other, steps, tokensPerStep }] of plan.entries()) {
      const at = (n: number) => made[n % Math.max(1, made.length)];
      const source = kind === 'start' || kind === 'both' ? at(pick) : undefined;
      const step = source?.steps?.[pick % Math.max(1, source.steps.length)];
      const twin = kind === 'control' || kind === 'both' ? at(other) : undefined;
      made.push({
        id: `r${i}`,
        steps: steps.sort((a, b) => a - b),
        tokensPerStep,
        ...(source === undefined || step === undefined ? {} : { from: [source.id, step] as const }),
        ...(twin === undefined ? {} : { controlOf: twin.id }),
      });
    }
    return lineageOf(made);
  });
const anyX = fc.constantFrom('tokens' as const, 'steps' as const);

describe('the layout of a lineage', () => {
  test('every run has a lane of its own, every family rows that no other has', () => {
    fc.assert(
      fc.property(anyLineage, anyX, (lineage, x) => {
        const { families, laneOf, rows } = layoutLineage(lineage, x);
        expect(laneOf.size).toBe(lineage.runs.length);
        expect(new Set([...laneOf.values()].map(({ row }) => row)).size).toBe(laneOf.size);
        let free = 0;
        for (const { lanes, firstRow } of families) {
          expect(firstRow).toBe(free);
          expect(lanes.map(({ row }) => row)).toEqual(lanes.map((_, i) => firstRow + i));
          // One row is left free below a family of several.
          free = firstRow + lanes.length + (lanes.length > 1 ? 1 : 0);
        }
        expect(rows).toBe(Math.max(0, ...[...laneOf.values()].map(({ row }) => row + 1)));
      }),
    );
  });

  test('x never falls along training, starts and controls', () => {
    fc.assert(
      fc.property(anyLineage, anyX, (lineage, x) => {
        const { laneOf, links, width } = layoutLineage(lineage, x);
        for (const { start, end, checkpoints } of laneOf.values()) {
          const places = [start, ...checkpoints.map((placed) => placed.x)];
          expect(places).toEqual([...places].sort((a, b) => a - b));
          expect(end).toBe(places.at(-1));
          expect(end).toBeLessThanOrEqual(width);
        }
        for (const { from, to } of links) expect(to.x).toBeGreaterThanOrEqual(from.x);
      }),
    );
  });

  test('every start and every control is linked, from the checkpoint or run that is meant', () => {
    fc.assert(
      fc.property(anyLineage, anyX, (lineage, x) => {
        const { links, laneOf } = layoutLineage(lineage, x);
        const wanted = lineage.runs.flatMap(({ runId, from, controlOf }) => {
          const row = laneOf.get(runId)?.row;
          const owner = lineage.checkpoints.find(({ id }) => id === from)?.runId;
          return [
            ...(owner === undefined ? [] : [`start ${laneOf.get(owner)?.row} ${row}`]),
            ...(controlOf === null ? [] : [`control ${laneOf.get(controlOf)?.row} ${row}`]),
          ];
        });
        expect(links.map(({ kind, from, to }) => `${kind} ${from.row} ${to.row}`).sort()).toEqual(wanted.sort());
      }),
    );
  });

  const bootstrapped = lineageOf([
    { id: 'single' },
    { id: 'root' },
    { id: 'child', from: ['root', 20] },
    { id: 'control', controlOf: 'child', tokensPerStep: 90 },
    { id: 'grandchild', from: ['child', 10] },
    { id: 'after', from: ['control', 20] },
  ]);

  test('a control stands below its run and starts where it does, and what comes from it goes on from there', () => {
    const { families, laneOf, links } = layoutLineage(bootstrapped, 'tokens');
    expect(families.map(({ lanes }) => lanes.map(({ run, depth }) => `${run.runId} ${depth}`))).toEqual([
      ['root 0', 'child 1', 'control 2', 'after 3', 'grandchild 2'],
      ['single 0'],
    ]);
    expect(laneOf.get('child')?.start).toBe(2000);
    expect(laneOf.get('control')?.start).toBe(2000);
    expect(laneOf.get('control')?.checkpoints.map(({ x }) => x)).toEqual([2900, 3800]);
    expect(laneOf.get('after')?.start).toBe(3800);
    expect(laneOf.get('grandchild')?.start).toBe(3000);
    expect(links.filter(({ kind }) => kind === 'control')).toEqual([
      { kind: 'control', from: { x: 2000, row: 1 }, to: { x: 2000, row: 2 } },
    ]);
    expect(layoutLineage(bootstrapped, 'steps').laneOf.get('grandchild')?.start).toBe(30);
  });

  test('runs without token counts stand where they started, and are named', () => {
    const lineage = lineageOf([
      { id: 'old', tokensPerStep: null },
      { id: 'next', from: ['old', 20] },
    ]);
    const { laneOf, unmeasured } = layoutLineage(lineage, 'tokens');
    expect(laneOf.get('next')?.start).toBe(0);
    expect(unmeasured.map(({ runId }) => runId)).toEqual(['old', 'next']);
    expect(layoutLineage(lineage, 'steps').unmeasured).toEqual([]);
  });

  test('runs in a circle, as a damaged store may have them, are laid out once each', () => {
    const lineage = lineageOf([{ id: 'a' }, { id: 'b', from: ['a', 10] }]);
    const [a, b] = lineage.runs as [LineageRun, LineageRun];
    const circle = {
      ...lineage,
      runs: [
        { ...a, from: 'b-10', controlOf: 'b' },
        { ...b, controlOf: 'a' },
      ],
    };
    expect([...layoutLineage(circle, 'tokens').laneOf.keys()].sort()).toEqual(['a', 'b']);
    expect(pathTo(circle, 'a').map(({ runId }) => runId)).toEqual(['b', 'a']);
  });

  test('an empty one has nothing', () => {
    expect(layoutLineage({ runs: [], checkpoints: [], edges: [] }, 'tokens')).toMatchObject({ width: 0, rows: 0 });
  });

  describe('what is chosen', () => {
    const names = (runs: readonly LineageRun[]) => runs.map(({ runId }) => runId);
    const chosen = (id: string) => {
      const found = chosenOf(bootstrapped, id);
      if (found === null) throw new Error(`nothing is called ${id}`);
      return found;
    };

    test('is a run or a checkpoint; an id of neither is nothing', () => {
      expect(chosen('child')).toMatchObject({ kind: 'run', run: { runId: 'child' } });
      expect(chosen('child-10')).toMatchObject({ kind: 'checkpoint', checkpoint: { step: 10 } });
      expect(chosenOf(bootstrapped, 'gone')).toBeNull();
      expect(chosenOf(bootstrapped, null)).toBeNull();
    });

    test('has a path from its root, its controls and what started from it', () => {
      expect(names(pathTo(bootstrapped, 'grandchild'))).toEqual(['root', 'child', 'grandchild']);
      expect(names(twinsOf(bootstrapped, chosen('child').run))).toEqual(['control']);
      expect(names(twinsOf(bootstrapped, chosen('control').run))).toEqual(['child']);
      expect(names(startedFrom(bootstrapped, chosen('child-10')))).toEqual(['grandchild']);
      expect(names(startedFrom(bootstrapped, chosen('child-20')))).toEqual([]);
      expect(names(startedFrom(bootstrapped, chosen('root')))).toEqual(['child']);
    });

    test('keeps whole families', () => {
      expect(names(keepFamilies(bootstrapped, ({ runId }) => runId === 'after').runs)).toEqual([
        'root',
        'child',
        'control',
        'grandchild',
        'after',
      ]);
      expect(keepFamilies(bootstrapped, () => false)).toEqual({ runs: [], checkpoints: [], edges: [] });
      fc.assert(
        fc.property(anyLineage, fc.nat(), (lineage, pick) => {
          const run = lineage.runs[pick % Math.max(1, lineage.runs.length)];
          const kept = keepFamilies(lineage, (each) => each.runId === run?.runId);
          const family = familiesOf(lineage).find((members) => members.includes(run?.runId ?? '')) ?? [];
          expect(new Set(names(kept.runs))).toEqual(new Set(family));
        }),
      );
    });

    test('is found by all words of a search', () => {
      const { run } = chosen('child');
      expect(matches(run, 'RUN child')).toBe(true);
      expect(matches(run, 'unit #3')).toBe(true);
      expect(matches(run, 'child other')).toBe(false);
    });
  });
});

describe('the drawing of a lineage', () => {
  test('ticks are round, rise, reach no further than the end, and are few', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e12 }), fc.integer({ min: 1, max: 20 }), (most, count) => {
        const ticks = ticksOf(most, count);
        expect(ticks[0]).toBe(0);
        expect(ticks.length).toBeLessThanOrEqual(count + 1);
        for (const [i, tick] of ticks.entries()) if (i > 0) expect(tick).toBeGreaterThan(ticks[i - 1] ?? 0);
        expect(ticks.at(-1)).toBeLessThanOrEqual(most * (1 + 1e-9));
      }),
    );
    expect(ticksOf(20_000, 4)).toEqual([0, 5000, 10_000, 15_000, 20_000]);
    expect(ticksOf(0, 5)).toEqual([0]);
  });

  test('nodes grow in area with accuracy', () => {
    const { laneOf } = layoutLineage(lineageOf([{ id: 'a' }]), 'tokens');
    expect(accuracyRange(laneOf.values())).toEqual([0.5, 0.5]);
    const area = (accuracy: number) => radiusOf(accuracy, [0.2, 0.6]) ** 2;
    expect(area(0.4) - area(0.2)).toBeCloseTo(area(0.6) - area(0.4), 9);
    expect(radiusOf(null, [0.2, 0.6])).toBeLessThan(radiusOf(0.2, [0.2, 0.6]));
  });

  test('a start at one place is a straight line down; a control goes beside it', () => {
    const scale = scaleOf({ width: 100 }, 348);
    const ends = { from: { x: 50, row: 0 }, to: { x: 50, row: 1 } };
    expect(linkPath({ kind: 'start', ...ends }, scale)).toBe('M170 25V63');
    expect(linkPath({ kind: 'control', ...ends }, scale)).toBe('M170 25C154 25 154 63 170 63');
  });
});

describe('the chain of a run', () => {
  const stage = (number: number, offset: number, x: number[]) => ({
    runId: `r${number}`,
    number,
    name: 'n',
    reward: 'unit-tests',
    until: null,
    offset,
    x,
    step: x,
    value: x.map(() => 0.5),
    low: x.map(() => 0.4),
    high: x.map((_, i) => (i === 0 ? null : 0.6)),
  });
  const chain: ChainOfRun = {
    chain: { stages: [stage(1, 0, [0, 100]), stage(2, 100, [100, 150])], missing: false },
    controls: [{ runId: 'r3', chain: { stages: [stage(3, 0, [0, 50])], missing: false } }],
    issues: [],
  };

  test('puts the control where the last stage begins, so that equal budgets stand above each other', () => {
    const lines = chainLines(chain, (number) => lineLook(number, 'light'));
    expect(lines.map(({ id, points }) => [id, points.map(({ x }) => x)])).toEqual([
      ['r1', [0, 100]],
      ['r2', [100, 150]],
      ['r3', [100, 150]],
    ]);
    expect(lines.map(({ look }) => look.dash === 'solid')).toEqual([true, true, false]);
    expect(lines[0]?.points).toEqual([
      { x: 0, value: 0.5 },
      { x: 100, value: 0.5, low: 0.4, high: 0.6 },
    ]);
  });
});
