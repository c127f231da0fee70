/** The six numbers of a run, changed in place at most four times a second. */
import { Tooltip } from '@mantine/core';
import { metricInfo } from '../../../src-shared/charts/spec.ts';
import {
  formatMetric,
  formatPercentWithError,
  formatSigned,
  NO_VALUE,
  unitSuffix,
} from '../../../src-shared/format.ts';
import type { MetricName } from '../../../src-shared/metrics.ts';
import type { LiveRun } from '../../data/live.ts';
import { useLiveRun, useMetricsVersion } from '../../data/queries.ts';
import css from './NumberStrip.module.css';

interface Tile {
  readonly label: string;
  readonly metric: MetricName;
  readonly error?: MetricName;
}

const TILES: readonly Tile[] = [
  { label: 'Accuracy', metric: 'eval/avg@k', error: 'eval/avg@k-se' },
  { label: 'Reward', metric: 'train/reward' },
  { label: 'Length', metric: 'train/length' },
  { label: 'Token entropy', metric: 'train/token-entropy' },
];
/** Without a reference policy there is no KL; self-certainty takes its place. */
const KL: Tile = { label: 'KL', metric: 'train/kl' };
const SELF_CERTAINTY: Tile = { label: 'Self-certainty', metric: 'train/self-certainty' };
const SECONDS: Tile = { label: 'Per step', metric: 'time/step' };

/** @param narrow In two rows. */
export function NumberStrip({ runId, narrow = false }: { runId: string; narrow?: boolean }) {
  const run = useLiveRun(runId);
  useMetricsVersion(run);
  const hasKl = run?.metrics.latest('train/kl') !== undefined;
  return (
    <dl className={css.strip} data-narrow={narrow} aria-label="Latest numbers">
      {[...TILES, hasKl ? KL : SELF_CERTAINTY, SECONDS].map((tile) => (
        <NumberTile key={tile.metric} tile={tile} run={run} />
      ))}
    </dl>
  );
}

function NumberTile({ tile, run }: { tile: Tile; run: LiveRun | null }) {
  const info = metricInfo(tile.metric);
  const last = run?.metrics.latest(tile.metric);
  const first = run?.metrics.first(tile.metric);
  const change =
    last === undefined || first === undefined || last.step === first.step ? null : last.value - first.value;
  const error = tile.error === undefined || last === undefined ? undefined : run?.metrics.at(tile.error, last.step);
  const value =
    last === undefined
      ? NO_VALUE
      : tile.error === undefined
        ? formatMetric(info.unit, last.value)
        : formatPercentWithError(last.value, error);
  const inPercent = info.unit === 'fraction';
  return (
    <div className={css.tile}>
      <dt>
        <Tooltip label={info.help} position="bottom-start">
          <span className="ellipsis">{tile.label}</span>
        </Tooltip>
        {change === null ? null : (
          <Tooltip label={`Change since step ${first?.step}${inPercent ? ', in percentage points' : ''}`}>
            <span className={css.change}>{formatSigned(inPercent ? change * 100 : change, 2)}</span>
          </Tooltip>
        )}
      </dt>
      <dd>
        <span className={css.value}>{value}</span>
        <span className={css.unit}>{last === undefined ? '' : unitSuffix(info.unit)}</span>
      </dd>
    </div>
  );
}
