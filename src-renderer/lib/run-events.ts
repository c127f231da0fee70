/** What happened to a run, on one axis of time: from its record, its notes, its checkpoints and its validations. */
import type { Checkpoint, RunDetail, RunNote } from '../../src-shared/api.ts';
import { type Places, placeOf } from '../../src-shared/charts/places.ts';
import { formatPercent } from '../../src-shared/format.ts';

export const EVENT_LANES = [
  { id: 'run', title: 'Run' },
  { id: 'validation', title: 'Validations' },
  { id: 'checkpoint', title: 'Checkpoints' },
  { id: 'collapse', title: 'Collapse' },
  { id: 'note', title: 'Notes' },
] as const;
export type EventLane = (typeof EVENT_LANES)[number]['id'];

export interface RunHappening {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly lane: EventLane;
  readonly level: 'info' | 'warning' | 'error';
  readonly step: number | null;
  readonly text: string;
  readonly key: string;
}

const ENDS: Readonly<Partial<Record<RunDetail['status'], string>>> = {
  finished: 'Finished',
  stopped: 'Stopped',
  failed: 'Failed',
  interrupted: 'Interrupted',
};

/** When steps were stored, in milliseconds since 1970, and the validations among them. */
export interface StepTimes {
  readonly times: Places;
  readonly validations: readonly { readonly step: number; readonly accuracy: number }[];
}

const COLLAPSE = 'Collapse since step';

/** In order of time. */
export function happenings(
  run: RunDetail,
  notes: readonly RunNote[],
  checkpoints: readonly Checkpoint[],
  stepTimes: StepTimes | null,
): RunHappening[] {
  const of = (key: string, at: number | null, step: number | null, text: string, isBad = false): RunHappening[] =>
    at === null ? [] : [{ key, at, lane: 'run', level: isBad ? 'error' : 'info', step, text }];
  const end = ENDS[run.status];
  return [
    ...of('created', run.createdAt, null, 'Launched'),
    ...of('started', run.startedAt, null, 'Started'),
    ...(end === undefined
      ? []
      : of(
          'ended',
          run.endedAt,
          run.step,
          run.error === null ? end : `${end}: ${run.error}`,
          run.status === 'failed' || run.status === 'interrupted',
        )),
    ...(stepTimes === null ? [] : ofSteps(run, notes, stepTimes)),
    ...checkpoints.map(
      ({ id, createdAt, step }): RunHappening => ({
        key: id,
        at: createdAt,
        lane: 'checkpoint',
        level: 'info',
        step,
        text: 'Checkpoint written',
      }),
    ),
    ...notes.map(
      ({ id, at, step, level, message }): RunHappening => ({
        key: `note ${id}`,
        at,
        lane: message.startsWith(COLLAPSE) ? 'collapse' : 'note',
        level,
        step,
        text: message,
      }),
    ),
  ].sort((a, b) => a.at - b.at);
}

/** Validations, and the collapse where no note tells of it: one that was found only after the run. */
function ofSteps(
  { collapse }: RunDetail,
  notes: readonly RunNote[],
  { times, validations }: StepTimes,
): RunHappening[] {
  const isTold = collapse === null || notes.some(({ message }) => message.startsWith(COLLAPSE));
  return [
    ...validations.map(
      ({ step, accuracy }): RunHappening => ({
        key: `validation ${step}`,
        at: placeOf(times, step),
        lane: 'validation',
        level: 'info',
        step,
        text: `Validated: ${formatPercent(accuracy)}`,
      }),
    ),
    ...(isTold
      ? []
      : [
          {
            key: 'collapse',
            at: placeOf(times, collapse.onset),
            lane: 'collapse',
            level: 'warning',
            step: collapse.onset,
            text: `${COLLAPSE} ${collapse.onset}: ${collapse.why}`,
          } as const,
        ]),
  ];
}

/** Where each stands from 0 to 1, between the first and the last. */
export function placesOnLine(all: readonly RunHappening[]): number[] {
  const [first, last] = [all[0]?.at ?? 0, all.at(-1)?.at ?? 0];
  return all.map(({ at }) => (last === first ? 0 : (at - first) / (last - first)));
}
