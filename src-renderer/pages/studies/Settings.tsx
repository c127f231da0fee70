/** What the study is made with: scale, seeds, values for all runs. With what the runs to make take, and what speaks
 * against them. */
import { ActionIcon, Autocomplete, Button, NumberInput, SegmentedControl, TextInput } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useState } from 'react';
import type { FlatValues } from '../../../src-shared/api.ts';
import { formatBytes, formatCount, formatExact, formatRoughly } from '../../../src-shared/format.ts';
import { SCALES, STUDY_SEEDS, type StudyInfo, type StudyPlan, type StudySettings } from '../../../src-shared/study.ts';
import { useCatalogue } from '../../data/queries.ts';
import { optionsByPath, problemOf, withoutValue, withValue } from '../../lib/studies/values.ts';
import { countsOf, type StudySearch } from '../../lib/studies/view.ts';
import css from './Settings.module.css';

const SCALE_WORDS = { tiny: 'Tiny', paper: 'Paper' } as const;

interface SettingsProps {
  readonly study: StudyInfo;
  readonly settings: StudySettings;
  readonly plan: StudyPlan | undefined;
  readonly onChange: (patch: StudySearch) => void;
}

export function Settings({ study, settings, plan, onChange }: SettingsProps) {
  const isScale = (value: string) => SCALES.find((scale) => scale === value);
  return (
    <section className={css.settings} aria-label="Settings">
      <div className={css.row}>
        <div className={css.field}>
          <span className="dim">Scale</span>
          <SegmentedControl
            aria-label="Scale"
            data={study.scales.map((scale) => ({ value: scale, label: SCALE_WORDS[scale] }))}
            value={settings.scale}
            onChange={(value) => onChange({ scale: isScale(value) })}
          />
        </div>
        <div className={css.field}>
          <label className="dim" htmlFor="study-seeds">
            Seeds
          </label>
          <NumberInput
            id="study-seeds"
            size="xs"
            w={72}
            min={1}
            max={STUDY_SEEDS.most}
            allowDecimal={false}
            value={settings.seeds.length}
            onChange={(value) => typeof value === 'number' && value >= 1 && onChange({ seeds: value })}
          />
        </div>
        <Values values={settings.values} onChange={(values) => onChange({ values })} />
      </div>
      <Cost plan={plan} />
    </section>
  );
}

function Values({ values, onChange }: { values: FlatValues; onChange: (values: FlatValues) => void }) {
  const catalogue = useCatalogue().data;
  const [path, setPath] = useState('');
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  if (catalogue === undefined) return null;
  const options = optionsByPath(catalogue);
  const add = () => {
    const wrong = problemOf(options, path, text);
    setProblem(wrong);
    if (wrong !== null) return;
    onChange(withValue(options, values, path, text));
    setPath('');
    setText('');
  };
  return (
    <form
      className={css.values}
      aria-label="Values for all runs"
      onSubmit={(event) => {
        event.preventDefault();
        add();
      }}
    >
      <span className="dim">For all runs</span>
      {Object.entries(values).map(([own, value]) => (
        <span key={own} className={css.value}>
          <span className="mono">
            {own} = {formatExact(value)}
          </span>
          <ActionIcon
            size={18}
            aria-label={`Leave ${own} as it is`}
            onClick={() => onChange(withoutValue(values, own))}
          >
            <IconX size={12} />
          </ActionIcon>
        </span>
      ))}
      <Autocomplete
        w={224}
        aria-label="Option"
        placeholder="limits.steps"
        data={[...options.keys()]}
        limit={12}
        value={path}
        onChange={(value) => {
          setPath(value);
          setProblem(null);
        }}
        spellCheck={false}
      />
      <TextInput
        w={96}
        aria-label="Value"
        placeholder={formatExact(options.get(path)?.default ?? '')}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setProblem(null);
        }}
        error={problem !== null}
      />
      <Button type="submit" variant="default">
        Set
      </Button>
      {problem === null ? null : (
        <span className={css.problem} role="alert">
          {problem}
        </span>
      )}
    </form>
  );
}

function Cost({ plan }: { plan: StudyPlan | undefined }) {
  if (plan === undefined) return <p className={css.cost}>Looking for runs that are there…</p>;
  const { refusal, estimate, runs } = plan;
  if (refusal !== null)
    return (
      <p className={css.refusal} role="alert">
        {refusal.message}. {refusal.hint ?? ''}
      </p>
    );
  const { ready, live } = countsOf(plan);
  const there = `${formatCount(ready)} of ${formatCount(runs.length)} runs are there`;
  if (estimate === null)
    return <p className={css.cost}>{live === 0 ? `${there}.` : `${there}; the others are queued or run.`}</p>;
  const { seconds, disk, largest } = estimate;
  const time =
    seconds === null
      ? largest.estimate.measuring
        ? 'a time that is being measured'
        : 'an unknown time'
      : `about ${formatRoughly(seconds.total)} (${formatRoughly(seconds.low)} to ${formatRoughly(seconds.high)})`;
  return (
    <p className={css.cost} title={seconds?.ground}>
      {there}. The {estimate.runs === 1 ? 'one' : formatCount(estimate.runs)} to make{' '}
      {estimate.runs === 1 ? 'takes' : 'take'} {time}, up to {formatBytes(largest.estimate.peakBytes)} of memory, and{' '}
      {formatBytes(disk.bytes)} of disk.
    </p>
  );
}
