/** The report as Markdown. Every number of a run is computed; every sentence that depends on one is chosen by a rule. */
import { accuracyDirection, CERTAINTY } from './findings.ts';
import { against, controls, doubts, underReward } from './reading.ts';
import type { Report } from './report.ts';
import type { Config, Run } from './runs.ts';
import { tFactor } from './statistics.ts';
import type { PresetSummary } from './summary.ts';
import { fixed, list, percent, plain, signedPercent, table, titlesOf, updates } from './text.ts';

export function presetsDocument(report: Report): string {
  const { runs, pictures } = report;
  const config = (runs[0] as Run).config;
  return `${[
    '# What the default presets do',
    'Made by `node test/bench/presets-report.ts` from the results of `test/bench/presets.bench.ts`. Every number below about these runs is computed from those files, and sentences that depend on a number are chosen by it.',
    missingNote(report),
    '## In short',
    inShort(report),
    '## What was run',
    whatWasRun(report, config),
    '## Outcome',
    outcome(report, config),
    ...pictures.map(({ file, alt }) => `![${alt}](${file})`),
    '## Under each reward',
    report.summaries.map((summary) => underReward(summary, config)).join('\n'),
    controls(report),
    '## Against the published findings',
    against(report, config),
    '## What would change the conclusion',
    doubts(report, config),
    '## Every run',
    everyRun(runs, config),
  ]
    .filter((part) => part !== '')
    .join('\n\n')}\n`;
}

function missingNote({ runs, missing, summaries }: Report): string {
  if (missing.length === 0) return '';
  const single = summaries.filter(({ seeds }) => seeds.length === 1);
  const names = [...new Set(missing.map(({ preset }) => preset))].map((id) => {
    const seeds = missing.filter(({ preset }) => preset === id).map(({ seed }) => seed);
    return `${id} ${seeds.join(', ')}`;
  });
  const alone =
    single.length === 0 ? '' : ` No interval, and no conclusion, where there is a single seed: ${titlesOf(single)}.`;
  return `**Incomplete: ${runs.length} of ${runs.length + missing.length} runs are there.** Missing, by preset and seed: ${names.join('; ')}.${alone}`;
}

function inShort({ summaries }: Report): string {
  const lines: string[] = [];
  const grpo = summaries.find(({ id }) => id === 'grpo');
  const move = ({ accuracy }: PresetSummary) =>
    `from ${percent(accuracy.start)} to ${percent(accuracy.end)} % (${signedPercent(accuracy.change)} points)`;
  if (grpo !== undefined) lines.push(`- ${grpo.title}: validation accuracy goes ${move(grpo)}.`);
  const certain = summaries.filter(({ id }) => (CERTAINTY as readonly string[]).includes(id));
  const by = (direction: ReturnType<typeof accuracyDirection>) =>
    certain.filter((summary) => accuracyDirection(summary) === direction);
  const parts = (
    [
      ['down', 'lower than at the start under'],
      ['up', 'higher under'],
      ['flat', 'the same under'],
      ['open', 'open under'],
    ] as const
  ).flatMap(([direction, words]) => {
    const found = by(direction);
    return found.length === 0 ? [] : [`${words} ${titlesOf(found)}`];
  });
  if (certain.length > 0)
    lines.push(
      `- Certainty rewards, at the end: ${parts.join('; ')}. Accuracy is then ${list(certain.map(({ title, accuracy }) => `${percent(accuracy.end)} % under ${title.toLowerCase()}`))}.`,
    );
  for (const id of ['random', 'constant']) {
    const control = summaries.find((summary) => summary.id === id);
    if (control !== undefined) lines.push(`- ${control.title}, a control: ${move(control)}.`);
  }
  lines.push(
    '- One small policy, one set of small problems, one learning rate: see [what would change the conclusion](#what-would-change-the-conclusion).',
  );
  return lines.join('\n');
}

function whatWasRun({ runs, summaries, parameters }: Report, c: Config): string {
  const { device } = runs[0] as Run;
  const times = runs
    .map(({ finishedAt }) => finishedAt)
    .filter((time) => time !== undefined)
    .sort();
  const dates = [times[0], times.at(-1)].map((time) => time?.slice(0, 10));
  const when =
    times.length < runs.length
      ? 'not recorded with every run'
      : dates[0] === dates[1]
        ? `finished on ${dates[0]}`
        : `finished from ${dates[0]} to ${dates[1]}`;
  const seeds = [...new Set(runs.map(({ seed }) => seed))].sort((a, b) => a - b);
  const counts = summaries.map(({ seeds: own }) => own.length);
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  const options = Object.entries(c.objective.options).map(([key, value]) => `${key} ${value}`);
  const policy =
    parameters === null
      ? c.policy.source
      : `${c.policy.source}: ${(parameters / 1e6).toFixed(2)} M parameters, fine-tuned on demonstrations that are wrong on purpose now and then`;
  return [
    'All runs share every setting but the reward and the seed. The seed decides the order of the problems, what is sampled, the minibatches and the draws of the random reward; the policy at step 0 is the same in all.',
    table(
      ['setting', 'value'],
      [
        ['policy', policy],
        ['engine', `${device.engine}: ${device.device}, ${device.precision}, ${device.build}`],
        ['problems', c.problems.kind],
        [
          'runs',
          `${runs.length}: ${summaries.length} presets, seeds ${seeds.join(', ')} (${fewest === most ? most : `${fewest} to ${most}`} a preset)`,
        ],
        ['dates', when],
        [
          'steps',
          `${c.limits.steps}, each ${c.rollouts.problemsPerStep} problems × ${c.rollouts.groupSize} rollouts, ${updates(c)}`,
        ],
        ['sampling', `temperature ${c.rollouts.temperature}, at most ${c.rollouts.maxNewTokens} tokens`],
        ['advantage', `${c.advantage.kind}`],
        ['objective', `${c.objective.kind}: ${options.join(', ')}`],
        [
          'optimiser',
          `AdamW, learning rate ${c.optimiser.learningRate} after ${c.optimiser.warmupSteps} warm-up steps, weight decay ${c.optimiser.weightDecay}`,
        ],
        [
          'validation',
          `every ${c.evaluation.every} steps: ${c.evaluation.problems} problems × ${c.evaluation.samples} samples at temperature ${c.evaluation.temperature}, the same problems and sampling seed at every step`,
        ],
      ],
      2,
    ),
  ].join('\n\n');
}

function outcome({ summaries }: Report, c: Config): string {
  const k = c.evaluation.samples;
  const factors = [...new Set(summaries.map(({ seeds }) => seeds.length))].filter((n) => n >= 2).sort((a, b) => a - b);
  const intervals =
    factors.length === 0
      ? 'There are no intervals: no preset has two seeds.'
      : `± is the half width of the 95 % Student-t interval of the mean over n seeds (${factors.map((n) => `n ${n}: ${tFactor(n).toFixed(2)} standard errors`).join('; ')}).`;
  return [
    table(
      ['preset', 'n', 'start', 'best (at step)', 'end', 'change', 'length at end', 'truncated, %', 'with reasoning, %'],
      summaries.map((s) => [
        s.title,
        `${s.seeds.length}`,
        percent(s.accuracy.start),
        `${percent(s.best)} (${s.bestSteps.join(', ')})`,
        percent(s.accuracy.end),
        signedPercent(s.accuracy.change),
        plain(s.length.end),
        percent(s.truncated.end),
        percent(s.reasoning.end),
      ]),
    ),
    `Start, best, end: validation avg@${k} in %. Best is the highest validation of each seed, with its step, seed by seed; as the highest of several noisy values it is a little too high. Change: end minus start in points, paired within seed. Length: mean tokens of a validation response, of ${c.rollouts.maxNewTokens} allowed; truncated: responses that reach that limit; with reasoning: responses with text between \`<think>\` and \`</think>\`. ${intervals} An interval says how far other seeds would differ on the same problems; that of a share near 0 or 100 % is rough, since a share cannot leave that range.`,
  ].join('\n\n');
}

function everyRun(runs: readonly Run[], c: Config): string {
  const at = (run: Run, step: number) => run.steps[step]?.metrics['eval/avg@k'];
  const every = c.evaluation.every;
  const steps = (runs[0] as Run).steps
    .map(({ step }) => step)
    .filter((step) => step === 0 || step === c.limits.steps || (every > 0 && step % every === 0));
  return [
    `Validation avg@${c.evaluation.samples} in %, by step.`,
    table(
      ['preset', 'seed', ...steps.map(String)],
      runs.map((run) => [
        run.preset,
        `${run.seed}`,
        ...steps.map((step) => {
          const value = at(run, step);
          return value === undefined ? '–' : fixed(100 * value, 1);
        }),
      ]),
    ),
  ].join('\n\n');
}

/** The short table for the README, with the one sentence that keeps it honest. */
export function readmeTable({ runs, summaries }: Report): string {
  const { config: c } = runs[0] as Run;
  const n = summaries[0]?.seeds.length ?? 0;
  return [
    `Presets that differ in nothing but the reward, ${n} seeds of ${c.limits.steps} steps each from the embedded policy. Validation accuracy is avg@${c.evaluation.samples} at temperature ${c.evaluation.temperature} over ${c.evaluation.problems} problems, in %; ± is the half width of the 95 % Student-t interval over seeds; responses are cut at ${c.rollouts.maxNewTokens} tokens.`,
    table(
      ['preset', 'start', 'best', 'end', 'change', 'length at end', 'truncated, %'],
      summaries.map((s) => [
        s.title,
        percent(s.accuracy.start),
        percent(s.best),
        percent(s.accuracy.end),
        signedPercent(s.accuracy.change),
        plain(s.length.end),
        percent(s.truncated.end),
      ]),
    ),
    `This is one small policy, one set of problems and one learning rate, ${Number((c.optimiser.learningRate / 1e-6).toPrecision(2))} times the study's: a lower rate, other problems or more seeds could change the picture.`,
  ].join('\n\n');
}
