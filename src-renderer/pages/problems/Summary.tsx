/** What is in a set: its splits in numbers, records that make no problem, and problems that are there more than once. */
import { IconAlertTriangle } from '@tabler/icons-react';
import { formatCount, formatNumber, NO_VALUE } from '../../../src-shared/format.ts';
import type { Split } from '../../../src-shared/problem.ts';
import type { ProblemReport } from '../../../src-shared/problem-sets.ts';
import css from './Summary.module.css';

export const SPLIT_TITLES: Readonly<Record<Split, string>> = { train: 'Train', validation: 'Validation', test: 'Test' };

const KIND_TITLES: Readonly<Record<string, string>> = {
  functional: 'function calls',
  stdin: 'standard input',
  asserts: 'asserts',
  answer: 'an answer',
};

export function Splits({ report }: { report: ProblemReport }) {
  const dated = report.splits.some(({ dates }) => dates !== null);
  return (
    <table className={css.splits} aria-label="Splits">
      <thead>
        <tr>
          <th scope="col">Split</th>
          <th scope="col" className="number">
            Problems
          </th>
          <th scope="col" className="number">
            Tests a problem, median
          </th>
          <th scope="col" className="number">
            Fewest to most
          </th>
          <th scope="col">Judged by</th>
          {dated ? <th scope="col">From</th> : null}
          <th scope="col" className="number">
            With a solution
          </th>
        </tr>
      </thead>
      <tbody>
        {report.splits.map(({ split, problems, tests, kinds, dates, withSolutions }) => (
          <tr key={split} data-empty={problems === 0}>
            <th scope="row">{SPLIT_TITLES[split]}</th>
            <td className="number">{formatCount(problems)}</td>
            <td className="number">{tests === null ? NO_VALUE : oneDecimal(tests.median)}</td>
            <td className="number">
              {tests === null ? NO_VALUE : range(formatCount(tests.least), formatCount(tests.most))}
            </td>
            <td>
              {Object.keys(kinds)
                .map((kind) => KIND_TITLES[kind] ?? kind)
                .join(', ') || NO_VALUE}
            </td>
            {dated ? <td>{dates === null ? NO_VALUE : range(dates.first, dates.last)}</td> : null}
            <td className="number">{problems === 0 ? NO_VALUE : formatCount(withSolutions)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const range = (first: string, last: string) => (first === last ? first : `${first} to ${last}`);

/** A median of counts is whole, or lies between two. */
const oneDecimal = (value: number) => (Number.isInteger(value) ? formatCount(value) : formatNumber(value));

export function LeftOut({ report: { leftOut } }: { report: ProblemReport }) {
  if (leftOut.length === 0) return null;
  return (
    <div className={css.note}>
      <span className="dim">Left out</span>
      <ul aria-label="Left out">
        {leftOut.map(({ reason, records }) => (
          <li key={reason}>
            {formatCount(records)} {records === 1 ? 'record' : 'records'}: {reason}
          </li>
        ))}
      </ul>
    </div>
  );
}

interface DuplicatesProps {
  readonly report: ProblemReport;
  readonly onOpen: (split: Split, id: string) => void;
}

/** Problems that ask the same. Across splits, what is validated or tested was trained on. */
export function Duplicates({ report: { duplicates }, onOpen }: DuplicatesProps) {
  const { groups, acrossSplits, first } = duplicates;
  if (groups === 0) return null;
  const times = `${formatCount(groups)} ${groups === 1 ? 'problem is' : 'problems are'} there more than once`;
  return (
    <div className={css.note} data-warning={acrossSplits > 0} role={acrossSplits > 0 ? 'alert' : undefined}>
      {acrossSplits > 0 ? <IconAlertTriangle size={16} aria-hidden /> : <span className="dim">Duplicates</span>}
      <div>
        <p>
          {acrossSplits > 0
            ? `${times}, ${acrossSplits === groups ? '' : `${formatCount(acrossSplits)} of them `}in several splits: what is learnt in one is no result in the other.`
            : `${times}, each in one split.`}
        </p>
        <ul className={css.groups} aria-label="Duplicates">
          {first.map((group) => (
            <li key={group.map(({ split, id }) => `${split} ${id}`).join(' ')}>
              {group.map(({ split, id }) => (
                <button key={`${split} ${id}`} type="button" onClick={() => onOpen(split, id)}>
                  {id} <span className="faint">{SPLIT_TITLES[split].toLowerCase()}</span>
                </button>
              ))}
            </li>
          ))}
          {groups > first.length ? <li className="faint">and {formatCount(groups - first.length)} more</li> : null}
        </ul>
      </div>
    </div>
  );
}
