/** The list of runs with its tools: what is looked for, how it is shown, and what is chosen in it. */
import { ActionIcon, Button, Menu, Select, useComputedColorScheme } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconDots, IconFileImport, IconPlus, IconTrash } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import type { RunSummary } from '../../../src-shared/api.ts';
import { formatCount } from '../../../src-shared/format.ts';
import { LinkButton } from '../../components/LinkButton.tsx';
import { useCatalogue, useNow, useQueue, useRunOptions } from '../../data/queries.ts';
import { columnInfo, measureOf, metricsOf, SUMMARIES, type ValueOf } from '../../lib/runs/columns.ts';
import { runFields } from '../../lib/runs/fields.ts';
import type { TableRow } from '../../lib/runs/groups.ts';
import { compileQuery } from '../../lib/runs/match.ts';
import { countValues } from '../../lib/runs/suggest.ts';
import css from '../RunsPage.module.css';
import { ColumnsMenu } from './ColumnsMenu.tsx';
import type { CellContext } from './cells.tsx';
import { ExportDialog } from './ExportDialog.tsx';
import { QueryBar } from './QueryBar.tsx';
import { QueueMenu } from './QueueMenu.tsx';
import { RenameDialog } from './RenameDialog.tsx';
import { RunsTable } from './RunsTable.tsx';
import { SelectionBar } from './SelectionBar.tsx';
import type { RunActions } from './use-run-actions.ts';
import { useRunKeys } from './use-run-keys.ts';
import { useRunValues } from './use-run-values.ts';
import { useRunsView } from './use-runs-view.ts';
import { useSelection } from './use-selection.ts';
import { ViewsMenu } from './ViewsMenu.tsx';

/** With the charts, which the list does without. */
const RunPeek = lazy(async () => ({ default: (await import('./RunPeek.tsx')).RunPeek }));

/** Typing must have settled for so long before the address says what was typed. */
const ADDRESS_MS = 400;
const NOBODY: readonly RunSummary[] = [];

interface RunsListProps {
  readonly runs: RunSummary[];
  readonly actions: RunActions;
  readonly onBin: () => void;
}

export function RunsList({ runs, actions, onBin }: RunsListProps) {
  const navigate = useNavigate();
  const scheme = useComputedColorScheme('light');
  const now = useNow();
  const catalogue = useCatalogue().data;
  const queue = useQueue().data;
  const options = useRunOptions(true).data ?? null;
  const { view, change } = useRunsView();
  const [text, setText] = useQueryText(view.q, change);
  const input = useRef<HTMLInputElement>(null);

  const fields = useMemo(() => runFields(options), [options]);
  const query = useDeferredValue(text);
  const matcher = useMemo(() => compileQuery(query, fields, options !== null), [query, fields, options]);
  const found = useMemo(() => runs.filter(matcher.matches), [runs, matcher]);
  const columns = useMemo(
    () => view.columns.flatMap((id) => columnInfo(id, catalogue) ?? []),
    [view.columns, catalogue],
  );
  const groupField = fields.find(({ key }) => key === view.group) ?? null;
  const isGrouped = groupField !== null;

  const [drawn, setDrawn] = useState<readonly RunSummary[]>([]);
  const shownMetrics = useMemo(() => metricsOf(view.columns), [view.columns]);
  const neededMetrics = useMemo(
    () => metricsOf([view.sort.replace(/^-/, ''), ...(isGrouped ? [view.measure] : [])]),
    [view.sort, view.measure, isGrouped],
  );
  const drawnValues = useRunValues(drawn, shownMetrics);
  const allValues = useRunValues(neededMetrics.length === 0 ? NOBODY : found, neededMetrics);
  const lookup: ValueOf = useCallback(
    (runId, metric) => allValues(runId, metric) ?? drawnValues(runId, metric),
    [allValues, drawnValues],
  );

  const places = useMemo(() => new Map((queue ?? []).map((id, index) => [id, index + 1])), [queue]);
  const rewardTitles = useMemo(() => {
    const members = catalogue?.groups.find((g) => g.id === 'reward')?.members ?? [];
    return new Map(members.map((m) => [m.id, m.title]));
  }, [catalogue]);
  const open = useCallback((runId: string) => void navigate({ to: '/runs/$runId', params: { runId } }), [navigate]);
  const context: CellContext = useMemo(
    () => ({ rewardTitles, fields, lookup, places, now, scheme, onOpen: open }),
    [rewardTitles, fields, lookup, places, now, scheme, open],
  );

  const selection = useSelection(runs);
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const toggleGroup = useCallback((id: string) => {
    setCollapsed((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);
  const [rows, setRows] = useState<readonly TableRow[]>([]);
  const [renaming, setRenaming] = useState<RunSummary | null>(null);
  const [exporting, setExporting] = useState<readonly RunSummary[] | null>(null);
  const [peeking, setPeeking] = useState(false);
  const active = useRunKeys({
    rows,
    selection,
    actions,
    queue: queue ?? [],
    onOpen: open,
    onToggleGroup: toggleGroup,
    onRename: setRenaming,
    onPeek: () => setPeeking((before) => !before),
  });
  const row = rows[active];
  useHotkeys([['/', () => input.current?.focus()]]);

  const tagField = fields.find(({ key }) => key === 'tag');
  const tags = useMemo(() => (tagField === undefined ? [] : [...countValues(tagField, runs).keys()]), [tagField, runs]);
  const waiting = (queue ?? []).flatMap((id) => runs.find((run) => run.id === id) ?? []);
  const foundIds = useMemo(() => new Set(found.map(({ id }) => id)), [found]);
  const hidden = selection.runs.filter(({ id }) => !foundIds.has(id)).length;

  return (
    <div className={css.page}>
      <div className={css.tools}>
        <QueryBar ref={input} value={text} onChange={setText} faults={matcher.faults} fields={fields} runs={runs} />
        <span className={css.count} role="status">
          {found.length === runs.length
            ? `${formatCount(runs.length)} ${runs.length === 1 ? 'run' : 'runs'}`
            : `${formatCount(found.length)} of ${formatCount(runs.length)}`}
        </span>
        <Select
          aria-label="Group by"
          placeholder="Group by"
          w={150}
          ml="auto"
          searchable
          clearable
          allowDeselect
          limit={60}
          data={groupChoices(fields)}
          value={view.group}
          onChange={(group) => change({ group })}
        />
        {groupField === null ? null : (
          <Select
            aria-label="Mean of"
            w={190}
            searchable
            limit={60}
            data={measureChoices(catalogue?.metrics ?? [])}
            value={view.measure}
            onChange={(measure) => change({ measure: measure ?? 'last' })}
          />
        )}
        <ColumnsMenu layout={view} columns={columns} catalogue={catalogue} options={options} onLayout={change} />
        <ViewsMenu
          view={view}
          onOpen={(saved) => {
            change(saved);
            setText(saved.q);
          }}
        />
        {waiting.length === 0 ? null : <QueueMenu runs={waiting} onMove={actions.move} />}
        <Menu>
          <Menu.Target>
            <ActionIcon aria-label="More">
              <IconDots size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              leftSection={<IconFileImport size={14} />}
              onClick={() => void navigate({ to: '/import', search: {} })}
            >
              Import runs
            </Menu.Item>
            <Menu.Item leftSection={<IconTrash size={14} />} onClick={onBin}>
              Bin
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
        <LinkButton to="/new-run" leftSection={<IconPlus size={14} />}>
          New run
        </LinkButton>
      </div>
      {found.length === 0 ? (
        <div className={css.none}>
          <p>No run matches “{text}”.</p>
          <Button variant="default" onClick={() => setText('')}>
            Show all {formatCount(runs.length)}
          </Button>
        </div>
      ) : (
        <div className={css.body}>
          <RunsTable
            runs={found}
            view={view}
            onView={change}
            columns={columns}
            context={context}
            sortLookup={allValues}
            groupField={groupField}
            measureUnit={
              catalogue?.metrics.find(({ name }) => name === measureOf(view.measure)?.metric)?.unit ?? 'number'
            }
            collapsed={collapsed}
            onCollapse={toggleGroup}
            chosen={selection.ids}
            onChoose={selection.choose}
            onChooseAll={selection.chooseAll}
            active={active}
            onRows={setRows}
            onDrawn={setDrawn}
          />
          {peeking && row?.kind === 'run' ? (
            <Suspense>
              <RunPeek run={row.run} onClose={() => setPeeking(false)} />
            </Suspense>
          ) : null}
        </div>
      )}
      {selection.runs.length === 0 ? null : (
        <SelectionBar
          runs={selection.runs}
          hidden={hidden}
          tags={tags}
          actions={actions}
          onRename={setRenaming}
          onExport={setExporting}
          onClear={selection.clear}
        />
      )}
      <ExportDialog runs={exporting} onClose={() => setExporting(null)} />
      <RenameDialog run={renaming} onClose={() => setRenaming(null)} onRename={actions.rename} />
    </div>
  );
}

/** What is typed, at once; the address follows. An address that was opened is taken over. */
function useQueryText(inAddress: string, change: ReturnType<typeof useRunsView>['change']) {
  const [text, setText] = useState(inAddress);
  const told = useRef(inAddress);
  useEffect(() => {
    if (inAddress === told.current) return;
    told.current = inAddress;
    setText(inAddress);
  }, [inAddress]);
  useEffect(() => {
    if (text === told.current) return;
    const timer = setTimeout(() => {
      told.current = text;
      change({ q: text });
    }, ADDRESS_MS);
    return () => clearTimeout(timer);
  }, [text, change]);
  return [text, setText] as const;
}

const UNGROUPABLE = new Set(['name', 'number', 'id', 'accuracy', 'best', 'step']);

function groupChoices(fields: ReturnType<typeof runFields>) {
  return fields
    .filter(({ key }) => !UNGROUPABLE.has(key))
    .map(({ key, title }) => ({ value: key, label: key === title ? key : title }));
}

function measureChoices(metrics: readonly { readonly name: string; readonly title: string }[]) {
  return [
    { value: 'last', label: 'Last accuracy' },
    { value: 'best', label: 'Best accuracy' },
    ...metrics.flatMap(({ name, title }) =>
      SUMMARIES.map((summary) => ({ value: `${summary}:${name}`, label: `${title}, ${summary}` })),
    ),
  ];
}
