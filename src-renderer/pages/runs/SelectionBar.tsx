/** What can be done to the chosen runs. */
import { ActionIcon, Button, Tooltip } from '@mantine/core';
import {
  IconArrowsDiff,
  IconFileExport,
  IconFileText,
  IconPencil,
  IconPlayerStop,
  IconTrash,
  IconX,
} from '@tabler/icons-react';
import { useRouter } from '@tanstack/react-router';
import type { RunSummary } from '../../../src-shared/api.ts';
import { COMPARED_RUNS } from '../../../src-shared/comparison.ts';
import { formatCount } from '../../../src-shared/format.ts';
import css from './SelectionBar.module.css';
import { TagMenu } from './TagMenu.tsx';
import { isLive, type RunActions } from './use-run-actions.ts';

interface SelectionBarProps {
  readonly runs: readonly RunSummary[];
  /** How many of them the filter does not show. */
  readonly hidden: number;
  readonly tags: readonly string[];
  readonly actions: RunActions;
  readonly onRename: (run: RunSummary) => void;
  readonly onExport: (runs: readonly RunSummary[]) => void;
  readonly onClear: () => void;
}

export function SelectionBar({ runs, hidden, tags, actions, onRename, onExport, onClear }: SelectionBarProps) {
  const router = useRouter();
  const live = runs.filter(isLive);
  const [first] = runs;
  const ids = runs.map(({ id }) => id).join(',');
  return (
    <div className={css.bar} role="toolbar" aria-label="Chosen runs" data-bottom-bar>
      <span className={css.count}>
        {formatCount(runs.length)} chosen
        {hidden > 0 ? <span className="faint"> · {formatCount(hidden)} not shown</span> : null}
      </span>
      <Button
        variant="default"
        leftSection={<IconArrowsDiff size={14} />}
        disabled={runs.length < COMPARED_RUNS.least || runs.length > COMPARED_RUNS.most}
        title={`${COMPARED_RUNS.least} to ${COMPARED_RUNS.most} runs can be compared`}
        onClick={() => router.history.push(`/compare?runs=${ids}`)}
      >
        Compare
      </Button>
      <Button
        variant="default"
        leftSection={<IconFileText size={14} />}
        onClick={() => router.history.push(`/reports/new?runs=${ids}`)}
      >
        Report
      </Button>
      <Button variant="default" leftSection={<IconFileExport size={14} />} onClick={() => onExport(runs)}>
        Export
      </Button>
      <TagMenu runs={runs} known={tags} actions={actions} />
      {runs.length === 1 && first !== undefined ? (
        <Button variant="default" leftSection={<IconPencil size={14} />} onClick={() => onRename(first)}>
          Rename
        </Button>
      ) : null}
      {live.length === 0 ? null : (
        <Button variant="default" leftSection={<IconPlayerStop size={14} />} onClick={() => actions.stop(live)}>
          Stop{live.length < runs.length ? ` ${formatCount(live.length)}` : ''}
        </Button>
      )}
      <Tooltip label={`${formatCount(live.length)} of them still to end: stop them first`} disabled={live.length === 0}>
        <Button
          variant="default"
          leftSection={<IconTrash size={14} />}
          {...(live.length > 0 && { 'data-disabled': true })}
          aria-disabled={live.length > 0}
          onClick={() => {
            if (live.length === 0) actions.remove(runs);
          }}
        >
          Delete
        </Button>
      </Tooltip>
      <ActionIcon ml="auto" aria-label="Choose none" onClick={onClear}>
        <IconX size={16} />
      </ActionIcon>
    </div>
  );
}
