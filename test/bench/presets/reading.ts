/** What the numbers say, reward by reward and against the literature. Every sentence is neutral or chosen by a rule. */
import { accuracyDirection, CERTAINTY, EARLY, type Judged, LEAST_ACCURACY, LEAST_LENGTH } from './findings.ts';
import type { Report } from './report.ts';
import type { Config } from './runs.ts';
import { endDifference, type PresetSummary } from './summary.ts';
import { fixed, list, percent, plain, signedPercent, table, titlesOf, updates } from './text.ts';

export function underReward(s: PresetSummary, c: Config): string {
  const { accuracy, length, truncated, reasoning, entropy, peak } = s;
  const last = c.limits.steps;
  const moved = { up: 'rises', down: 'falls', flat: 'stays where it was,', open: 'goes' }[accuracyDirection(s)];
  const sentences = [
    `Accuracy ${moved} from ${percent(accuracy.start)} to ${percent(accuracy.end)} % (${signedPercent(accuracy.change)} points${accuracyDirection(s) === 'open' ? ', a change whose sign or size these seeds leave open' : ''}).`,
  ];
  if (peak.step > 0 && peak.step < last)
    sentences.push(
      `Its highest mean, ${fixed(100 * peak.mean, 1)} %, is at step ${peak.step}: ${signedPercent(peak.gain)} points from the start, and ${signedPercent(peak.fall)} from there to the end.`,
    );
  if (peak.step === 0) sentences.push('No later validation has a higher mean than the first.');
  if (s.halvedAt !== null) sentences.push(`It is first at or below half of the start at step ${s.halvedAt}.`);
  sentences.push(
    `The mean response goes from ${plain(length.start)} to ${plain(length.end)} tokens, and ${percent(truncated.end)} % are truncated (${percent(truncated.start)} % at the start).`,
  );
  const outside = [
    ...(length.shortest.mean < 0.9 * Math.min(length.start.mean, length.end.mean)
      ? [`shortest at step ${length.shortest.step} with ${fixed(length.shortest.mean, 1)}`]
      : []),
    ...(length.longest.mean > 1.1 * Math.max(length.start.mean, length.end.mean)
      ? [`longest at step ${length.longest.step} with ${fixed(length.longest.mean, 1)}`]
      : []),
  ];
  if (outside.length > 0) sentences.push(`On the way it is ${list(outside)}.`);
  sentences.push(`${percent(reasoning.end)} % have reasoning (${percent(reasoning.start)} % at the start).`);
  if (entropy !== null)
    sentences.push(
      `Token entropy of the training rollouts goes from ${plain(entropy.start, 3)} to ${plain(entropy.end, 3)} nats.`,
    );
  return `- **${s.title}** (n ${s.seeds.length}). ${sentences.join(' ')}`;
}

export function controls({ summaries }: Report): string {
  const parts: string[] = [];
  const random = summaries.find(({ id }) => id === 'random');
  const constant = summaries.find(({ id }) => id === 'constant');
  if (constant !== undefined) {
    const { change } = constant.accuracy;
    parts.push(
      {
        flat: `The constant reward leaves accuracy where it was (${signedPercent(change)} points), as it must: validation is repeatable, and weight decay alone does nothing that shows.`,
        up: `The constant reward raises accuracy (${signedPercent(change)} points), though it can act through weight decay alone; changes of that size mean nothing about a reward.`,
        down: `The constant reward lowers accuracy (${signedPercent(change)} points), though it can act through weight decay alone; changes of that size mean nothing about a reward.`,
        open: `Whether the constant reward moves accuracy is open (${signedPercent(change)} points); it can act through weight decay alone.`,
      }[accuracyDirection(constant)],
    );
  }
  if (random !== undefined) {
    const { change } = random.accuracy;
    parts.push(
      {
        flat: `The random reward leaves accuracy where it was (${signedPercent(change)} points): steps in random directions do not by themselves move accuracy at this learning rate.`,
        up: `The random reward raises accuracy (${signedPercent(change)} points), so a rise alone is no evidence for a reward here.`,
        down: `The random reward lowers accuracy (${signedPercent(change)} points): at this learning rate steps in random directions do harm of their own, and only a fall beyond it tells of a reward.`,
        open: `Whether the random reward moves accuracy is open (${signedPercent(change)} points).`,
      }[accuracyDirection(random)],
    );
    const beyond = summaries.flatMap((summary) => {
      const difference = summary.id === 'random' ? null : endDifference(summary, random);
      return difference === null ? [] : [`${summary.title} ${signedPercent(difference)} (n ${difference.n})`];
    });
    if (beyond.length > 0)
      parts.push(`Against the random reward at the end, paired by seed, in points: ${beyond.join('; ')}.`);
  }
  return parts.join(' ');
}

export function against({ judged, summaries }: Report, c: Config): string {
  const run = judged.filter(({ presets }) => Object.values(presets).some((found) => found.length > 0));
  const cell = (found: readonly PresetSummary[]) => (found.length === 0 ? '–' : titlesOf(found));
  const count = (verdict: 'agrees' | 'differs' | 'undecided') =>
    run.reduce((sum, { presets }) => sum + presets[verdict].length, 0);
  const total = count('agrees') + count('differs') + count('undecided');
  const absent = judged.length - run.length;
  const most = Math.max(...summaries.map(({ seeds }) => seeds.length));
  return [
    '[1] is the study whose rewards these presets take over: _When Do Intrinsic Rewards Work for Code Reasoning? A Comprehensive Study_, arXiv 2606.20881, with accuracies in avg@4 on LiveCodeBench v5. [2] is the table of results in the public repository ArcherCodeR of Jinxiaolong1129, believed to be the code of [1]: avg@8 on LiveCodeBench v5, one run each.',
    table(
      ['finding', 'published', 'agrees here', 'differs here', 'undecided'],
      run.map(({ finding, presets }) => [
        finding.claim,
        finding.published,
        cell(presets.agrees),
        cell(presets.differs),
        cell(presets.undecided),
      ]),
      5,
    ),
    `Of ${total} comparisons ${count('agrees')} agree, ${count('differs')} differ and ${count('undecided')} are undecided.${absent > 0 ? ` ${absent} finding${absent === 1 ? ' is' : 's are'} left out: no run speaks to ${absent === 1 ? 'it' : 'them'}.` : ''} A finding agrees where the mean reaches the limit of its rule and the whole 95 % interval over seeds is on that side of 0; it differs where that is so on the other side, or the whole interval is within the limit; else, and with one seed, it is undecided. Nothing is corrected for the number of comparisons${most < 3 ? '; with fewer than three seeds none of it should be relied on' : ''}. The rules; their limits of ${fixed(100 * LEAST_ACCURACY, 1)} points, ${100 * LEAST_LENGTH} %, half and ${100 * EARLY} % are our own choice:`,
    run.map(({ finding }) => `- ${finding.claim}: ${finding.rule}.`).join('\n'),
    reading(run),
    lengthNote(summaries, c),
    `Not tried here: what [1] finds on the number of rollouts, the temperature, a KL term, several passes over a batch, starting GRPO from a checkpoint of a certainty reward, other benchmarks, and training on the test problems. All runs here have ${c.rollouts.groupSize} rollouts a problem, temperature ${c.rollouts.temperature}, ${c.optimiser.epochs} pass${c.optimiser.epochs === 1 ? '' : 'es'}.`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** Which findings hold wherever they were looked at, which nowhere, which for some rewards. */
function reading(judged: readonly Judged[]): string {
  const kinds = { held: [] as string[], contrary: [] as string[], mixed: [] as string[], open: [] as string[] };
  for (const { finding, presets } of judged) {
    const { agrees, differs, undecided } = presets;
    const decided = agrees.length + differs.length;
    const kind =
      decided === 0
        ? 'open'
        : agrees.length > 0 && differs.length > 0
          ? 'mixed'
          : differs.length > 0
            ? 'contrary'
            : undecided.length > 0
              ? 'mixed'
              : 'held';
    kinds[kind].push(`_${finding.claim.toLowerCase().replace('grpo', 'GRPO')}_`);
  }
  const say = (words: string, claims: readonly string[]) =>
    claims.length === 0 ? [] : [`${words}: ${claims.join('; ')}.`];
  return [
    ...say('Holds here wherever it was tried', kinds.held),
    ...say('Holds under some rewards, and differs or is undecided under others', kinds.mixed),
    ...say('Does not hold here under any reward for which it is decided', kinds.contrary),
    ...say('Left open', kinds.open),
  ].join(' ');
}

/** A length at the end hides what came before it, and at the limit it is the other way to collapse. */
function lengthNote(summaries: readonly PresetSummary[], c: Config): string {
  const certain = summaries.filter(({ id }) => (CERTAINTY as readonly string[]).includes(id));
  const dipped = certain.filter(({ length: { start, end, shortest } }) => {
    const least = (1 - LEAST_LENGTH) * start.mean;
    return shortest.mean <= least && end.mean > least;
  });
  const cut = certain.filter(({ truncated }) => truncated.end.mean >= 0.5);
  return [
    ...(dipped.length === 0
      ? []
      : [
          `Shorter on the way though not at the end: ${dipped.map(({ title, length }) => `${title.toLowerCase()} (${fixed(length.shortest.mean, 1)} tokens at step ${length.shortest.step}, ${fixed(length.start.mean, 1)} at the start)`).join('; ')}.`,
        ]),
    ...(cut.length === 0
      ? []
      : [
          `At the end at least half of the responses run into the limit of ${c.rollouts.maxNewTokens} tokens under ${titlesOf(cut)}: the second way to collapse of [1].`,
        ]),
  ].join(' ');
}

export function doubts({ runs, summaries, parameters }: Report, c: Config): string {
  const halves = summaries.flatMap(({ id, title, accuracy }) =>
    accuracy.change.half === null || id === 'constant' ? [] : [{ title, half: 100 * accuracy.change.half }],
  );
  halves.sort((a, b) => a.half - b.half);
  const [narrow, wide] = [halves[0], halves.at(-1)];
  const n = Math.max(...summaries.map(({ seeds }) => seeds.length));
  const widths =
    narrow === undefined || wide === undefined
      ? 'With one seed nothing can be said of what another would give.'
      : `The half width of the interval of the change is from ${narrow.half.toFixed(1)} points (${narrow.title}) to ${wide.half.toFixed(1)} (${wide.title}), the constant reward aside; smaller effects are not seen. The interval takes differences over seeds as normally distributed, which ${n} values cannot show, and is itself uncertain.`;
  const errors = runs.flatMap(({ steps }) => steps[0]?.metrics['eval/avg@k-se'] ?? []);
  const overProblems =
    errors.length === 0
      ? ''
      : ` How much other problems of the same kind would shift a level is the standard error over problems, ${(100 * (errors.reduce((a, b) => a + b, 0) / errors.length)).toFixed(1)} points at the start.`;
  const rate = c.optimiser.learningRate / 1e-6;
  return [
    `- **Seeds.** ${n} a preset at most. ${widths}`,
    `- **Problems.** All intervals are for the same ${c.evaluation.problems} validation problems.${overProblems}`,
    `- **Policy and problems.** ${parameters === null ? 'The policy' : `A policy of ${(parameters / 1e6).toFixed(2)} M parameters`} that writes one-line functions is not a model of 1.5 to 7 B parameters on programming contests. It learnt its reasoning from demonstrations of a few forms, so there is less of it to lose, and ${c.rollouts.maxNewTokens} tokens leave less room for length than 8,000 or 16,000.`,
    `- **Learning rate.** ${c.optimiser.learningRate}, ${rate === 1 ? 'as in' : `${Number(rate.toPrecision(2))} times that of`} the study (1e-6), the same for every reward and tuned for none. At a lower one a collapse within ${c.limits.steps} steps may come later or not at all, and an early gain may last longer or be larger.`,
    `- **Batch.** ${c.rollouts.problemsPerStep} problems × ${c.rollouts.groupSize} rollouts and ${updates(c)}; the study has 64 × 16 and 2.`,
    `- **Length of the run.** ${c.limits.steps} steps. What has not happened by then may happen later.`,
    '- **Engine.** Another engine gives other rounding and other samples: the same seed is then another run.',
  ].join('\n');
}
