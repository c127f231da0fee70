/** The canaries: programs with known verdicts, tried in the sandbox of this machine, and the languages that it runs. */
import { Button } from '@mantine/core';
import { IconCheck, IconMinus, IconShieldCheck, IconX } from '@tabler/icons-react';
import type { CanaryReport, SandboxInfo } from '../../../src-shared/api.ts';
import { OUTCOME_TITLES } from '../../../src-shared/charts/palette.ts';
import { formatCount, formatDuration } from '../../../src-shared/format.ts';
import { ErrorView } from '../../components/ErrorView.tsx';
import { useSandboxCheck } from '../../data/queries.ts';
import tables from '../run/tables.module.css';
import css from './MachineCheck.module.css';

export function MachineCheck({ info }: { info: SandboxInfo }) {
  const check = useSandboxCheck();
  const report = check.data?.report;
  return (
    <div className={`${css.page} scroll`}>
      <div className={css.head}>
        <Button
          variant={report === undefined ? 'filled' : 'default'}
          loading={check.isFetching}
          leftSection={<IconShieldCheck size={14} />}
          onClick={() => void check.refetch()}
        >
          {report === undefined ? 'Check this machine' : 'Check again'}
        </Button>
        {report === undefined ? (
          <p className={css.intro}>
            Runs small programs whose verdicts are known: right and wrong ones, and hostile ones that try to cheat, hang
            or escape. A run does the same before it starts.
          </p>
        ) : (
          <Summary report={report} />
        )}
      </div>
      {check.isError ? <ErrorView error={check.error} /> : null}
      <Languages info={info} />
      {report === undefined ? null : <Canaries report={report} />}
    </div>
  );
}

function Languages({ info }: { info: SandboxInfo }) {
  return (
    <>
      <h3 className={`section-title ${css.title}`}>Languages</h3>
      <table className={tables.table} aria-label="Languages">
        <thead>
          <tr>
            <th aria-label="State" />
            <th>Language</th>
            <th>Tests</th>
            <th>Version, or what is missing</th>
          </tr>
        </thead>
        <tbody>
          {info.languages.map(({ language, title, kinds, version, missing }) => (
            <tr key={language}>
              <td className={css.mark}>
                <Held held={version === null ? null : true} no="Not here" />
              </td>
              <td>{title}</td>
              <td className="dim">{kinds.join(', ')}</td>
              <td className={`${tables.message} ${version === null ? 'dim' : ''}`}>{version ?? missing}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Summary({ report }: { report: CanaryReport }) {
  const count = (held: boolean | null) => report.results.filter((r) => r.held === held).length;
  const unclaimed = count(null);
  return (
    <p className={css.summary} role="status" data-held={report.held}>
      <strong>
        {report.held
          ? `All ${formatCount(count(true))} canaries are held`
          : `${formatCount(count(false))} of ${formatCount(count(false) + count(true))} canaries are not held`}
      </strong>
      {unclaimed === 0 ? null : (
        <span className="dim">
          {' '}
          · {formatCount(unclaimed)} not claimed by {report.isolation}
        </span>
      )}
      {report.held ? null : (
        <span className="dim"> · runs fail before their first step, unless they allow an unsafe sandbox</span>
      )}
    </p>
  );
}

function Canaries({ report }: { report: CanaryReport }) {
  return (
    <>
      <h3 className={`section-title ${css.title}`}>Canaries</h3>
      <table className={tables.table} aria-label="Canaries">
        <thead>
          <tr>
            <th aria-label="Held" />
            <th>Canary</th>
            <th>What it tries</th>
            <th>Verdict</th>
            <th className="number">Time</th>
          </tr>
        </thead>
        <tbody>
          {report.results.map(({ id, title, tries, expected, got, detail, held, wallMs }) => (
            <tr key={id} data-held={held}>
              <td className={css.mark}>
                <Held held={held} no="Not claimed" />
              </td>
              <td>{title}</td>
              <td className={`${tables.message} dim`}>
                {tries}
                {held === false ? (
                  <p className={css.seen}>
                    {detail === null ? null : `Seen: ${detail}. `}
                    Allowed is {expected.map((verdict) => OUTCOME_TITLES[verdict].toLowerCase()).join(' or ')}.
                  </p>
                ) : null}
              </td>
              <td className={got === null ? 'faint' : undefined}>
                {got === null ? `Not claimed by ${report.isolation}` : OUTCOME_TITLES[got]}
              </td>
              <td className="number dim">{got === null ? '' : formatDuration(wallMs / 1000)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Held({ held, no }: { held: boolean | null; no: string }) {
  const [Icon, label] = held === null ? [IconMinus, no] : held ? [IconCheck, 'Holds'] : [IconX, 'Does not hold'];
  return <Icon size={14} stroke={2.5} className={css.held} data-held={held} role="img" aria-label={label} />;
}
