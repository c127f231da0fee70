/** Choosing the runs of a comparison: found by the language of the runs page, the newest first. */
import { Button, Checkbox, Modal, TextInput, useComputedColorScheme } from '@mantine/core';
import { IconPlus, IconSearch } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import type { RunSummary } from '../../../src-shared/api.ts';
import { runColour } from '../../../src-shared/charts/palette.ts';
import { COMPARED_RUNS } from '../../../src-shared/comparison.ts';
import { formatAgo, formatCount, formatPercent } from '../../../src-shared/format.ts';
import { useNow, useRunOptions, useRuns } from '../../data/queries.ts';
import { lastAccuracy, runFields } from '../../lib/runs/fields.ts';
import { compileQuery } from '../../lib/runs/match.ts';
import css from './RunPicker.module.css';

/** Lines of the list; the query finds the others. */
const SHOWN = 60;

interface RunPickerProps {
  readonly chosen: readonly string[];
  readonly onChoose: (runIds: readonly string[]) => void;
}

export function RunPicker({ chosen, onChoose }: RunPickerProps) {
  const [opened, setOpened] = useState(false);
  return (
    <>
      <Button variant="default" leftSection={<IconPlus size={14} />} onClick={() => setOpened(true)}>
        Add runs
      </Button>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title="Runs of the comparison"
        size="lg"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <Picker chosen={chosen} onChoose={onChoose} onClose={() => setOpened(false)} />
      </Modal>
    </>
  );
}

function Picker({ chosen, onChoose, onClose }: RunPickerProps & { onClose: () => void }) {
  const runs = useRuns().data ?? [];
  const options = useRunOptions(true).data ?? null;
  const [text, setText] = useState('');
  const [ids, setIds] = useState<readonly string[]>(chosen);
  const fields = useMemo(() => runFields(options), [options]);
  const matcher = useMemo(() => compileQuery(text, fields, options !== null), [text, fields, options]);
  const found = runs.filter(matcher.matches);
  const shown = found.slice(0, SHOWN);
  const full = ids.length >= COMPARED_RUNS.most;
  const toggle = (id: string) =>
    setIds((before) => (before.includes(id) ? before.filter((other) => other !== id) : [...before, id]));
  const isAll = found.length > 0 && found.every(({ id }) => ids.includes(id));
  const toggleAll = () => {
    const shownIds = new Set(found.map(({ id }) => id));
    setIds((before) =>
      isAll
        ? before.filter((id) => !shownIds.has(id))
        : [...new Set([...before, ...shownIds])].slice(0, COMPARED_RUNS.most),
    );
  };
  return (
    <form
      className={css.picker}
      onSubmit={(event) => {
        event.preventDefault();
        onChoose(ids);
        onClose();
      }}
    >
      <TextInput
        aria-label="Find runs"
        placeholder="Find by name, or as reward:self-certainty tag:baseline"
        leftSection={<IconSearch size={14} />}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        error={matcher.faults[0]}
        data-autofocus
      />
      <div className={css.head}>
        <Checkbox
          size="xs"
          label={text === '' ? 'All, as far as they fit' : 'All that are found'}
          checked={isAll}
          onChange={toggleAll}
        />
        <span className="faint">
          {formatCount(found.length)} found · {formatCount(ids.length)} of at most {COMPARED_RUNS.most} chosen
        </span>
      </div>
      <ul className={`${css.list} scroll`} aria-label="Runs">
        {shown.map((run) => (
          <RunLine
            key={run.id}
            run={run}
            checked={ids.includes(run.id)}
            disabled={full && !ids.includes(run.id)}
            onToggle={() => toggle(run.id)}
          />
        ))}
      </ul>
      {found.length > shown.length ? (
        <p className="faint">{formatCount(found.length - shown.length)} more: type to find them</p>
      ) : null}
      <Button type="submit" disabled={ids.length < COMPARED_RUNS.least} style={{ alignSelf: 'end' }}>
        Compare {formatCount(ids.length)} {ids.length === 1 ? 'run' : 'runs'}
      </Button>
    </form>
  );
}

interface RunLineProps {
  readonly run: RunSummary;
  readonly checked: boolean;
  readonly disabled: boolean;
  readonly onToggle: () => void;
}

function RunLine({ run, checked, disabled, onToggle }: RunLineProps) {
  const scheme = useComputedColorScheme('light');
  const now = useNow();
  return (
    <li>
      <label className={css.run} htmlFor={`pick ${run.id}`}>
        <Checkbox id={`pick ${run.id}`} size="xs" checked={checked} disabled={disabled} onChange={onToggle} />
        <span className={css.colour} style={{ background: runColour(run.number, scheme) }} aria-hidden />
        <span className="ellipsis">{run.name}</span>
        <span className="faint">#{run.number}</span>
        <span className={css.facts}>
          {run.seed === null ? '' : `seed ${run.seed}`}
          <span className={css.accuracy}>{formatPercent(lastAccuracy(run))}</span>
          <span className={css.ago}>{formatAgo(run.createdAt, now)}</span>
        </span>
      </label>
    </li>
  );
}
