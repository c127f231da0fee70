/** The published findings beside what these runs say: verdict, why, and on opening every comparison behind it. */
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { Fragment, type ReactNode, useState } from 'react';
import { formatCount, formatNumber, NO_VALUE } from '../../../src-shared/format.ts';
import type { StudyFinding, StudyInfo, StudyReport } from '../../../src-shared/study.ts';
import { heldParts } from '../../lib/studies/view.ts';
import css from './Findings.module.css';
import { Verdict, VerdictCounts } from './Verdict.tsx';

type Published = StudyInfo['findings'][number];

interface FindingsProps {
  readonly study: StudyInfo;
  readonly report: StudyReport | undefined;
  /** In which respects the runs are not comparable. */
  readonly warnings: ReactNode;
}

export function Findings({ study, report, warnings }: FindingsProps) {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const toggle = (id: string) =>
    setOpened((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  const sources = [...new Set(study.findings.map(({ source }) => source))];
  return (
    <section className={css.section} aria-label="Findings">
      <div className={css.head}>
        <h2>Published findings</h2>
        {report === undefined ? null : <VerdictCounts findings={report.findings} />}
      </div>
      <p className={css.note}>
        From {sources.join('; ')}. SAME and DIFFERENT take three seeds or more, an interval on one side of the
        threshold, and seeds that agree; all else is INCONCLUSIVE. Nothing is corrected for the number of findings.
      </p>
      {warnings}
      <table className={css.table} aria-label="Findings">
        <thead>
          <tr>
            <th scope="col" aria-label="Open" />
            <th scope="col">Finding</th>
            <th scope="col">Published</th>
            <th scope="col">Ours</th>
            <th scope="col">Verdict</th>
          </tr>
        </thead>
        <tbody>
          {study.findings.map((published) => {
            const finding = report?.findings.find(({ id }) => id === published.id);
            const isOpen = opened.has(published.id);
            return (
              <Fragment key={published.id}>
                <Row published={published} finding={finding} isOpen={isOpen} onToggle={() => toggle(published.id)} />
                {isOpen ? (
                  <tr className={css.detail}>
                    <td />
                    <td colSpan={4}>
                      <Detail published={published} finding={finding} />
                    </td>
                  </tr>
                ) : null}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

interface RowProps {
  readonly published: Published;
  readonly finding: StudyFinding | undefined;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

function Row({ published, finding, isOpen, onToggle }: RowProps) {
  const Fold = isOpen ? IconChevronDown : IconChevronRight;
  return (
    <tr data-open={isOpen}>
      <td>
        <button
          type="button"
          className={css.fold}
          aria-expanded={isOpen}
          aria-label={`Why ${published.id}`}
          onClick={onToggle}
        >
          <Fold size={14} aria-hidden />
        </button>
      </td>
      <th scope="row">
        <span className={css.statement}>
          <span className={css.id}>{published.id}</span>
          <span>{published.statement}</span>
        </span>
      </th>
      <td className="dim">{published.published}</td>
      <td className={css.ours}>{finding === undefined ? NO_VALUE : <Ours finding={finding} />}</td>
      <td>{finding === undefined ? null : <Verdict verdict={finding.verdict} />}</td>
    </tr>
  );
}

/** One comparison by its numbers, several by how many of them hold. */
function Ours({ finding }: { finding: StudyFinding }) {
  const [only, ...others] = finding.parts;
  if (finding.verdict === null)
    return (
      <span className="faint">
        waits for {finding.waitsFor.length === 1 ? finding.waitsFor[0] : `${formatCount(finding.waitsFor.length)} arms`}
      </span>
    );
  if (only === undefined) return <span className="faint">{finding.why}</span>;
  if (others.length === 0) return <Estimate {...only} />;
  const { held, of } = heldParts(finding);
  return (
    <>
      {formatCount(held)} of {formatCount(of)} comparisons hold
    </>
  );
}

function Estimate({ effect, low, high }: Pick<StudyFinding['parts'][number], 'effect' | 'low' | 'high'>) {
  return (
    <>
      {formatNumber(effect)}
      {low === null || high === null ? null : (
        <span className={css.interval}>
          [{formatNumber(low)}, {formatNumber(high)}]
        </span>
      )}
    </>
  );
}

function Detail({ published, finding }: { published: Published; finding: StudyFinding | undefined }) {
  const numbers = Object.entries(finding?.numbers ?? {});
  return (
    <div className={css.open}>
      {finding === undefined || finding.verdict === null ? null : (
        <p>
          <span className={css.label}>Why</span> {finding.why}
        </p>
      )}
      {finding === undefined || finding.waitsFor.length === 0 ? null : (
        <p>
          <span className={css.label}>Waits for</span> {finding.waitsFor.join(', ')}
        </p>
      )}
      <p>
        <span className={css.label}>Takes</span> {published.arms}
        {published.thresholds.length === 0
          ? ''
          : `; thresholds: ${published.thresholds.map(({ name, value, from }) => `${name} ${value} (${from})`).join(', ')}`}
      </p>
      {finding === undefined || finding.parts.length === 0 ? null : (
        <table className={css.parts} aria-label={`Comparisons of ${published.id}`}>
          <thead>
            <tr>
              <th scope="col">Comparison</th>
              <th scope="col" className="number">
                Mean over seeds
              </th>
              <th scope="col">Interval</th>
              <th scope="col" className="number">
                Seeds
              </th>
              <th scope="col">Verdict</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {finding.parts.map(({ of, effect, low, high, seeds, verdict, why }) => (
              <tr key={of}>
                <th scope="row" className={css.whole}>
                  {of}
                </th>
                <td className="number">{formatNumber(effect)}</td>
                <td className={`faint ${css.whole}`}>
                  {low === null || high === null ? NO_VALUE : `[${formatNumber(low)}, ${formatNumber(high)}]`}
                </td>
                <td className="number">{formatCount(seeds)}</td>
                <td>
                  <Verdict verdict={verdict} />
                </td>
                <td className={css.why}>{why}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {numbers.length === 0 ? null : (
        <dl className={css.numbers}>
          {numbers.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{formatNumber(value)}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}
