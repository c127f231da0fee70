/** Whether this machine can judge the problems of a run: a checker in a language that is not there would fail it later. */
import { AssayError } from '../../src-shared/errors.ts';
import type { Problem } from '../../src-shared/problem.ts';
import { whyNoChecker } from '../sandbox/can-run.ts';
import type { LazySandbox } from './lazy-sandbox.ts';

const PATH = 'problems.options';

/**
 * Opens the sandbox only where a test has a checker; one that cannot be opened says so when the run starts.
 * @throws AssayError `usage` naming the first problem whose checker cannot be run, the language and what is missing.
 */
export async function checkCheckers(sandbox: LazySandbox, problems: readonly Problem[]): Promise<void> {
  const checked = problems.filter((problem) =>
    testsOf(problem).some(({ comparison }) => comparison?.kind === 'checker'),
  );
  if (checked.length === 0) return;
  const opened = await sandbox.open().catch(() => null);
  if (opened === null) return;
  for (const problem of checked) {
    const why = whyNoChecker(opened.languages, testsOf(problem));
    if (why !== null)
      throw new AssayError('usage', `${PATH}: the tests of problem ${problem.id} cannot be judged here: ${why}`, {
        path: PATH,
        hint: 'Install what is missing and start Assay again, or choose problems without such checkers.',
      });
  }
}

const testsOf = ({ visibleTests, hiddenTests }: Problem) => [...visibleTests, ...hiddenTests];
