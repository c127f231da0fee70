import { describe, expect, test } from 'vitest';
import { conclude, concludeSoFar } from '../../../src-main/studies/findings.ts';
import { findStudy, studies } from '../../../src-main/studies/index.ts';
import { configOf } from '../../../src-main/studies/known-runs.ts';
import { planOf } from '../../../src-main/studies/plan.ts';
import type { PlacedRun } from '../../../src-main/studies/standings.ts';
import type { Study, StudyRun } from '../../../src-main/studies/study.ts';
import { flattenConfig } from '../../../src-shared/flatten.ts';

/** A grid of which the named runs are finished; accuracy goes from 0.5 to the end of the arm's seed. */
function grid(study: Study, isReady: (key: string) => boolean, endOf: (arm: string) => number) {
  const plan = planOf(study, 'tiny', [1, 2, 3]);
  const placed = plan.map(
    (planned): PlacedRun => ({ ...planned, standing: isReady(planned.key) ? 'ready' : 'missing', run: null }),
  );
  const runs = plan
    .filter(({ key }) => isReady(key))
    .map((planned): StudyRun => {
      const end = endOf(planned.arm) + planned.seed / 1000;
      const at = (accuracy: number, length: number, entropy: number) => ({
        ...{ 'eval/avg@k': accuracy, 'eval/avg@k-se': 0.01, 'eval/length': length, 'train/token-entropy': entropy },
      });
      return {
        ...{ ...planned, runId: planned.key, number: 1, config: flattenConfig(configOf(planned, null)), problems: 256 },
        steps:
          planned.on === undefined
            ? [
                { step: 0, metrics: at(0.5, 20, 1) },
                { step: 50, metrics: at((0.5 + end) / 2, 20, 0.9) },
                { step: 100, metrics: at(end, 20, 0.8) },
              ]
            : [{ step: 0, metrics: { 'eval/avg@k': end } }],
      };
    });
  return { placed, runs };
}

const dynamics = findStudy('training-dynamics');
const ends = (arm: string) => (arm === 'grpo' ? 0.7 : 0.5);
const soFar = (study: Study, isReady: (key: string) => boolean) => {
  const { placed, runs } = grid(study, isReady, ends);
  return new Map(concludeSoFar(study, placed, runs).map((each) => [each.predicate.id, each]));
};

describe('findings of a grid that is not complete', () => {
  test('one is judged as soon as the arms that it takes are complete, and the others say what they wait for', () => {
    const found = soFar(dynamics, (key) => key.startsWith('grpo'));
    expect(found.get('T8')?.finding?.verdict).toBe('SAME');
    expect(found.get('T8')?.finding?.parts[1]?.effect).toBeCloseTo(0.202, 12);
    expect(found.get('T20')).toMatchObject({ finding: null, waitsFor: ['random'] });
    // Certainty rewards are judged beside GRPO, which is there, and the random reward, which is not.
    expect(found.get('T2')).toMatchObject({
      finding: null,
      waitsFor: ['self-certainty', 'token-entropy', 'trajectory-entropy', 'probability-disparity', 'random'],
    });
    // The constant reward is waited for by what asks it of every arm alone.
    expect(found.get('T7')?.waitsFor).toContain('constant');
  });

  test('an arm without one of its seeds is not complete', () => {
    const found = soFar(dynamics, (key) => key.startsWith('grpo') && !key.endsWith('3'));
    expect(found.get('T8')).toMatchObject({ finding: null, waitsFor: ['grpo'] });
  });

  test('nothing is concluded without any run', () => {
    for (const study of studies)
      expect([...soFar(study, () => false).values()].map(({ finding }) => finding)).toEqual(
        Array(study.predicates.length).fill(null),
      );
  });

  test('transfer waits for the evaluations too: of its arms, and of the policy that all begin with', () => {
    const transfer = findStudy('transfer');
    const without = (missing: string) => soFar(transfer, (key) => !key.startsWith(missing)).get('T23');
    expect(without('random on addends')).toMatchObject({ finding: null, waitsFor: ['random on addends'] });
    expect(without('base on reframed')).toMatchObject({ finding: null, waitsFor: ['base on reframed'] });
    // Constant is no arm of it, and its own problems are not others.
    expect(without('constant on addends')?.finding).not.toBeNull();
    expect(without('grpo on own problems')?.finding).not.toBeNull();
  });

  test('of a complete grid they are those of the whole, for every study', () => {
    for (const study of studies) {
      const { placed, runs } = grid(study, () => true, ends);
      expect(concludeSoFar(study, placed, runs).map(({ finding }) => finding)).toEqual(
        conclude(study, runs).map(({ finding }) => finding),
      );
    }
  });

  test('no finding ever changes by runs of arms that it does not take', () => {
    for (const study of studies) {
      const whole = grid(study, () => true, ends);
      const verdicts = new Map(
        conclude(study, whole.runs).map(({ predicate, finding }) => [predicate.id, finding.verdict]),
      );
      for (const arm of new Set(whole.placed.map((run) => run.arm))) {
        const { placed, runs } = grid(study, (key) => !key.startsWith(`${arm} seed`), ends);
        for (const { predicate, finding } of concludeSoFar(study, placed, runs))
          if (finding !== null)
            expect(`${arm} ${predicate.id} ${finding.verdict}`).toBe(
              `${arm} ${predicate.id} ${verdicts.get(predicate.id)}`,
            );
      }
    }
  });
});
