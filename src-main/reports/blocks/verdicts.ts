/** A study's findings: what is published, what these runs say, the verdict and why; then every comparison behind it. */
import type { Text } from '../../../src-shared/report.ts';
import { publishedOf, STUDY } from '../../studies/predicates/predicate.ts';
import type { BlockContext, Resolver } from '../context.ts';
import { type Origin, say } from '../ledger.ts';
import { studyConclusions, studyRuns } from '../study-runs.ts';

export const verdicts: Resolver<'verdicts'> = (_, context) => {
  const { id, report, ledger } = context;
  const { study } = report;
  if (study === null) return [];
  const from = [allRuns(context)];
  const conclusions = studyConclusions(study, context.load);
  const shared = { from, at: 'whole series' };
  const findings = conclusions.map(({ predicate, finding }): Text[] => {
    const own = { ...shared, metric: predicate.needs.join(', ') };
    const estimator = 'verdict by the rules of its thresholds';
    const key = `${id}.${predicate.id}`;
    return [
      [predicate.id],
      [predicate.statement],
      [publishedOf(predicate) || 'as stated'],
      say`${ledger.value({ ...own, id: key, value: finding.verdict, unit: 'text', estimator })}`,
      say`${ledger.value({ ...own, id: `${key}.why`, value: finding.why, unit: 'text', estimator })}`,
    ];
  });
  const parts = conclusions.flatMap(({ predicate, finding }) =>
    finding.parts.map((part, i): Text[] => {
      const own = { ...shared, metric: predicate.needs.join(', ') };
      const key = `${id}.${predicate.id}.${i}`;
      const interval = part.low === null || part.high === null ? null : { low: part.low, high: part.high };
      const estimator = `mean of ${part.seeds} seeds, Student-t interval`;
      return [
        [predicate.id],
        [part.of],
        say`${ledger.value({ ...own, id: key, value: part.effect, interval, unit: 'number', estimator })}`,
        say`${ledger.value({ ...own, id: `${key}.seeds`, value: part.seeds, unit: 'count', estimator: 'count' })}`,
        say`${ledger.value({ ...own, id: `${key}.verdict`, value: part.verdict, unit: 'text', estimator })}`,
      ];
    }),
  );
  const [source = ''] = ledger.sources.filter((each) => each.label === from[0]?.label).map((each) => each.id);
  return [
    {
      form: 'table',
      id,
      caption: `Published findings beside these runs (${source}). Published: ${STUDY}. SAME and DIFFERENT need three seeds, the whole interval on one side of the threshold, and seeds that agree; all else is INCONCLUSIVE. Nothing is corrected for the number of comparisons.`,
      columns: [
        { title: '', kind: 'text' },
        { title: 'finding', kind: 'wide' },
        { title: 'published', kind: 'wide' },
        { title: 'verdict', kind: 'text' },
        { title: 'why', kind: 'wide' },
      ],
      rows: findings,
    },
    {
      form: 'table',
      id: `${id}p`,
      caption: `The comparisons behind the verdicts: mean over seeds with its Student-t interval, 95 % for claims of a rise or a difference, 90 % for bounds (each side a test at 5 %). Shares are fractions of 1. All from ${source}.`,
      columns: [
        { title: '', kind: 'text' },
        { title: 'comparison', kind: 'wide' },
        { title: 'ours', kind: 'number' },
        { title: 'seeds', kind: 'number' },
        { title: 'verdict', kind: 'text' },
      ],
      rows: parts,
    },
  ];
};

/** All runs that stand for a run of the plan. */
export function allRuns({ report, load }: BlockContext): Origin {
  const { study } = report;
  if (study === null) throw new Error('The report has no study');
  const runs = studyRuns(study, load).flatMap(({ runId }) => load(runId) ?? []);
  return { label: `all runs of ${study.id}`, runs };
}
