/** One metric along the whole chain of a run, beside its matched controls: both from where the last training began. */
import { ActionIcon, Select, useComputedColorScheme } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { lineLook } from '../../../src-shared/charts/palette.ts';
import { metricInfo } from '../../../src-shared/charts/spec.ts';
import { OverlayChart } from '../../charts/OverlayChart.tsx';
import { OverlayZoom } from '../../charts/overlay-zoom.ts';
import { ErrorView } from '../../components/ErrorView.tsx';
import { useApi } from '../../data/api-context.tsx';
import { issueLine } from '../../lib/comparison/issues.ts';
import { DEFAULT_METRICS } from '../../lib/comparison/view.ts';
import { chainLines } from '../../lib/lineage/chain.ts';
import type { LineageX } from '../../lib/lineage/layout.ts';
import { Swatch } from '../compare/Swatch.tsx';
import css from './ChainChart.module.css';

interface ChainChartProps {
  readonly runId: string;
  readonly x: LineageX;
  readonly onClose: () => void;
}

export function ChainChart({ runId, x, onClose }: ChainChartProps) {
  const api = useApi();
  const scheme = useComputedColorScheme('light');
  const [metric, setMetric] = useState<string>(DEFAULT_METRICS[0] ?? '');
  const zoom = useMemo(() => new OverlayZoom(), []);
  const axis = x === 'tokens' ? 'tokens' : 'step';
  const chain = useQuery({
    queryKey: ['chain', runId, metric, axis],
    queryFn: () => api.chain({ runId, metric, x: axis }),
    placeholderData: keepPreviousData,
  });
  const data = chain.data;
  const lines = useMemo(
    () => (data === undefined ? [] : chainLines(data, (number) => lineLook(number, scheme))),
    [data, scheme],
  );
  useEffect(() => {
    const places = lines.flatMap(({ points }) => points.map((point) => point.x));
    if (places.length > 0) zoom.setExtent([0, Math.max(...places)], true);
  }, [lines, zoom]);
  const { title, help, unit } = metricInfo(metric);
  return (
    <section className={css.chain} aria-label="Along the chain">
      <div className={css.head}>
        <h2 className="section-title">Along the chain</h2>
        <Select
          aria-label="Metric of the chain"
          w={190}
          data={DEFAULT_METRICS.map((name) => ({ value: name, label: metricInfo(name).title }))}
          value={metric}
          onChange={(value) => value !== null && setMetric(value)}
        />
        <ul className={css.legend}>
          {lines.map(({ id, label, look }) => (
            <li key={id}>
              <Swatch look={look} />
              <span className="ellipsis" title={label}>
                {label}
              </span>
            </li>
          ))}
        </ul>
        <ActionIcon size={24} aria-label="Close the chain" onClick={onClose}>
          <IconX size={14} />
        </ActionIcon>
      </div>
      {chain.isError ? <ErrorView error={chain.error} onRetry={() => void chain.refetch()} /> : null}
      {data?.chain.missing === true ? (
        <p className={css.note} role="note">
          What the first of these runs started from is gone: counted from there.
        </p>
      ) : null}
      {data === undefined || data.controls.length > 0 || data.chain.stages.length < 2 ? null : (
        <p className={css.note} role="note">
          There is no matched control beside it, so that nothing can be said of what the bootstrap did.
        </p>
      )}
      {data === undefined || data.issues.length === 0 ? null : (
        <p className={css.note} role="note" title={data.issues.map(issueLine).join('\n')}>
          {data.issues.map((issue) => issue.title).join(', ')}: run and control differ in this.
        </p>
      )}
      <OverlayChart
        title={title}
        help={help}
        unit={unit}
        lines={lines}
        x={axis}
        zoom={zoom}
        group={`chain-${runId}`}
        height={176}
        empty="No values along this chain"
      />
    </section>
  );
}
