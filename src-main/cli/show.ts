/** What `runs`, `show` and `catalogue` print for people. */
import type { Catalogue, Checkpoint, RunDetail, RunSummary } from '../../src-shared/api.ts';
import { type Device, gigaflops, memorySize } from '../../src-shared/devices.ts';
import type { Option } from '../../src-shared/options.ts';
import { places } from '../../src-shared/places.ts';
import { table } from './io.ts';
import { duration } from './views.ts';

const percent = (value: number | undefined) => (value === undefined ? '-' : `${(100 * value).toFixed(1)} %`);
const when = (time: number | null) =>
  time === null ? '-' : new Date(time).toISOString().slice(0, 16).replace('T', ' ');

export function runLines(runs: readonly RunSummary[]): string[] {
  if (runs.length === 0) return ['No runs yet. "assay run grpo" makes the first.'];
  const best = (run: RunSummary) =>
    run.accuracy.reduce<number | undefined>((m, { value }) => Math.max(m ?? value, value), undefined);
  return table(
    ['#', 'name', 'status', 'reward', 'seed', 'step', 'best', 'last', 'created (UTC)', 'id'],
    runs.map((run) => [
      `#${run.number}`,
      run.name,
      run.status,
      run.testTime ? `${run.reward}, test-time` : run.reward,
      String(run.seed ?? '-'),
      run.steps === 0 ? 'eval' : `${run.step}/${run.steps}`,
      percent(best(run)),
      percent(run.accuracy.at(-1)?.value),
      when(run.createdAt),
      run.id,
    ]),
  );
}

export function runDetailLines(run: RunDetail, checkpoints: readonly Checkpoint[]): string[] {
  const { name: _, preset, ...groups } = run.config;
  const took = run.startedAt === null ? null : ((run.endedAt ?? Date.now()) - run.startedAt) / 1000;
  const facts: [string, string | null][] = [
    ['id', run.id],
    ['status', run.error === null ? run.status : `${run.status}: ${run.error}`],
    ['step', run.steps === 0 ? 'none: an evaluation' : `${run.step} of ${run.steps}`],
    ['test-time', run.testTime ? 'trains on the problems that it is validated on: no accuracy is held out' : null],
    ['preset', preset],
    ['created', when(run.createdAt)],
    ['took', took === null ? null : duration(took)],
    ['time left', run.secondsLeft === null ? null : duration(run.secondsLeft)],
    ['engine', run.engine && [run.engine, run.device, run.precision].filter(Boolean).join(', ')],
    ['parameters', run.parameters?.toLocaleString('en') ?? null],
    ['isolation', run.isolation],
    ['code', run.codeVersion],
    ['data', run.datasetHash],
    ['started from', run.parentCheckpointId],
  ];
  const values = Object.entries(groups).flatMap(([group, part]) => flat(group, part));
  return [
    `#${run.number} ${run.name}`,
    ...facts.flatMap(([name, value]) => (value ? [`  ${name.padEnd(13)}${value}`] : [])),
    '',
    'Validation',
    ...(run.accuracy.length === 0
      ? ['  none yet']
      : run.accuracy.map(({ step, value }) => `  step ${String(step).padStart(6)}  ${percent(value)}`)),
    '',
    'Checkpoints',
    ...(checkpoints.length === 0
      ? ['  none yet']
      : checkpoints.map(
          (c) => `  step ${String(c.step).padStart(6)}  ${percent(c.accuracy ?? undefined).padStart(7)}  ${c.folder}`,
        )),
    '',
    'Configuration',
    ...values.map((line) => `  ${line}`),
  ];
}

function flat(path: string, value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [`${path} = ${String(value)}`];
  return Object.entries(value).flatMap(([key, inner]) => flat(`${path}.${key}`, inner));
}

export function catalogueLines(catalogue: Catalogue): string[] {
  const presets = table(
    ['  preset', 'what it is'],
    catalogue.presets.map((preset) => [`  ${preset.id}`, `${preset.title}. ${preset.help}`]),
  );
  const options = places(catalogue).map(({ path, option, member }) => [
    `  ${path}`,
    option.default === '' ? '(none)' : String(option.default),
    allowed(option),
    `${member === null ? '' : `[${member.id}] `}${option.help}`,
  ]);
  const engines = catalogue.engines.map(({ id, title, unavailable }) => [
    `  ${id}`,
    unavailable === null ? title : `not here: ${unavailable}`,
  ]);
  return [
    'Presets',
    ...presets,
    '',
    'Options, for --set and run files',
    ...table(['  path', 'default', 'allowed', 'what it does'], options),
    '',
    'Engines',
    ...table(['  engine', ''], engines),
  ];
}

export function deviceLines(devices: readonly Device[]): string[] {
  return table(
    ['engine', 'matrix products', 'memory', 'device'],
    devices.map(({ engine, unavailable, gflops, memoryMb, device, build }) =>
      unavailable === null
        ? [engine, gigaflops(gflops), memorySize(memoryMb), [device, build].filter((part) => part !== null).join('; ')]
        : [engine, '', '', `not here: ${unavailable}`],
    ),
  );
}

function allowed(option: Option): string {
  switch (option.kind) {
    case 'number':
      return `${option.min} to ${option.max}${option.unit ? ` ${option.unit}` : ''}`;
    case 'choice':
      return option.choices.map((choice) => choice.value).join(' | ');
    case 'boolean':
      return 'true | false';
    case 'text':
      return option.format;
    default:
      return option satisfies never;
  }
}
