/** Every metric of every group against the pinned one: value, difference, effect size, p, and the verdict with its reason. */
import { Loader, SegmentedControl, Tooltip } from '@mantine/core';
import { IconPinFilled } from '@tabler/icons-react';
import { Fragment } from 'react';
import { metricInfo } from '../../../src-shared/charts/spec.ts';
import type { Comparison, Effect } from '../../../src-shared/comparison.ts';
import { formatMetric, formatNumber, formatSigned, NO_VALUE, unitSuffix } from '../../../src-shared/format.ts';
import { ErrorView } from '../../components/ErrorView.tsx';
import {
  betterOrWorse,
  differenceUnit,
  type EffectRow,
  effectRows,
  effectsTable,
  formatDifference,
  formatDifferenceInterval,
  formatInterval,
  powerSentence,
} from '../../lib/comparison/effects.ts';
import type { CompareView } from '../../lib/comparison/view.ts';
import { Swatch } from './Swatch.tsx';
import { TableHead } from './TableHead.tsx';
import css from './tables.module.css';
import { type Compared, useEffects } from './use-comparison.ts';
import { MetricWarning } from './Warnings.tsx';

interface EffectsTableProps {
  readonly compared: Compared;
  readonly view: CompareView;
  readonly state: { readonly isLive: boolean; readonly isBehind: boolean };
  readonly onChange: (patch: Partial<CompareView>) => void;
}

export function EffectsTable({ compared, view, state, onChange }: EffectsTableProps) {
  const { final, isWorking, error, retry } = useEffects(compared, view, state);
  const rows = final === undefined ? [] : effectRows(final, compared.comparison, view.at);
  const shown = rows.filter(({ group, effect }) => effect === null || !compared.hidden.has(group.key));
  return (
    <section aria-label="Effects">
      <TableHead title="Effects" file="effects" rows={rows.length === 0 ? null : () => effectsTable(rows)}>
        {isWorking ? (
          <span className={css.working} role="status">
            <Loader size={12} /> Resampling seeds and problems…
          </span>
        ) : (
          <span className="faint">{against(compared)}</span>
        )}
        <SegmentedControl
          aria-label="Values compared"
          ml="auto"
          data={[
            { value: 'last', label: 'Last values' },
            { value: 'common', label: 'Last common step' },
          ]}
          value={view.at}
          onChange={(at) => (at === 'last' || at === 'common') && onChange({ at })}
        />
      </TableHead>
      {error === null ? null : <ErrorView error={error} onRetry={retry} />}
      {final === undefined ? null : compared.comparison.groups.length < 2 && compared.reference.runId === null ? (
        <p className={css.none}>
          All runs are one group, so that there is nothing to hold against it. Group by other options, or pin one run.
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
        <div className={`${css.scroller} scroll`} tabIndex={0} data-behind={isWorking}>
          <table className={css.table} aria-label="Effects">
            <thead>
              <tr>
                <th>Group</th>
                <th className="number">Seeds</th>
                <th className="number">
                  <Head text="Value" help="Mean over seeds, and its 95 % interval over seeds" />
                </th>
                <th className="number">
                  <Head
                    text="Difference"
                    help="From the pinned group, with its 95 % interval: by a bootstrap over seeds and problems where validation samples are stored, else by t over seeds"
                  />
                </th>
                <th className="number">
                  <Head
                    text="Hedges' g"
                    help="The difference in standard deviations over seeds, corrected for few of them; with two pairs there is none"
                  />
                </th>
                <th className="number">
                  <Head text="p" help="Two-sided, after Holm's correction over all tests of this table" />
                </th>
                <th>
                  <Head
                    text="Verdict"
                    help="SAME: within the margin, by two one-sided tests. DIFFERENT: beyond it. Point at a verdict to read what decided"
                  />
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((row, i) => (
                <Fragment key={`${row.metric} ${row.effect === null ? '' : row.group.key}`}>
                  {shown[i - 1]?.metric === row.metric ? null : <MetricHead metric={row.metric} compared={compared} />}
                  <Row row={row} compared={compared} />
                </Fragment>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function against({ comparison, reference, runs }: Compared): string {
  const group = comparison.groups.find(({ key }) => key === reference.group);
  const run = reference.runId === null ? undefined : runs.get(reference.runId);
  return `against ${run === undefined ? (group?.label ?? '') : `#${run.number} ${run.name}`}`;
}

function Head({ text, help }: { text: string; help: string }) {
  return (
    <Tooltip label={help}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what a column means is read on focus, too */}
      <span className={css.help} tabIndex={0}>
        {text}
      </span>
    </Tooltip>
  );
}

function MetricHead({ metric, compared }: { metric: string; compared: Compared }) {
  const { title, unit } = metricInfo(metric);
  const suffix = unitSuffix(unit);
  return (
    <tr className={css.metric}>
      <th colSpan={7} scope="rowgroup">
        {title}
        <span className="faint">{suffix === '' ? '' : `, ${suffix}`}</span>{' '}
        <MetricWarning issues={compared.comparison.issues} metric={metric} />
      </th>
    </tr>
  );
}

function Row({ row: { metric, group, value, interval, effect }, compared }: { row: EffectRow; compared: Compared }) {
  const { unit } = metricInfo(metric);
  const look = compared.looks.get(group.key) ?? compared.looks.get(compared.reference.group);
  const points = differenceUnit(unit) === 'points' ? ' points' : '';
  return (
    <tr data-reference={effect === null}>
      <td className={css.group}>
        {look === undefined ? null : <Swatch look={look} />}
        <span className="ellipsis" title={group.label}>
          {group.label}
        </span>
        {effect === null ? <IconPinFilled size={12} className="faint" aria-label="pinned" /> : null}
      </td>
      <td className="number">{group.seeds.length === 0 ? NO_VALUE : group.seeds.length}</td>
      <td className="number">
        {formatMetric(unit, value)}
        {interval === null ? null : <span className={css.interval}>{formatInterval(unit, interval)}</span>}
      </td>
      {effect === null ? (
        <td colSpan={4} className="faint">
          the others are held against this
        </td>
      ) : (
        <>
          <td className="number">
            {formatDifference(unit, effect.effect)}
            {points}
            {effect.interval === null ? null : (
              <span className={css.interval} title={effect.intervalOf ?? undefined}>
                {formatDifferenceInterval(unit, effect.interval)}
              </span>
            )}
          </td>
          <td className="number">{effectSizeOf(effect)}</td>
          <td className="number" title={effect.test === null ? undefined : `${effect.test.method}, p ${effect.test.p}`}>
            {effect.test === null ? NO_VALUE : formatNumber(effect.test.pHolm, 2)}
          </td>
          <td>
            <Verdict effect={effect} differences={compared.comparison.differences} />
          </td>
        </>
      )}
    </tr>
  );
}

/** Of two pairs none is unbiased: the correction makes it 0. */
const effectSizeOf = ({ effect, effectSize }: Effect): string =>
  effectSize === null || (effectSize === 0 && effect !== 0) ? NO_VALUE : formatSigned(effectSize, 2);

interface VerdictProps {
  readonly effect: Effect;
  readonly differences: Comparison['differences'];
}

function Verdict({ effect, differences }: VerdictProps) {
  const side = betterOrWorse(effect, differences);
  const seedInterval =
    effect.seedInterval === null
      ? ''
      : ` By t over seeds: ${formatDifferenceInterval(metricInfo(effect.metric).unit, effect.seedInterval)}.`;
  const pairs = effect.pairedBy === 'seed' ? ` Paired by seed.` : '';
  const reason = `${effect.why}${effect.why.endsWith('.') ? '' : '.'}${pairs}${seedInterval}`;
  return (
    <div className={css.verdictCell}>
      <Tooltip label={reason} maw={460}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the reason is read on focus, too */}
        <span className={css.verdict} data-verdict={effect.verdict} tabIndex={0} aria-description={reason}>
          {effect.verdict}
          {side === null ? '' : `, ${side}`}
        </span>
      </Tooltip>
      {effect.verdict === 'INCONCLUSIVE' ? <span className={css.power}>{powerSentence(effect)}</span> : null}
    </div>
  );
}
