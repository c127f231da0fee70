/**
 * The groups of a step: problems, rollouts, rewards, and which groups are trained on. With dynamic sampling (DAPO, arXiv
 * 2503.14476) groups whose rewards are all equal are left out, and further problems drawn until the step has its number of
 * groups. Departure: when the rounds are over it goes on with what there is, where verl's recipe ends the run.
 */
import type { StepMetrics } from '../../src-shared/metrics.ts';
import type { Problem } from '../../src-shared/problem.ts';
import { judgedRollouts, type Rollout, type RolloutSource } from './rollouts.ts';
import { type CertainRollout, type Scoring, scoredGroups } from './scoring.ts';

export interface Gathering extends Scoring {
  readonly source: RolloutSource;
  readonly train: readonly Problem[];
}

export interface GatheredGroups {
  /** All that were sampled. */
  readonly groups: readonly (readonly CertainRollout[])[];
  readonly rewards: readonly (readonly (number | null)[])[];
  /** What each reward was made of. */
  readonly parts: readonly (readonly Readonly<Record<string, number>>[])[];
  /** Whether a group counts in the step's updates. */
  readonly kept: readonly boolean[];
  /** Means of the parts of the reward, over all groups. */
  readonly metrics: StepMetrics;
  readonly secondsSampling: number;
  readonly secondsScoring: number;
}

/**
 * Nothing of earlier steps matters: a step has its own problems for every round that it may need, and those of rounds that
 * it did not need are passed over. So a resumed run draws what an uninterrupted one does.
 */
export async function gatherGroups(
  run: Gathering,
  step: number,
  onProgress: Parameters<typeof judgedRollouts>[2],
): Promise<GatheredGroups> {
  const { problemsPerStep, groupSize, samplingRounds, temperature, topP, topK, maxNewTokens } =
    run.order.config.rollouts;
  // A run that was made before there was a choice has none: every group counts.
  const dynamic = samplingRounds > 0;
  const rounds = dynamic ? samplingRounds : 1;
  const judged: (readonly Rollout[])[] = [];
  let [secondsSampling, secondsScoring] = [0, 0];
  for (let round = 0; ; round++) {
    const drawn = await judgedRollouts(
      run.source,
      {
        problems: problemsOf(run, (step - 1) * rounds + round, problemsPerStep),
        samples: groupSize,
        sampling: { temperature, topP, topK, maxNewTokens },
        seedOf: (call) => run.seeds.rollouts(step, round * problemsPerStep * groupSize + call),
      },
      onProgress,
    );
    judged.push(...drawn.groups);
    const started = performance.now();
    // All rounds at once, so that a group's random draws are named by its place in the step.
    const scored = await scoredGroups(run, judged, step);
    secondsSampling += drawn.secondsSampling;
    secondsScoring += drawn.secondsScoring + (performance.now() - started) / 1000;
    const informative = scored.rewards.map(isInformative);
    if (dynamic && round + 1 < rounds && informative.filter(Boolean).length < problemsPerStep) continue;
    let count = 0;
    const kept = informative.map((is) => !dynamic || (is && ++count <= problemsPerStep));
    return { ...scored, kept, secondsSampling, secondsScoring };
  }
}

/** Whether anything can be learned from comparing the rewards of a group. */
function isInformative(rewards: readonly (number | null)[]): boolean {
  const scored = rewards.filter((r) => r !== null);
  return scored.some((r) => r !== scored[0]);
}

/** Problems [block x count, ...) of the training split gone through again and again, each pass in an order of its own. */
function problemsOf({ train, seeds }: Gathering, block: number, count: number): Problem[] {
  const first = block * count;
  // Shuffling a pass anew at each step takes well under a millisecond, and leaves no state to resume.
  const orders = new Map<number, Problem[]>();
  return Array.from({ length: count }, (_, i) => {
    const pass = Math.floor((first + i) / train.length);
    const order = orders.get(pass) ?? seeds.problems(pass).shuffle(train);
    orders.set(pass, order);
    return order[(first + i) % train.length] as Problem;
  });
}
