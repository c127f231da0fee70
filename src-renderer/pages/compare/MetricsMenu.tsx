/** Which metrics are compared: those that the runs have, found by a search. */
import { Button, Checkbox, Popover, TextInput } from '@mantine/core';
import { IconChartLine, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { metricInfo } from '../../../src-shared/charts/spec.ts';
import { useApi } from '../../data/api-context.tsx';
import { type CompareView, DEFAULT_METRICS } from '../../lib/comparison/view.ts';
import css from './MetricsMenu.module.css';

const MOST = 24;
/** Runs that are asked for what they have; the others have about the same. */
const ASKED = 8;

interface MetricsMenuProps {
  readonly view: CompareView;
  readonly runIds: readonly string[];
  readonly onChange: (patch: Partial<CompareView>) => void;
}

export function MetricsMenu({ view, runIds, onChange }: MetricsMenuProps) {
  const [opened, setOpened] = useState(false);
  return (
    <Popover position="bottom-end" width={360} trapFocus opened={opened} onChange={setOpened}>
      <Popover.Target>
        <Button
          flex="none"
          variant="default"
          leftSection={<IconChartLine size={14} />}
          onClick={() => setOpened(!opened)}
        >
          Metrics
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Choices view={view} runIds={runIds} onChange={onChange} />
      </Popover.Dropdown>
    </Popover>
  );
}

function Choices({ view, runIds, onChange }: MetricsMenuProps) {
  const api = useApi();
  const [search, setSearch] = useState('');
  const asked = runIds.slice(0, ASKED);
  const names = useQuery({
    queryKey: ['series-names', asked],
    queryFn: () => Promise.all(asked.map((runId) => api.seriesNames({ runId }))),
  }).data;
  const all = useMemo(() => {
    const known = new Set([...view.metrics, ...(names ?? []).flatMap((own) => own.map(({ name }) => name))]);
    return [...known].map(metricInfo).sort((a, b) => a.title.localeCompare(b.title));
  }, [names, view.metrics]);
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = all.filter(({ name, title }) => {
    const text = `${title} ${name}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const chosen = [
    ...view.metrics.flatMap((name) => found.find((metric) => metric.name === name) ?? []),
    ...found.filter(({ name }) => !view.metrics.includes(name)),
  ];
  const toggle = (name: string) => {
    const next = view.metrics.includes(name)
      ? view.metrics.filter((other) => other !== name)
      : [...view.metrics, name].slice(0, MOST);
    if (next.length > 0) onChange({ metrics: next });
  };
  return (
    <>
      <TextInput
        aria-label="Find a metric"
        placeholder="Find a metric"
        leftSection={<IconSearch size={14} />}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
        data-autofocus
      />
      <ul className={`${css.list} scroll`} aria-label="Metrics">
        {chosen.map(({ name, title }) => (
          <li key={name}>
            <label className={css.metric} title={name} htmlFor={`compare ${name}`}>
              <Checkbox
                id={`compare ${name}`}
                size="xs"
                checked={view.metrics.includes(name)}
                onChange={() => toggle(name)}
              />
              <span className="ellipsis">{title}</span>
              <span className={css.name}>{name}</span>
            </label>
          </li>
        ))}
      </ul>
      <Button variant="subtle" size="compact-xs" onClick={() => onChange({ metrics: [...DEFAULT_METRICS] })}>
        Reset
      </Button>
    </>
  );
}
