/** What the run would take of this machine: asked a moment after the last change, and never in the way of typing. */
import { useDebouncedValue } from '@mantine/hooks';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useMemo, useState } from 'react';
import type { Estimate as Estimated, EstimatePhase } from '../../../src-shared/estimate.ts';
import { formatBytes, formatCount, formatDuration, formatRoughly, NO_VALUE } from '../../../src-shared/format.ts';
import { useApi } from '../../data/api-context.tsx';
import { changedValues, type FieldState } from '../../lib/run-form.ts';
import css from './Estimate.module.css';

const ASK_AFTER_MS = 500;
/** How often a rate that is being measured is asked for. */
const MEASURING_MS = 2000;

interface EstimateProps {
  readonly preset: string | null;
  readonly fields: readonly FieldState[];
  readonly onShow: (field: FieldState) => void;
}

export function Estimate({ preset, fields, onShow }: EstimateProps) {
  const { data, error, isStale } = useEstimate(preset, fields);
  const show = (path: string) => {
    const field = fields.find((each) => each.path === path);
    if (field !== undefined) onShow(field);
  };
  return (
    <section className={css.estimate} aria-label="Estimate" aria-busy={isStale}>
      <h2 className="section-title">
        Estimate{' '}
        {data === undefined ? null : (
          <span className={css.engine}>{isStale ? 'of before the change' : data.engine}</span>
        )}
      </h2>
      {data === undefined ? (
        <p className="faint">{error === null ? 'Working it out…' : `None: ${error.message}`}</p>
      ) : (
        <div>
          <Figures estimate={data} />
          <Faults estimate={data} onShow={show} />
        </div>
      )}
    </section>
  );
}

function Figures({ estimate }: { estimate: Estimated }) {
  const { peakBytes, peakPhase, availableBytes, fits, rough, seconds, measuring, disk } = estimate;
  const waiting = measuring ? 'measuring how fast this engine is…' : 'nothing to go by';
  return (
    <div className={css.figures}>
      <dl>
        <Figure
          label="Memory"
          value={formatBytes(peakBytes)}
          of={`of ${formatBytes(availableBytes)} free`}
          isMuch={!fits}
        >
          {PEAKS[peakPhase]}
          {rough ? ', as a CPU would hold it: rough for a GPU' : ''}
        </Figure>
      </dl>
      <MemoryParts estimate={estimate} />
      <dl className={css.figures}>
        {seconds?.perStep === 0 ? null : (
          <Figure label="A step" value={seconds === null ? NO_VALUE : formatDuration(seconds.perStep)} />
        )}
        <Figure
          label="In total"
          value={seconds === null ? NO_VALUE : formatRoughly(seconds.total)}
          of={seconds === null ? undefined : `${formatRoughly(seconds.low)} to ${formatRoughly(seconds.high)}`}
        >
          {seconds?.ground ?? waiting}
        </Figure>
        <Figure
          label="Disk"
          value={formatBytes(disk.bytes)}
          of={`of ${formatBytes(disk.freeBytes)} free`}
          isMuch={!disk.fits}
        >
          {formatCount(disk.checkpoints)} {disk.checkpoints === 1 ? 'checkpoint' : 'checkpoints'} of{' '}
          {formatBytes(disk.checkpoints === 0 ? 0 : disk.checkpointBytes / disk.checkpoints)}; {disk.ground}
        </Figure>
      </dl>
    </div>
  );
}

const PEAKS: Readonly<Record<EstimatePhase, string>> = {
  loading: 'at its peak, when the policy is loaded',
  sampling: 'at its peak, when rollouts are sampled',
  scoring: 'at its peak, when rollouts are scored',
  updating: 'at its peak, in updates',
  saving: 'at its peak, when a checkpoint is written',
};

interface FigureProps {
  readonly label: string;
  readonly value: string;
  readonly of?: string | undefined;
  readonly isMuch?: boolean;
  readonly children?: ReactNode;
}

function Figure({ label, value, of, isMuch = false, children }: FigureProps) {
  return (
    <div className={css.figure}>
      <dt>{label}</dt>
      <dd>
        <span className={isMuch ? css.much : css.value}>{value}</span>
        {of === undefined ? null : <span className="faint"> {of}</span>}
        {children === undefined ? null : <span className={css.ground}>{children}</span>}
      </dd>
    </div>
  );
}

/** By part, the largest first: what each gets to, whenever that is. */
function MemoryParts({ estimate }: { estimate: Estimated }) {
  const [opened, setOpened] = useState(false);
  const parts = estimate.memory.toSorted((a, b) => b.bytes - a.bytes);
  return (
    <div className={css.parts}>
      <button type="button" className={css.fold} aria-expanded={opened} onClick={() => setOpened(!opened)}>
        {opened ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />}
        Memory by part
      </button>
      {opened ? (
        <table>
          <thead>
            <tr>
              <th scope="col">Part</th>
              <th scope="col">Most</th>
              <th scope="col">At peak</th>
            </tr>
          </thead>
          <tbody>
            {parts.map(({ id, title, bytes, peakBytes }) => (
              <tr key={id}>
                <th scope="row">{title}</th>
                <td>{formatBytes(bytes)}</td>
                <td>{peakBytes === 0 ? NO_VALUE : formatBytes(peakBytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </div>
  );
}

function Faults({ estimate, onShow }: { estimate: Estimated; onShow: (path: string) => void }) {
  const { refusal, fits, disk, advice } = estimate;
  const tight = fits && disk.fits ? null : 'More than is free now: it may fail, or slow this machine down.';
  return (
    <>
      {refusal !== null ? (
        <p className={css.refusal} role="alert">
          Will not be launched: {refusal.message.replace(`${refusal.path}: `, '')}
        </p>
      ) : tight === null ? null : (
        <p className={css.warning}>{tight}</p>
      )}
      {advice.length === 0 ? null : (
        <ul className={css.advice} aria-label="What would help">
          {advice.map(({ path, value, text }) => (
            <li key={`${path} ${value}`}>
              <button type="button" onClick={() => onShow(path)}>
                {text}
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** The estimate of what is typed; while another is worked out, or something typed is at fault, the last one, stale. */
function useEstimate(preset: string | null, fields: readonly FieldState[]) {
  const api = useApi();
  const sound = fields.every((field) => field.fault === null);
  const request = useMemo(() => JSON.stringify({ preset, values: changedValues(fields) }), [preset, fields]);
  const [settled] = useDebouncedValue(request, ASK_AFTER_MS);
  const { data, error, isPlaceholderData } = useQuery({
    queryKey: ['estimate-run', settled],
    queryFn: () => api.estimateRun(JSON.parse(settled)),
    enabled: sound,
    retry: false,
    gcTime: 30_000,
    placeholderData: (previous) => previous,
    refetchInterval: ({ state }) => (state.data?.measuring ? MEASURING_MS : false),
  });
  return { data, error, isStale: isPlaceholderData || settled !== request || !sound };
}
