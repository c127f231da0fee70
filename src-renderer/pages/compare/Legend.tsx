/** The groups of a comparison, beside every part of the page: what is drawn, what the others are held against, which runs
 * belong together. With a value each: at the crosshair, or the last. */
import { ActionIcon, Tooltip } from '@mantine/core';
import { IconChevronDown, IconChevronRight, IconEyeOff, IconPin, IconPinFilled, IconX } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState, useSyncExternalStore } from 'react';
import type { XAxisKind } from '../../../src-shared/charts/overlay.ts';
import { formatX } from '../../../src-shared/charts/overlay.ts';
import { metricInfo } from '../../../src-shared/charts/spec.ts';
import type { ComparedGroup } from '../../../src-shared/comparison.ts';
import { formatCount, formatMetric, NO_VALUE } from '../../../src-shared/format.ts';
import { type CompareView, withoutRun } from '../../lib/comparison/view.ts';
import css from './Legend.module.css';
import type { Pointed } from './pointed.ts';
import { Swatch } from './Swatch.tsx';
import type { Compared } from './use-comparison.ts';

interface LegendProps {
  readonly compared: Compared;
  readonly view: CompareView;
  readonly onChange: (patch: Partial<CompareView>) => void;
  readonly pointed: Pointed;
  readonly x: XAxisKind;
}

export function Legend({ compared, view, onChange, pointed, x }: LegendProps) {
  const { comparison, hidden } = compared;
  const at = useSyncExternalStore(pointed.subscribe, () => pointed.at);
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const metric = comparison.metrics.find((m) => m.metric === at?.metric) ?? comparison.metrics[0];
  if (metric === undefined) return null;
  const info = metricInfo(metric.metric);
  const toggle = (key: string) =>
    onChange({ hidden: hidden.has(key) ? view.hidden.filter((other) => other !== key) : [...view.hidden, key] });
  const fold = (key: string) =>
    setOpened((before) => {
      const next = new Set(before);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  return (
    <>
      <p className={css.what} aria-live="off">
        <span className="ellipsis">{info.title}</span>
        <span className="faint">{at === null ? 'last' : `${x === 'step' ? 'step ' : ''}${formatX(x, at.x)}`}</span>
      </p>
      <ul className={css.groups} aria-label="Groups">
        {comparison.groups.map((group) => {
          const isHidden = hidden.has(group.key);
          const value = pointed.valueOf(metric, group.key);
          return (
            <li key={group.key}>
              <Row
                group={group}
                compared={compared}
                isHidden={isHidden}
                isOpen={opened.has(group.key)}
                value={value === null ? NO_VALUE : formatMetric(info.unit, value)}
                onToggle={() => toggle(group.key)}
                onFold={() => fold(group.key)}
                onPin={() => onChange({ reference: group.key })}
              />
              {opened.has(group.key) ? (
                <Runs
                  group={group}
                  compared={compared}
                  onPin={(runId) => onChange({ reference: runId })}
                  onRemove={(runId) => onChange(withoutRun(view, runId))}
                />
              ) : null}
            </li>
          );
        })}
      </ul>
    </>
  );
}

interface RowProps {
  readonly group: ComparedGroup;
  readonly compared: Compared;
  readonly isHidden: boolean;
  readonly isOpen: boolean;
  readonly value: string;
  readonly onToggle: () => void;
  readonly onFold: () => void;
  readonly onPin: () => void;
}

function Row({ group, compared, isHidden, isOpen, value, onToggle, onFold, onPin }: RowProps) {
  const { looks, reference } = compared;
  const look = looks.get(group.key);
  const isReference = reference.group === group.key && reference.runId === null;
  const Fold = isOpen ? IconChevronDown : IconChevronRight;
  return (
    <div className={css.row} data-hidden={isHidden} data-reference={isReference}>
      <button
        type="button"
        className={css.fold}
        aria-expanded={isOpen}
        aria-label={`Runs of ${group.label}`}
        onClick={onFold}
      >
        <Fold size={14} aria-hidden />
      </button>
      <button type="button" className={css.main} aria-pressed={!isHidden} title={group.label} onClick={onToggle}>
        {look === undefined ? null : <Swatch look={look} dimmed={isHidden} />}
        <span className={css.label}>{group.label}</span>
        {group.runIds.length > 1 ? <span className={css.count}>×{formatCount(group.runIds.length)}</span> : null}
        <span className={css.value}>{value}</span>
        {isHidden ? <IconEyeOff size={14} className="faint" aria-hidden /> : null}
      </button>
      <Tooltip label={isReference ? 'The others are held against this one' : 'Hold the others against this one'}>
        <ActionIcon size={24} aria-label={`Pin ${group.label}`} aria-pressed={isReference} onClick={onPin}>
          {isReference ? <IconPinFilled size={14} /> : <IconPin size={14} />}
        </ActionIcon>
      </Tooltip>
    </div>
  );
}

interface RunsProps {
  readonly group: ComparedGroup;
  readonly compared: Compared;
  readonly onPin: (runId: string) => void;
  readonly onRemove: (runId: string) => void;
}

function Runs({ group, compared: { runs, reference }, onPin, onRemove }: RunsProps) {
  return (
    <ul className={css.runs} aria-label={`Runs of ${group.label}`}>
      {group.runIds.map((runId) => {
        const run = runs.get(runId);
        const isReference = reference.runId === runId;
        const name = run === undefined ? runId : `${run.name} #${run.number}`;
        return (
          <li key={runId}>
            <Link to="/runs/$runId" params={{ runId }} className="ellipsis" title={name}>
              {name}
            </Link>
            <span className="faint">{run === undefined || run.seed === null ? '' : `seed ${run.seed}`}</span>
            {group.runIds.length === 1 ? null : (
              <Tooltip label="Hold the others against this run alone">
                <ActionIcon
                  size={22}
                  aria-label={`Pin ${name}`}
                  aria-pressed={isReference}
                  onClick={() => onPin(runId)}
                >
                  {isReference ? <IconPinFilled size={12} /> : <IconPin size={12} />}
                </ActionIcon>
              </Tooltip>
            )}
            <ActionIcon size={22} aria-label={`Take ${name} out`} onClick={() => onRemove(runId)}>
              <IconX size={12} />
            </ActionIcon>
          </li>
        );
      })}
    </ul>
  );
}
