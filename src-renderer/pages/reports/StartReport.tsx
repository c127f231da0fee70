/** Choosing what a new report is about: runs, or a study. */
import { Button, Modal, MultiSelect, SegmentedControl, Select } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useRuns, useStudies } from '../../data/queries.ts';
import type { NewReportSearch } from '../../lib/reports/request.ts';
import css from './StartReport.module.css';

export function StartReport({ variant = 'filled' }: { variant?: 'filled' | 'default' }) {
  const [opened, setOpened] = useState(false);
  return (
    <>
      <Button variant={variant} leftSection={<IconPlus size={14} />} onClick={() => setOpened(true)}>
        New report
      </Button>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title="New report"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <StartForm />
      </Modal>
    </>
  );
}

const SOURCES = [
  { value: 'runs', label: 'Runs' },
  { value: 'study', label: 'Study' },
] as const;
const SCALES = [
  { value: 'tiny', label: 'Tiny' },
  { value: 'paper', label: 'Paper' },
] as const;
const MOST_RUNS = 200;

function StartForm() {
  const navigate = useNavigate();
  const runs = useRuns().data ?? [];
  const studies = useStudies().data ?? [];
  const [source, setSource] = useState<'runs' | 'study'>('runs');
  const [chosen, setChosen] = useState<string[]>([]);
  const [study, setStudy] = useState<string | null>(null);
  const [scale, setScale] = useState<'tiny' | 'paper'>('tiny');
  const isReady = source === 'runs' ? chosen.length > 0 : study !== null;
  const search: NewReportSearch = source === 'runs' ? { runs: chosen } : { study: study ?? '', scale };
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) void navigate({ to: '/reports/new', search });
      }}
    >
      <SegmentedControl aria-label="A report of" data={[...SOURCES]} value={source} onChange={setSource} />
      {source === 'runs' ? (
        <MultiSelect
          size="xs"
          label="Runs"
          description="One run is reported by itself. Of several, those that differ only in their seed are one condition; the first is the reference."
          placeholder={chosen.length === 0 ? 'Find runs' : ''}
          searchable
          hidePickedOptions
          limit={100}
          maxValues={MOST_RUNS}
          data={runs.map(({ id, name, number }) => ({ value: id, label: `${name} #${number}` }))}
          value={chosen}
          onChange={setChosen}
          data-autofocus
        />
      ) : (
        <>
          <Select
            label="Study"
            placeholder="Choose a study"
            data={studies.map(({ id, title }) => ({ value: id, label: title }))}
            value={study}
            onChange={setStudy}
          />
          <SegmentedControl aria-label="Scale" data={[...SCALES]} value={scale} onChange={setScale} />
        </>
      )}
      <Button type="submit" disabled={!isReady} style={{ alignSelf: 'end' }}>
        Make report
      </Button>
    </form>
  );
}
