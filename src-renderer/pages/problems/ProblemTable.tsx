/** The problems of a set, those on screen alone in the page: search, split, and by the keyboard j, k and Enter. */
import { SegmentedControl, TextInput } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import { formatCount, NO_VALUE } from '../../../src-shared/format.ts';
import { SPLITS, type Split } from '../../../src-shared/problem.ts';
import type { ProblemReport } from '../../../src-shared/problem-sets.ts';
import { ErrorView } from '../../components/ErrorView.tsx';
import { keysAreTaken, useListKeys } from '../../components/use-list-keys.ts';
import type { ProblemSet } from '../../lib/problems/view.ts';
import css from './ProblemTable.module.css';
import { SPLIT_TITLES } from './Summary.tsx';
import { type ListedProblem, useProblemList } from './use-problems.ts';

const LINE_PX = 32;
const ALL = 'all';

interface ProblemTableProps {
  readonly set: ProblemSet;
  readonly report: ProblemReport;
  /** Problems of all splits. */
  readonly total: number;
  /** Null: all. */
  readonly split: Split | null;
  readonly query: string;
  readonly opened: { readonly split: Split; readonly id: string } | null;
  readonly onSplit: (split: Split | null) => void;
  readonly onQuery: (query: string) => void;
  readonly onOpen: (split: Split, id: string) => void;
  readonly onClose: () => void;
}

export function ProblemTable(props: ProblemTableProps) {
  const { set, report, total, split, query, opened, onSplit, onQuery, onOpen, onClose } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [shown, setShown] = useState({ first: 0, last: 0 });
  const list = useProblemList(set, { split, query }, shown);
  const count = list.found ?? 0;
  const [active, setActive] = useState(-1);
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    overscan: 12,
    onChange: ({ range }) => {
      const { startIndex: first = 0, endIndex: last = 0 } = range ?? {};
      setShown((before) => (before.first === first && before.last === last ? before : { first, last }));
    },
  });
  const isOpen = (problem: ListedProblem | undefined) =>
    problem !== undefined && problem.id === opened?.id && problem.split === opened.split;
  const items = virtual.getVirtualItems();
  // What was opened from elsewhere is where j and k go on from, as far as it is on screen.
  const openedAt = items.find(({ index }) => isOpen(list.at(index)))?.index;
  const at = openedAt ?? Math.min(active, count - 1);
  const move = (index: number) => {
    setActive(index);
    virtual.scrollToIndex(index, { align: 'auto' });
    const problem = list.at(index);
    // What is read beside the list follows.
    if (opened !== null && problem !== undefined) onOpen(problem.split, problem.id);
  };
  useListKeys({
    count,
    active: at,
    onMove: move,
    onOpen: (index) => {
      const problem = list.at(index);
      if (problem !== undefined) onOpen(problem.split, problem.id);
    },
  });
  useHotkeys([['Escape', () => opened !== null && !keysAreTaken() && onClose()]]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is asked for changes the list
  useEffect(() => {
    setActive(-1);
    scroller.current?.scrollTo({ top: 0 });
  }, [split, query]);

  const filled = report.splits.flatMap((each) => (each.problems > 0 ? [each.split] : []));
  const above = items[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <section className={css.list} aria-label="Problems">
      <div className={css.tools}>
        <TextInput
          className={css.search}
          aria-label="Find problems"
          placeholder="Find by id, statement, code or difficulty"
          leftSection={<IconSearch size={14} />}
          value={query}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => onQuery(event.currentTarget.value)}
        />
        {filled.length < 2 && split === null ? null : (
          <SegmentedControl
            aria-label="Split"
            data={[
              { value: ALL, label: 'All' },
              ...SPLITS.filter((each) => each === split || filled.includes(each)).map((value) => ({
                value,
                label: SPLIT_TITLES[value],
              })),
            ]}
            value={split ?? ALL}
            onChange={(value) => onSplit(SPLITS.find((each) => each === value) ?? null)}
          />
        )}
        <span className={css.count} role="status">
          {list.found === undefined
            ? ''
            : list.found === total
              ? `${formatCount(total)} ${total === 1 ? 'problem' : 'problems'}`
              : `${formatCount(list.found)} of ${formatCount(total)}`}
        </span>
      </div>
      {list.error === null ? null : <ErrorView error={list.error} />}
      <div ref={scroller} className={`${css.scroller} scroll`}>
        <table className={css.table} aria-label="Problems" aria-rowcount={count + 1}>
          <thead>
            <tr>
              <th scope="col" className={css.id}>
                Problem
              </th>
              <th scope="col" className={css.split}>
                Split
              </th>
              <th scope="col">Asks</th>
              <th scope="col" className={css.difficulty}>
                Difficulty
              </th>
              <th scope="col" className={`${css.tests} number`}>
                Tests
              </th>
              <th scope="col" className={css.date}>
                Date
              </th>
            </tr>
          </thead>
          <tbody>
            {above > 0 ? <tr style={{ height: above }} aria-hidden /> : null}
            {items.map(({ index }) => (
              <Line
                key={index}
                index={index}
                problem={list.at(index)}
                isActive={index === at}
                isOpen={isOpen(list.at(index))}
                onOpen={(problem) => {
                  setActive(index);
                  onOpen(problem.split, problem.id);
                }}
              />
            ))}
            {below > 0 ? <tr style={{ height: below }} aria-hidden /> : null}
          </tbody>
        </table>
        {list.found === 0 ? <p className={css.none}>No problem has all of these words.</p> : null}
      </div>
    </section>
  );
}

interface LineProps {
  readonly index: number;
  /** Undefined while it is fetched. */
  readonly problem: ListedProblem | undefined;
  readonly isActive: boolean;
  readonly isOpen: boolean;
  readonly onOpen: (problem: ListedProblem) => void;
}

function Line({ index, problem, isActive, isOpen, onOpen }: LineProps) {
  const shared = { 'aria-rowindex': index + 2, style: { height: LINE_PX } };
  if (problem === undefined)
    return (
      <tr {...shared}>
        <td className="faint" colSpan={6}>
          …
        </td>
      </tr>
    );
  const { id, split, statement, difficulty, tests, date } = problem;
  return (
    // The button inside, j, k and Enter do the same.
    <tr {...shared} data-active={isActive} data-open={isOpen} onClick={() => onOpen(problem)}>
      <th scope="row" className={css.id}>
        <button type="button" className="ellipsis" title={id} aria-current={isOpen}>
          {id}
        </button>
      </th>
      <td className={`${css.split} dim`}>{SPLIT_TITLES[split].toLowerCase()}</td>
      <td className="ellipsis" title={statement}>
        {statement}
      </td>
      <td className={`${css.difficulty} ellipsis`}>{difficulty || NO_VALUE}</td>
      <td className={`${css.tests} number`}>{formatCount(tests)}</td>
      <td className={css.date}>{date ?? NO_VALUE}</td>
    </tr>
  );
}
