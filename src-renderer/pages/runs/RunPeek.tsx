/** A look at a run beside the list: its numbers, its first curves and what it was given, without leaving the list. */
import { ActionIcon, Tooltip } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import type { RunSummary } from '../../../src-shared/api.ts';
import type { ChartSpec } from '../../../src-shared/charts/spec.ts';
import { chartsOf } from '../../../src-shared/charts/specs.ts';
import type { MetricName } from '../../../src-shared/metrics.ts';
import { MetricChart } from '../../charts/MetricChart.tsx';
import { LinkButton } from '../../components/LinkButton.tsx';
import { RunStatus } from '../../components/RunStatus.tsx';
import { useCatalogue, useRun } from '../../data/queries.ts';
import { differences, fieldStates, formFromConfig } from '../../lib/run-form.ts';
import { NumberStrip } from '../run/NumberStrip.tsx';
import { CollapseMark } from '../run/RunHeader.tsx';
import { useChartPage } from '../run/use-chart-page.ts';
import css from './RunPeek.module.css';

const SHOWN: readonly MetricName[] = ['eval/avg@k', 'train/reward', 'train/length'];
const CHARTS: readonly ChartSpec[] = SHOWN.flatMap((metric) => chartsOf(new Set([metric])));

export function RunPeek({ run, onClose }: { readonly run: RunSummary; readonly onClose: () => void }) {
  const { page } = useChartPage(run.id);
  const detail = useRun(run.id).data;
  return (
    <aside className={`${css.peek} scroll`} aria-label="The run under the keys">
      <header className={css.head}>
        <h2 className="ellipsis" title={run.name}>
          {run.name}
        </h2>
        <span className="faint">#{run.number}</span>
        <LinkButton to="/runs/$runId" params={{ runId: run.id }} variant="default" size="compact-xs">
          Open
        </LinkButton>
        <Tooltip label="Close (Space)">
          <ActionIcon aria-label="Close" onClick={onClose}>
            <IconX size={16} />
          </ActionIcon>
        </Tooltip>
      </header>
      <div className={css.state}>
        <RunStatus status={run.status} />
        <span className="dim">
          step {run.step} of {run.steps}
        </span>
        <CollapseMark collapse={detail?.collapse ?? null} />
      </div>
      {run.error === null ? null : <p className={css.error}>{run.error}</p>}
      <NumberStrip runId={run.id} narrow />
      {page === null ? null : CHARTS.map((spec) => <MetricChart key={spec.id} spec={spec} page={page} height={132} />)}
      <Given run={run} />
    </aside>
  );
}

/** What the run was launched with, where that differs from its preset. */
function Given({ run }: { readonly run: RunSummary }) {
  const catalogue = useCatalogue().data;
  const config = useRun(run.id).data?.config;
  if (catalogue === undefined || config === undefined || (run.origin !== null && run.origin.format !== 'assay'))
    return null;
  const preset = catalogue.presets.find(({ id }) => id === config.preset);
  const changed = differences(fieldStates(catalogue, formFromConfig(catalogue, config)));
  return (
    <section aria-label="Configuration">
      <h3 className="section-title">
        {preset === undefined ? 'Launched without a preset' : `Launched from ${preset.title}`}
      </h3>
      {changed.length === 0 ? (
        <p className="faint">As the preset is.</p>
      ) : (
        <dl className={css.given}>
          {changed.map(({ path, label, from, to }) => (
            <div key={path}>
              <dt className="ellipsis" title={path}>
                {label}
              </dt>
              <dd className="ellipsis" title={`preset: ${from}`}>
                {to}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}
