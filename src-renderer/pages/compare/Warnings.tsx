/** In which respects the runs are not comparable, where it matters: all of it at the top, but for rewards of different
 * kinds, which are what such a comparison is about; and what concerns a metric beside that metric. */
import { Tooltip } from '@mantine/core';
import { IconAlertTriangle, IconChevronDown, IconChevronRight, IconInfoCircle } from '@tabler/icons-react';
import { useState } from 'react';
import type { ComparabilityIssue } from '../../../src-shared/comparison.ts';
import { formatCount } from '../../../src-shared/format.ts';
import { issueLine, issuesOfMetric, whoHas } from '../../lib/comparison/issues.ts';
import type { Compared } from './use-comparison.ts';
import css from './Warnings.module.css';

export function Warnings({ compared }: { compared: Compared }) {
  const { issues } = compared.comparison;
  const strict = issues.filter(({ severity, aspect }) => severity === 'differs' && aspect !== 'reward');
  const cautions = issues.filter(({ severity }) => severity === 'caution');
  const [opened, setOpened] = useState(false);
  if (strict.length + cautions.length === 0) return null;
  const Fold = opened ? IconChevronDown : IconChevronRight;
  return (
    <section className={css.warnings} aria-label="Comparability">
      {strict.length === 0 ? null : (
        <div className={css.strict} role="note">
          <p className={css.head}>
            <IconAlertTriangle size={16} aria-hidden />
            Not comparable: metrics named here are measured in different ways
          </p>
          <ul>
            {strict.map((issue) => (
              <Issue key={`${issue.aspect} ${issue.title}`} issue={issue} compared={compared} />
            ))}
          </ul>
        </div>
      )}
      {cautions.length === 0 ? null : (
        <>
          <button type="button" className={css.fold} aria-expanded={opened} onClick={() => setOpened(!opened)}>
            <Fold size={14} aria-hidden />
            <IconInfoCircle size={14} aria-hidden />
            {formatCount(cautions.length)} {cautions.length === 1 ? 'thing' : 'things'} to know:{' '}
            <span className="ellipsis faint">{cautions.map(({ title }) => title.toLowerCase()).join(', ')}</span>
          </button>
          {opened ? (
            <ul className={css.cautions}>
              {cautions.map((issue) => (
                <Issue key={`${issue.aspect} ${issue.title}`} issue={issue} compared={compared} />
              ))}
            </ul>
          ) : null}
        </>
      )}
    </section>
  );
}

function Issue({ issue, compared }: { issue: ComparabilityIssue; compared: Compared }) {
  const { groups } = compared.comparison;
  return (
    <li className={css.issue}>
      <p>
        <strong>{issue.title}</strong>: {issue.why}.{' '}
        <span className="faint">
          {issue.metrics.length === 0 ? 'All metrics.' : `Metrics: ${namesOf(issue.metrics)}.`}
        </span>
      </p>
      <dl className={css.values}>
        {issue.values.map(({ value, runIds }) => (
          <div key={value ?? ''}>
            <dt>{value ?? 'not recorded'}</dt>
            <dd>{whoHas(runIds, groups, compared.numberOf)}</dd>
          </div>
        ))}
      </dl>
    </li>
  );
}

const MOST_NAMED = 5;
function namesOf(metrics: readonly string[]): string {
  const names = metrics.map((name) => (name.endsWith('/') ? `${name}…` : name));
  return names.length <= MOST_NAMED
    ? names.join(', ')
    : `${names.slice(0, MOST_NAMED - 1).join(', ')} and ${names.length - MOST_NAMED + 1} more`;
}

/** Beside a metric: what of it is not comparable; nothing where all is. */
export function MetricWarning({ issues, metric }: { issues: readonly ComparabilityIssue[]; metric: string }) {
  const own = issuesOfMetric(issues, metric);
  if (own.length === 0) return null;
  const isStrict = own.some(({ severity }) => severity === 'differs');
  const text = own.map(issueLine).join('\n');
  const Icon = isStrict ? IconAlertTriangle : IconInfoCircle;
  return (
    <Tooltip label={<span style={{ whiteSpace: 'pre-line' }}>{text}</span>} maw={520}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the reason is read on focus, too */}
      <span className={css.mark} data-strict={isStrict} role="img" aria-label={`${metric}: ${text}`} tabIndex={0}>
        <Icon size={14} aria-hidden />
      </span>
    </Tooltip>
  );
}
