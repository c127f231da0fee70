/** Where runs come from: families of runs and checkpoints over what was trained, what can be done from each, and a run's
 * whole curve beside its control. */
import { Button, SegmentedControl, Select, Skeleton, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconBinaryTree2, IconSearch } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { formatCount } from '../../src-shared/format.ts';
import type { Lineage } from '../../src-shared/lineage.ts';
import { ErrorView } from '../components/ErrorView.tsx';
import { LinkButton } from '../components/LinkButton.tsx';
import { useListKeys } from '../components/use-list-keys.ts';
import { layoutLineage } from '../lib/lineage/layout.ts';
import { type Chosen, chosenOf, keepFamilies, matches, pathTo } from '../lib/lineage/select.ts';
import css from './LineagePage.module.css';
import { ChainChart } from './lineage/ChainChart.tsx';
import { Graph } from './lineage/Graph.tsx';
import { LineageList } from './lineage/LineageList.tsx';
import { NodePanel } from './lineage/NodePanel.tsx';
import { useLineageView, useWholeLineage } from './lineage/use-lineage.ts';

const SEARCH_MS = 200;

export function LineagePage() {
  const lineage = useWholeLineage();
  if (lineage.isError && lineage.data === undefined)
    return <ErrorView error={lineage.error} onRetry={() => void lineage.refetch()} />;
  if (lineage.data === undefined)
    return (
      <div className={css.loading} role="status" aria-label="Loading the lineage">
        <Skeleton height={320} animate={false} />
      </div>
    );
  if (lineage.data.runs.length === 0) return <Empty />;
  return <Whole lineage={lineage.data} />;
}

function Empty() {
  return (
    <div className={css.empty}>
      <IconBinaryTree2 size={32} stroke={1.25} className="faint" aria-hidden />
      <h2>No lineage yet</h2>
      <p className="dim">
        Here runs stand over what was trained, with their checkpoints, what started from which, and each bootstrapped
        run beside its matched control. It begins with a first run.
      </p>
      <LinkButton to="/new-run">Launch a first run</LinkButton>
    </div>
  );
}

function Whole({ lineage }: { lineage: Lineage }) {
  const navigate = useNavigate();
  const { view, change } = useLineageView();
  const { run: familyOf, x = 'tokens', node = null, show = 'graph', single = false } = view;
  const [text, setText] = useState(view.q ?? '');
  const [sought] = useDebouncedValue(text.trim(), SEARCH_MS);
  useEffect(() => {
    if (sought !== (view.q ?? '')) change({ q: sought === '' ? undefined : sought });
  }, [sought, view.q, change]);

  const family = useMemo(
    () => (familyOf === undefined ? lineage : keepFamilies(lineage, ({ runId }) => runId === familyOf)),
    [lineage, familyOf],
  );
  const searched = useMemo(
    () => (sought === '' ? family : keepFamilies(family, (run) => matches(run, sought))),
    [family, sought],
  );
  const related = useMemo(() => withRelations(searched), [searched]);
  const hidden = searched.runs.length - related.runs.length;
  // A single run that was asked for by name is shown; otherwise those that hang together come first.
  const isAll = single || related.runs.length === 0 || familyOf !== undefined || sought !== '';
  const shown = isAll ? searched : related;
  const layout = useMemo(() => layoutLineage(shown, x), [shown, x]);
  const lanes = useMemo(() => [...layout.laneOf.values()], [layout]);
  const chosen = useMemo(() => chosenOf(shown, node), [shown, node]);
  const active = lanes.findIndex(({ run }) => run.runId === chosen?.run.runId);
  const choose = useCallback((id: string) => change({ node: id }), [change]);
  useListKeys({
    count: lanes.length,
    active,
    onMove: (index) => {
      const lane = lanes[index];
      if (lane !== undefined) choose(lane.run.runId);
    },
    onOpen: (index) => {
      const lane = lanes[index];
      if (lane !== undefined) void navigate({ to: '/runs/$runId', params: { runId: lane.run.runId } });
    },
  });
  const found = useCallback(
    (runId: string) => {
      const run = layout.laneOf.get(runId)?.run;
      return sought === '' || (run !== undefined && matches(run, sought));
    },
    [layout, sought],
  );
  const Part = show === 'graph' ? Graph : LineageList;
  return (
    <div className={css.page}>
      <div className={css.tools}>
        <TextInput
          aria-label="Find runs"
          placeholder="Find by name, reward, study or seed"
          leftSection={<IconSearch size={14} />}
          w={250}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Select
          aria-label="Family of a run"
          placeholder="All families"
          searchable
          clearable
          limit={60}
          w={230}
          data={lineage.runs
            .toReversed()
            .map(({ runId, number, name }) => ({ value: runId, label: `#${number} ${name}` }))}
          value={familyOf ?? null}
          onChange={(runId) => change({ run: runId ?? undefined })}
        />
        <span className="faint ellipsis" role="status">
          {counted(shown.runs.length, 'run')}, {counted(shown.checkpoints.length, 'checkpoint')}
          {layout.unmeasured.length === 0 || x === 'steps'
            ? ''
            : `; ${counted(layout.unmeasured.length, 'run')} without token counts`}
        </span>
        {isAll && !single ? null : (
          <Button variant="subtle" size="compact-xs" onClick={() => change({ single: single ? undefined : true })}>
            {single ? 'Only runs that hang together' : `Show ${counted(hidden, 'single run')}`}
          </Button>
        )}
        <span className={css.right}>
          <SegmentedControl
            aria-label="X axis"
            data={[
              { value: 'tokens', label: 'Tokens' },
              { value: 'steps', label: 'Steps' },
            ]}
            value={x}
            onChange={(value) => change({ x: value === 'steps' ? 'steps' : undefined })}
          />
          <SegmentedControl
            aria-label="Show as"
            data={[
              { value: 'graph', label: 'Graph' },
              { value: 'list', label: 'List' },
            ]}
            value={show}
            onChange={(value) => change({ show: value === 'list' ? 'list' : undefined })}
          />
        </span>
      </div>
      <div className={css.split}>
        <div className={css.main}>
          {shown.runs.length === 0 ? (
            <p className={css.none}>No run is found by “{sought}”.</p>
          ) : (
            <Part layout={layout} lanes={lanes} x={x} chosen={node} active={active} found={found} onChoose={choose} />
          )}
          {chosen !== null && hasChain(lineage, chosen) ? (
            <ChainChart runId={chainOf(lineage, chosen)} x={x} onClose={() => change({ node: undefined })} />
          ) : null}
        </div>
        {chosen === null ? null : (
          <NodePanel
            lineage={lineage}
            chosen={chosen}
            onChoose={choose}
            onFamily={(runId) => change({ run: runId })}
            onClose={() => change({ node: undefined })}
          />
        )}
      </div>
    </div>
  );
}

const counted = (count: number, thing: string) => `${formatCount(count)} ${thing}${count === 1 ? '' : 's'}`;

/** Runs that something started from, that came from something, or that have a control. */
function withRelations(lineage: Lineage): Lineage {
  const owner = new Map(lineage.checkpoints.map(({ id, runId }) => [id, runId]));
  const parents = new Set(lineage.runs.flatMap(({ from }) => owner.get(from ?? '') ?? []));
  const twins = new Set(lineage.runs.flatMap(({ controlOf }) => controlOf ?? []));
  return keepFamilies(
    lineage,
    ({ runId, from, controlOf }) => from !== null || controlOf !== null || parents.has(runId) || twins.has(runId),
  );
}

/** A control is looked at beside the run that it is for. */
const chainOf = (lineage: Lineage, { run }: Chosen): string =>
  run.controlOf !== null && lineage.runs.some(({ runId }) => runId === run.controlOf) ? run.controlOf : run.runId;

const hasChain = (lineage: Lineage, chosen: Chosen): boolean => {
  const runId = chainOf(lineage, chosen);
  return pathTo(lineage, runId).length > 1 || lineage.runs.some(({ controlOf }) => controlOf === runId);
};
