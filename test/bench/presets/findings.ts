/**
 * The published findings that runs of the presets can speak to, each as a rule on the data. What is published:
 * [1] "When Do Intrinsic Rewards Work for Code Reasoning? A Comprehensive Study", arXiv 2606.20881;
 * [2] results_all.csv of the public repository Jinxiaolong1129/ArcherCodeR, believed to be the code of [1]. Figures of [2]
 * are avg@8 on LiveCodeBench v5 at 16k tokens, one run each.
 */
import { type Direction, directionOf } from './statistics.ts';
import { endDifference, type PresetSummary } from './summary.ts';

/** Own choice: smallest difference of accuracy that counts, as a fraction. */
export const LEAST_ACCURACY = 0.015;
/** Own choice: smallest change of length that counts, as a share of the start. */
export const LEAST_LENGTH = 0.1;
/** Own choice: a peak after this share of the steps is not an early one. */
export const EARLY = 0.7;

export const CERTAINTY = ['self-certainty', 'token-entropy', 'trajectory-entropy', 'probability-disparity'] as const;

export type Verdict = 'agrees' | 'differs' | 'undecided';

export interface Finding {
  readonly claim: string;
  readonly published: string;
  /** The rule, in words. */
  readonly rule: string;
  readonly presets: readonly string[];
  /** @param all Summaries of every preset that was run, by id. */
  judge(of: PresetSummary, all: ReadonlyMap<string, PresetSummary>, steps: number): Verdict;
}

export const accuracyDirection = (of: PresetSummary): Direction => directionOf(of.accuracy.change, LEAST_ACCURACY);

/** Agrees where the direction is the expected one, undecided where it is open, else differs. */
const expect = (direction: Direction, expected: Direction): Verdict =>
  direction === expected ? 'agrees' : direction === 'open' ? 'undecided' : 'differs';

const fallDirection = ({ peak }: PresetSummary) => directionOf(peak.fall, LEAST_ACCURACY);

const points = `${(100 * LEAST_ACCURACY).toFixed(1)} points`;

export const findings: readonly Finding[] = [
  {
    claim: 'Certainty rewards gain early',
    published:
      '"early gains" [1]; at step 20 R1-Distill-Qwen-1.5B has 16.6 to 17.2 % against 15.9 % before, Coder-7B 16.6 to 17.8 % against 14.9 % [2]',
    rule: `the highest mean validation is within the first ${100 * EARLY} % of the steps and above the start by at least ${points}`,
    presets: CERTAINTY,
    judge({ peak, seeds }, _all, steps) {
      if (seeds.length < 2) return 'undecided';
      if (peak.step === 0 || peak.step > EARLY * steps) return 'differs';
      return expect(directionOf(peak.gain, LEAST_ACCURACY), 'up');
    },
  },
  {
    claim: 'Certainty rewards then fall from their peak',
    published:
      '"inevitably collapse" [1]: token entropy at temperature 0.8 peaks at 15.9 % (step 60) and ends at 12.8 %',
    rule: `from the highest mean validation to the end accuracy falls by at least ${points}`,
    presets: CERTAINTY,
    judge: (of) => (of.seeds.length < 2 ? 'undecided' : expect(fallDirection(of), 'down')),
  },
  {
    claim: 'Certainty rewards end below where they started',
    published:
      'so for all four on R1-Distill-Qwen-1.5B, 11.9 to 14.5 % at step 105 against 15.9 %; but on Coder-7B for self-certainty alone, 13.6 to 17.3 % against 14.9 % [2]',
    rule: `from start to end accuracy falls by at least ${points}`,
    presets: CERTAINTY,
    judge: (of) => expect(accuracyDirection(of), 'down'),
  },
  {
    claim: 'Responses get shorter',
    published:
      '"progressively shorten outputs" [1]: self-certainty ends below 1,000 tokens at temperature 0.8, of 8k allowed; a second way to collapse, token entropy with three passes over each batch, ends at the length limit with 8,174 tokens',
    rule: `from start to end the mean length falls by at least ${100 * LEAST_LENGTH} %`,
    presets: CERTAINTY,
    judge: ({ length }) => expect(directionOf(length.change, LEAST_LENGTH * length.start.mean), 'down'),
  },
  {
    claim: 'Reasoning is lost',
    published: '"lose reasoning capability" [1], seen in fewer words of reasoning a response',
    rule: 'the share of responses with reasoning ends below half of where it started',
    presets: CERTAINTY,
    judge: ({ reasoning }) => expect(directionOf(reasoning.aboveHalf, 0), 'down'),
  },
  {
    claim: 'The reward rises while accuracy falls',
    published: 'called reward hacking [1]',
    rule: "the run's own reward is higher in the last step than in the first, and accuracy falls from its peak as above",
    presets: CERTAINTY,
    judge(of) {
      if (of.reward === null || of.seeds.length < 2) return 'undecided';
      const reward = expect(directionOf(of.reward.change, 0), 'up');
      const fall = expect(fallDirection(of), 'down');
      if (reward === 'differs' || fall === 'differs') return 'differs';
      return reward === 'agrees' && fall === 'agrees' ? 'agrees' : 'undecided';
    },
  },
  {
    claim: 'Token entropy shrinks',
    published: '"self-certainty growth and entropy reduction", slowed but not prevented by a KL term [1]',
    rule: 'token entropy of the training rollouts ends below half of where it started',
    presets: CERTAINTY,
    judge: ({ entropy }) => (entropy === null ? 'undecided' : expect(directionOf(entropy.aboveHalf, 0), 'down')),
  },
  {
    claim: 'GRPO gains and does not collapse',
    published:
      'ends at 15.3 to 15.6 % for 8, 12 and 16 rollouts, at 17.7 % with three passes [1]; 15.9 to 18.5 % on R1-Distill-Qwen-1.5B, 14.9 to 21.4 % on Coder-7B [2]',
    rule: `from start to end accuracy rises by at least ${points}, and from its peak to the end its mean does not fall by that much`,
    presets: ['grpo'],
    judge(of) {
      const rise = expect(accuracyDirection(of), 'up');
      const fall = fallDirection(of);
      if (rise !== 'agrees') return rise;
      // A fall that the interval leaves open is no collapse shown; one whose mean reaches the limit is not ruled out.
      if (fall === 'down') return 'differs';
      return fall === 'open' && of.peak.fall.mean <= -LEAST_ACCURACY ? 'undecided' : 'agrees';
    },
  },
  {
    claim: 'GRPO ends above certainty rewards',
    published:
      '18.5 % against 11.9 to 14.5 % on R1-Distill-Qwen-1.5B, 21.4 % against 13.6 to 17.3 % on Coder-7B; the other way round on Qwen3-4B, 34.6 % against 37.3 to 41.5 % [2]',
    rule: `at the end GRPO is at least ${points} above, paired by seed`,
    presets: CERTAINTY,
    judge(of, all) {
      const grpo = all.get('grpo');
      const difference = grpo === undefined ? null : endDifference(grpo, of);
      return difference === null ? 'undecided' : expect(directionOf(difference, LEAST_ACCURACY), 'up');
    },
  },
  {
    claim: 'A random reward changes nothing',
    published: '15.9 to 15.2 % on R1-Distill-Qwen-1.5B, 14.9 to 15.5 % on Coder-7B [2]',
    rule: `the interval of the change from start to end lies within ${points} on either side of 0`,
    presets: ['random'],
    judge: (of) => expect(accuracyDirection(of), 'flat'),
  },
  {
    claim: 'A constant reward changes nothing',
    published: 'not published; by construction, since every advantage is 0 and only weight decay is left',
    rule: 'as for the random reward',
    presets: ['constant'],
    judge: (of) => expect(accuracyDirection(of), 'flat'),
  },
];

export interface Judged {
  readonly finding: Finding;
  /** Presets by verdict; those that were not run are in none. */
  readonly presets: Readonly<Record<Verdict, readonly PresetSummary[]>>;
}

export function judgeAll(summaries: readonly PresetSummary[], steps: number): Judged[] {
  const all = new Map(summaries.map((summary) => [summary.id, summary]));
  return findings.map((finding) => {
    const presets: Record<Verdict, PresetSummary[]> = { agrees: [], differs: [], undecided: [] };
    for (const id of finding.presets) {
      const of = all.get(id);
      if (of !== undefined) presets[finding.judge(of, all, steps)].push(of);
    }
    return { finding, presets };
  });
}
