/** What was found, in sentences with their numbers; then how far that carries, and what would change it. */
import { concerns } from '../../../src-shared/comparison.ts';
import type { ResolvedBlock, Text, Value } from '../../../src-shared/report.ts';
import { comparability } from '../../comparison/comparability.ts';
import { SOURCE } from '../../comparison/configuration.ts';
import { findStudy } from '../../studies/index.ts';
import { planOf } from '../../studies/run-study.ts';
import {
  ACCURACY,
  type Difference,
  differencesFrom,
  type Estimate,
  estimate,
  evaluationInterval,
  ONE_EVALUATION,
} from '../compare.ts';
import { type BlockContext, isOneRun, origin, originOf, type Resolver, seedsOf } from '../context.ts';
import { say } from '../ledger.ts';
import { firstOf, highestOf, type LoadedCondition, type LoadedRun, lastOf, numberOption } from '../runs.ts';
import { studyConclusions } from '../study-runs.ts';
import { first, last } from './comparison.ts';
import { allRuns } from './verdicts.ts';

export const summary: Resolver<'summary'> = (_, context): ResolvedBlock[] => {
  const run = isOneRun(context);
  const paragraphs =
    context.report.study !== null
      ? [...study(context), ...compared(context)]
      : run === null
        ? compared(context)
        : single(context, run);
  return [{ form: 'paragraphs', paragraphs: [...paragraphs, ...reach(context, run)] }];
};

function single({ id, ledger }: BlockContext, run: LoadedRun): Text[] {
  const { detail } = run;
  const from = [originOf(run)];
  const own = { from, metric: ACCURACY, unit: 'fraction' as const, estimator: ONE_EVALUATION };
  const accuracy = (name: string, point: { step: number; value: number }) =>
    ledger.value({
      ...own,
      id: `${id}.${name}`,
      value: point.value,
      interval: evaluationInterval(run, point.step),
      at: `step ${point.step}`,
    });
  const [start, best, end] = [firstOf(run, ACCURACY), highestOf(run, ACCURACY), lastOf(run, ACCURACY)];
  const opening = say`Run #${detail.number}, "${detail.name}", was trained with the reward ${detail.reward} and seed ${String(detail.seed)} for ${detail.step} of ${detail.steps} steps and ${detail.status === 'finished' ? 'has finished' : `is ${detail.status}`}.`;
  const collapse =
    detail.collapse === null
      ? say`The collapse watch found none.`
      : say`It shows a collapse (${detail.collapse.mode}) from step ${ledger.value({ id: `${id}.collapse`, value: detail.collapse.onset, unit: 'step', from, metric: 'collapse onset', at: '', estimator: 'collapse watch' })} on: ${detail.collapse.why}.`;
  if (start === null || best === null || end === null) return [[...opening, ' It was never validated.'], collapse];
  const change = ledger.value({
    ...own,
    id: `${id}.change`,
    value: end.value - start.value,
    unit: 'points',
    at: `step ${end.step} minus step ${start.step}`,
    estimator: 'difference of two evaluations of one run',
  });
  return [
    say`${opening} Validation accuracy began at ${accuracy('start', start)}, was highest at step ${best.step} with ${accuracy('best', best)} and ended at ${accuracy('end', end)}, a change of ${change}.`,
    collapse,
  ];
}

/** Where the conditions began and ended, and which differ from the reference. */
function compared(context: BlockContext): Text[] {
  const { id, conditions, reference, ledger } = context;
  const ends = conditions
    .map((condition) => ({ condition, end: estimate(condition, ACCURACY, last(ACCURACY)) }))
    .filter(({ end }) => end.value !== null)
    .toSorted((a, b) => (b.end.value ?? 0) - (a.end.value ?? 0));
  const [best, worst] = [ends[0], ends.at(-1)];
  if (best === undefined || worst === undefined) return [['No condition was validated.']];
  const all = conditions.flatMap(({ runs }) => runs);
  const began = estimate({ label: 'all runs', look: 1, runs: all }, ACCURACY, first(ACCURACY));
  const value = (name: string, of: Estimate, condition: LoadedCondition | null, at: string): Value =>
    ledger.value({
      id: `${id}.${name}`,
      value: of.value,
      interval: of.interval,
      unit: 'fraction',
      from: condition === null ? conditions.map(origin) : [origin(condition)],
      metric: ACCURACY,
      at,
      estimator: of.estimator,
    });
  // Runs that started from different policies have no start in common.
  const policies = new Set(all.map((run) => run.options.get(SOURCE)));
  const start =
    policies.size > 1 ? ['.'] : say`, began at a validation accuracy of ${value('start', began, null, 'first step')}.`;
  const opening = say`${all.length} runs, in ${conditions.length} ${conditions.length === 1 ? 'condition' : 'conditions'} with ${seedsOf(conditions)} each${start}`;
  const ending =
    best === worst
      ? say` ${best.condition.label} ended at ${value('end', best.end, best.condition, 'last step')}.`
      : say` Highest at the end was ${best.condition.label} with ${value('best', best.end, best.condition, 'last step')}, lowest ${worst.condition.label} with ${value('worst', worst.end, worst.condition, 'last step')}.`;
  const paragraphs = [say`${opening}${ending}`];
  if (reference !== null && conditions.length > 1) paragraphs.push(against(context, reference));
  return paragraphs;
}

function against({ id, conditions, ledger }: BlockContext, reference: LoadedCondition): Text {
  const found = differencesFrom(reference, conditions, ACCURACY);
  const kinds = [
    ['Higher than', ({ verdict, value }: Difference) => verdict === 'DIFFERENT' && value > 0],
    ['Lower than', ({ verdict, value }: Difference) => verdict === 'DIFFERENT' && value < 0],
    ['The same within the margin as', ({ verdict }: Difference) => verdict === 'SAME'],
    ['Undecided against', ({ verdict }: Difference) => verdict === 'INCONCLUSIVE'],
  ] as const;
  return kinds.flatMap(([words, isOf]): Text => {
    const of = found.filter(isOf);
    if (of.length === 0) return [];
    const listed = of.flatMap(({ condition, value, interval, estimator }, i): Text => {
      const number = ledger.value({
        ...{ id: `${id}.${condition.look}.difference`, value, interval, unit: 'points' },
        ...{ from: [origin(condition), origin(reference)], metric: ACCURACY, at: 'last step', estimator },
      });
      return say`${i === 0 ? '' : ', '}${condition.label} (${number})`;
    });
    return say`${words} ${reference.label} at the end: ${listed}. `;
  });
}

function study(context: BlockContext): Text[] {
  const { id, report, load, ledger } = context;
  if (report.study === null) return [];
  const planned = planOf(findStudy(report.study.id), report.study.scale, report.study.seeds).length;
  const { question } = findStudy(report.study.id);
  const conclusions = studyConclusions(report.study, load);
  const from = [allRuns(context)];
  const count = (name: string, value: number) =>
    ledger.value({ id: `${id}.${name}`, value, unit: 'count', from, metric: 'verdicts', at: '', estimator: 'count' });
  const of = (verdict: string) => conclusions.filter(({ finding }) => finding.verdict === verdict);
  const named = (verdict: string) => {
    const ids = of(verdict).map(({ predicate }) => predicate.id);
    return ids.length === 0 ? '' : ` (${ids.join(', ')})`;
  };
  const missing = planned - Object.keys(report.study.runs).length;
  return [
    say`${question} Of ${count('all', conclusions.length)} published findings that these runs can be held against, ${count('same', of('SAME').length)} came out the same${named('SAME')}, ${count('different', of('DIFFERENT').length)} differently${named('DIFFERENT')}, and ${count('open', of('INCONCLUSIVE').length)} cannot be decided${named('INCONCLUSIVE')}.${missing > 0 ? ` ${missing} of ${planned} planned runs are missing.` : ''}`,
  ];
}

/** How far the numbers carry. */
function reach({ conditions, id, ledger }: BlockContext, run: LoadedRun | null): Text[] {
  const runs = conditions.flatMap((condition) => condition.runs);
  const least = Math.min(...conditions.map((condition) => condition.runs.length));
  const seeds =
    run !== null
      ? 'This is one run with one seed: its intervals are of its evaluations, and nothing here says what another seed would have given.'
      : least < 3
        ? 'Some conditions have fewer than three seeds: differences between them are not decided, whatever the numbers look like.'
        : `Intervals are over ${seedsOf(conditions)}: with so few they are wide, and they assume nothing but that seeds are alike; more seeds could decide what is open and overturn what is narrow.`;
  const errors = runs.flatMap((each) => highestOf(each, 'eval/avg@k-se')?.value ?? []);
  const evaluation =
    runs[0] === undefined || errors.length === 0
      ? []
      : say` Each evaluation is of ${String(numberOption(runs[0], 'evaluation.problems') ?? '?')} problems with ${String(numberOption(runs[0], 'evaluation.samples') ?? '?')} samples, with a standard error of up to ${ledger.value({ id: `${id}.error`, value: Math.max(...errors), unit: 'fraction', from: conditions.map(origin), metric: 'eval/avg@k-se', at: 'any step', estimator: 'largest over runs and steps' })}.`;
  // The sentences are about accuracy.
  const issues =
    runs.length < 2 ? [] : comparability(runs.map(({ detail }) => detail)).filter((issue) => concerns(issue, ACCURACY));
  const said = (severity: string) =>
    issues.filter((issue) => issue.severity === severity).map(({ title, why }) => `${title.toLowerCase()} (${why})`);
  const [apart, caution] = [said('differs'), said('caution')];
  const mixed = `${apart.length === 0 ? '' : ` Not to be compared without more: ${apart.join('; ')}.`}${caution.length === 0 ? '' : ` To be kept in mind in comparing: ${caution.join('; ')}.`}`;
  const unsafe = runs.some((each) => each.options.get('limits.unsafeSandbox') === true)
    ? ' Some runs were made in a sandbox that was not safe: their rewards may be wrong.'
    : '';
  const unfinished = runs.filter(({ detail }) => detail.status !== 'finished').map(({ detail }) => `#${detail.number}`);
  const cut = unfinished.length === 0 ? '' : ` Not finished: ${unfinished.join(', ')}.`;
  const policies = new Set(runs.map((each) => String(each.options.get('policy.source'))));
  const scope =
    policies.size === 1 && !policies.has('embedded')
      ? ' One policy and one kind of problems: others could give another picture.'
      : ' One small policy and one kind of problems: another policy, other problems or another learning rate could give another picture.';
  return [say`${seeds}${evaluation}${run === null ? scope : ''}${mixed}${cut}${unsafe}`];
}
