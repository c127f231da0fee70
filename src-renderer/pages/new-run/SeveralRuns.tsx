/** More than one run from the form: seeds, and a grid over a few options, with what they take together. */
import { ActionIcon, Button, Select, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { formatBytes, formatExact, formatRoughly } from '../../../src-shared/format.ts';
import { useApi } from '../../data/api-context.tsx';
import { type Axis, MOST_AXES, type Plan, type Several } from '../../lib/new-run/plan.ts';
import type { FieldState } from '../../lib/run-form.ts';
import { Section } from './Section.tsx';
import css from './SeveralRuns.module.css';

const ASK_AFTER_MS = 500;
const NAMED = 6;

interface SeveralRunsProps {
  readonly several: Several;
  readonly plan: Plan;
  /** The preset beneath, as the app knows it. */
  readonly preset: string | null;
  readonly fields: readonly FieldState[];
  readonly onChange: (several: Several) => void;
}

export function SeveralRuns({ several, plan, preset, fields, onChange }: SeveralRunsProps) {
  const isUsed = several.seeds !== '' || several.axes.length > 0;
  const [opened, setOpened] = useState(isUsed);
  const { seeds, axes } = several;
  const fault = (at: Plan['faults'][number]['at']) => plan.faults.find((each) => each.at === at)?.message;
  const setAxis = (at: number, axis: Axis) =>
    onChange({ ...several, axes: axes.map((other, i) => (i === at ? axis : other)) });
  const choices = useMemo(
    () =>
      fields
        .filter(({ path, inert }) => path !== 'seeds.run' && inert === null)
        .map(({ path, option }) => ({ value: path, label: `${option.label} (${path})` })),
    [fields],
  );
  return (
    <Section
      title="Several runs"
      opened={opened}
      onToggle={() => setOpened(!opened)}
      summary={plan.runs.length > 1 ? `${plan.runs.length} runs` : 'Seeds, or a grid over options'}
      marks={plan.faults.length === 0 ? null : <span className={css.fault}>1 error</span>}
    >
      <div className={css.rows}>
        <TextInput
          label="Seeds to run"
          inputWrapperOrder={['label', 'input', 'error', 'description']}
          description="One run for each: 1-3, or 1, 5, 9. A difference between single runs can be chance; three seeds begin to show it."
          placeholder="as above"
          value={seeds}
          error={fault('seeds')}
          autoComplete="off"
          onChange={(event) => onChange({ ...several, seeds: event.currentTarget.value })}
        />
        {axes.map((axis, at) => {
          const field = fields.find(({ path }) => path === axis.path);
          const name = `option ${at + 1}`;
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: an axis is its place
            <div className={css.axis} key={at}>
              <Select
                aria-label={`Vary ${name}`}
                placeholder="Option to vary"
                searchable
                data={choices}
                value={axis.path === '' ? null : axis.path}
                onChange={(path) => {
                  const now = fields.find((each) => each.path === path);
                  setAxis(at, { path: path ?? '', values: now === undefined ? '' : formatExact(now.value) });
                }}
                comboboxProps={{ width: 360, position: 'bottom-start' }}
              />
              <TextInput
                aria-label={`Values of ${name}`}
                placeholder="Values, with commas between"
                value={axis.values}
                error={fault(at)}
                autoComplete="off"
                onChange={(event) => setAxis(at, { ...axis, values: event.currentTarget.value })}
              />
              <ActionIcon
                aria-label={`Remove ${name}`}
                onClick={() => onChange({ ...several, axes: axes.filter((_, i) => i !== at) })}
              >
                <IconX size={14} />
              </ActionIcon>
              {field?.option.kind === 'choice' ? (
                <p className={css.offer}>{field.option.choices.map(({ value }) => value).join(', ')}</p>
              ) : null}
            </div>
          );
        })}
        <div>
          <Button
            variant="default"
            leftSection={<IconPlus size={14} />}
            disabled={axes.length >= MOST_AXES}
            onClick={() => onChange({ ...several, axes: [...axes, { path: '', values: '' }] })}
          >
            Vary an option
          </Button>
        </div>
        {fault('count') === undefined ? null : <p className={css.fault}>{fault('count')}</p>}
        {plan.runs.length > 1 ? <Together plan={plan} preset={preset} /> : null}
      </div>
    </Section>
  );
}

/** How many, what they are called, and what they take together. */
function Together({ plan, preset }: { plan: Plan; preset: string | null }) {
  const api = useApi();
  const request = useMemo(
    () => JSON.stringify({ runs: plan.runs.map(({ values }) => ({ preset, values })) }),
    [plan, preset],
  );
  const [settled] = useDebouncedValue(request, ASK_AFTER_MS);
  const { data, error, isPlaceholderData } = useQuery({
    queryKey: ['estimate-runs', settled],
    queryFn: () => api.estimateRuns(JSON.parse(settled)),
    retry: false,
    gcTime: 30_000,
    placeholderData: (previous) => previous,
  });
  const { runs } = plan;
  return (
    <div className={css.together} aria-busy={isPlaceholderData || settled !== request}>
      <p>
        <b>{runs.length} runs</b>, one after another
        {data === undefined ? null : (
          <>
            : {data.seconds === null ? 'time unknown' : `about ${formatRoughly(data.seconds.total)}`},{' '}
            {formatBytes(data.disk.bytes)} of disk ({formatBytes(data.disk.freeBytes)} free)
          </>
        )}
        .{error === null ? null : <span className={css.fault}> No estimate: {error.message}</span>}
      </p>
      <ul>
        {runs.slice(0, NAMED).map(({ name }) => (
          <li key={name}>{name}</li>
        ))}
        {runs.length > NAMED ? <li className="faint">and {runs.length - NAMED} more</li> : null}
      </ul>
    </div>
  );
}
