/** The body of call `matchedCompletions`: the same problems at the same step in several runs. */
import type { z } from 'zod';
import type { MatchedCompletions, matchedInputSchema } from '../../src-shared/comparison.ts';
import { AssayError } from '../../src-shared/errors.ts';
import type { Store } from '../store/store.ts';

export function matchedCompletions(
  store: Store,
  { runIds, step, problemId }: z.output<typeof matchedInputSchema>,
): MatchedCompletions {
  const runs = [...new Set(runIds)].map((id) => store.runs.get(id));
  const recorded = runs.map((run) => {
    const steps = store.outcomes.steps(run.id);
    if (steps.length === 0)
      throw new AssayError('conflict', `Run #${run.number} has no stored validation samples to put beside others`);
    return steps;
  });
  const [first = [], ...others] = recorded;
  const shared = first.filter((each) => others.every((steps) => steps.includes(each)));
  const wanted = step ?? shared.at(-1) ?? Math.min(...recorded.map((steps) => steps.at(-1) ?? 0));
  const steps = runs.map(({ id }, i) => ({
    runId: id,
    step: nearest(shared.length > 0 ? shared : (recorded[i] ?? []), wanted),
  }));

  const outcomes = steps.map((at) => new Map(store.outcomes.ofStep(at.runId, at.step).map((of) => [of.problemId, of])));
  const problems = [...(outcomes[0]?.keys() ?? [])].flatMap((id) => {
    const counts = outcomes.flatMap((of) => of.get(id) ?? []);
    if (counts.length < outcomes.length) return [];
    return [{ problemId: id, outcomes: counts.map(({ passed, samples }) => ({ passed, samples })) }];
  });
  if (problemId !== undefined && !problems.some((problem) => problem.problemId === problemId))
    throw new AssayError('not-found', `problemId: ${problemId}: not all of these runs have samples of it`, {
      path: 'problemId',
    });
  return {
    steps,
    common: shared.length > 0,
    problems,
    completions:
      problemId === undefined
        ? null
        : steps.map((at) => ({ runId: at.runId, rollouts: store.outcomes.samples(at.runId, at.step, problemId) })),
  };
}

/** The earlier of two that are as near. @param steps not empty, ascending */
function nearest(steps: readonly number[], wanted: number): number {
  return steps.reduce((best, each) => (Math.abs(each - wanted) < Math.abs(best - wanted) ? each : best));
}
