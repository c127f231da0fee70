/** Curves of the arms, mean over seeds with its 95 % band, on the metrics that the findings are read from. */
import { useEffect, useMemo, useRef, useState } from 'react';
import { metricInfo } from '../../../src-shared/charts/spec.ts';
import { formatCount } from '../../../src-shared/format.ts';
import type { StudyInfo } from '../../../src-shared/study.ts';
import { OverlayChart } from '../../charts/OverlayChart.tsx';
import { OverlayZoom } from '../../charts/overlay-zoom.ts';
import { ErrorView } from '../../components/ErrorView.tsx';
import { extentOf, type MetricComparison, overlayLines } from '../../lib/comparison/overlay.ts';
import { MetricWarning } from '../compare/Warnings.tsx';
import css from './Figures.module.css';
import type { Arms } from './use-arms.ts';

interface FiguresProps {
  readonly study: StudyInfo;
  readonly arms: Arms;
  /** Arms that are not drawn. */
  readonly hidden: ReadonlySet<string>;
}

export function Figures({ study, arms, hidden }: FiguresProps) {
  const { comparison, error, left } = arms;
  const [zoom] = useState(() => new OverlayZoom());
  const isFirst = useRef(true);
  useEffect(() => {
    const extent = comparison === undefined ? null : extentOf(comparison.metrics);
    if (extent === null) return;
    zoom.setExtent(extent, isFirst.current);
    isFirst.current = false;
  }, [comparison, zoom]);
  if (error !== null && comparison === undefined) return <ErrorView error={error} />;
  return (
    <section aria-label="Figures">
      <div className={css.figures}>
        {study.figures.map((metric) => (
          <Figure
            key={metric}
            metric={metric}
            of={comparison?.metrics.find((each) => each.metric === metric)}
            arms={arms}
            hidden={hidden}
            zoom={zoom}
          />
        ))}
      </div>
      {left === 0 ? null : (
        <p className="faint">
          {formatCount(left)} more runs, of the last seeds, are not drawn: too many for one figure.
        </p>
      )}
    </section>
  );
}

interface FigureProps extends Omit<FiguresProps, 'study'> {
  readonly metric: string;
  readonly of: MetricComparison | undefined;
  readonly zoom: OverlayZoom;
}

function Figure({ metric, of, arms, hidden, zoom }: FigureProps) {
  const { comparison, groupLooks, armOf } = arms;
  const { title, help, unit } = metricInfo(metric);
  const lines = useMemo(() => {
    if (of === undefined || comparison === undefined) return [];
    const keys = comparison.groups.map(({ key }) => key);
    const hiddenKeys = new Set(keys.filter((key) => hidden.has(armOf(key) ?? '')));
    return overlayLines(of, {
      ...{ groups: comparison.groups, looks: groupLooks, hidden: hiddenKeys },
      ...{ smoothing: 0, lines: false, bands: true },
    });
  }, [of, comparison, groupLooks, armOf, hidden]);
  return (
    <OverlayChart
      title={title}
      help={help}
      unit={unit}
      lines={lines}
      x="step"
      zoom={zoom}
      group="study"
      height={188}
      mark={comparison === undefined ? null : <MetricWarning issues={comparison.issues} metric={metric} />}
      empty={comparison === undefined ? 'Curves come with the second run' : 'No values so far'}
    />
  );
}
