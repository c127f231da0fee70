/** Every prompt must leave room for the longest response. */
import { AssayError } from '../../src-shared/errors.ts';
import type { RunConfig } from '../../src-shared/run.ts';

/**
 * @param maxPositions Of the policy, for prompt and response together.
 * @throws AssayError `usage` with path `rollouts.maxNewTokens` that names the problem with the longest prompt.
 */
export function checkLengths<P extends { readonly id: string }>(
  { rollouts: { maxNewTokens } }: RunConfig,
  maxPositions: number,
  problems: readonly P[],
  encode: (problem: P) => Int32Array,
): void {
  let longest = { id: '', tokens: -1 };
  for (const problem of problems) {
    const tokens = encode(problem).length;
    if (tokens > longest.tokens) longest = { id: problem.id, tokens };
  }
  const room = maxPositions - longest.tokens;
  if (longest.tokens < 0 || maxNewTokens <= room) return;
  const path = 'rollouts.maxNewTokens';
  const allowed =
    room > 0 ? `at most ${room} are allowed` : 'none is left for a response; allowed is a policy with more';
  throw new AssayError(
    'usage',
    `${path}: ${maxNewTokens} is too long for problem ${longest.id} (${longest.tokens} tokens): the policy has ${maxPositions} positions, so ${allowed}`,
    { path },
  );
}
