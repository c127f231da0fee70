/** Tells the test command how many tests passed, which failed and why, and which were skipped and why. */
import { writeFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule, TestResult } from 'vitest/node';

export interface Summary {
  passed: number;
  failed: number;
  /** Each failure: the file's and the test's name, and the first lines of what was thrown. */
  failures: string[];
  skipped: number;
  /** What was skipped, a line for each group of tests, with the reason where the tests gave one. */
  skippedGroups: string[];
}

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const path = process.env.ASSAY_TEST_SUMMARY;
    if (path === undefined) return;
    const failures: string[] = [];
    const fail = (name: string, errors: readonly unknown[]) =>
      failures.push(`${name}\n${errors.map(linesOf).join('\n')}`);
    // An error outside any test is a failure of its own.
    for (const error of unhandledErrors) fail('outside any test', [error]);
    let passed = 0;
    let skipped = 0;
    const groups = new Map<string, number>();
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      // A file that could not be loaded, or whose hooks failed, may have no failed test.
      const hasFailedTest = tests.some((test) => test.result().state === 'failed');
      if (module.state() === 'failed' && !hasFailedTest) fail(module.relativeModuleId, module.errors());
      for (const test of tests) {
        const result = test.result();
        if (result.state === 'passed') passed++;
        else if (result.state === 'failed') fail(`${module.relativeModuleId} > ${test.fullName}`, result.errors);
        else {
          skipped++;
          const group = nameOf(module, test, result);
          groups.set(group, (groups.get(group) ?? 0) + 1);
        }
      }
    }
    const skippedGroups = [...groups].map(([group, count]) => (count === 1 ? group : `${group} (${count} tests)`));
    const summary: Summary = { passed, failed: failures.length, failures, skipped, skippedGroups };
    writeFileSync(path, JSON.stringify(summary));
  }
}

/** Tests that were skipped as a whole suite say so in the suite's name; single ones are named. */
function nameOf(module: TestModule, test: TestCase, result: TestResult): string {
  const { parent } = test;
  const whole = parent.type === 'suite' && [...parent.children.allTests('skipped')].length === parent.children.size;
  const note = result.state === 'skipped' && result.note !== undefined ? `: ${result.note}` : '';
  return `${module.relativeModuleId} > ${whole && parent.type === 'suite' ? parent.fullName : test.fullName}${note}`;
}

const LINES_TOLD = 12;
const LINE_LENGTH_TOLD = 300;

/** Enough of an error to know what went wrong where only the output's end is kept: its first lines and its place. */
function linesOf(error: unknown): string {
  const { message = String(error), stack = '' } = error instanceof Object ? (error as Partial<Error>) : {};
  const place = stack.split('\n').find((line) => /^\s+at .*[/\\]test[/\\]/.test(line));
  const lines = message.split('\n').slice(0, LINES_TOLD);
  return [...lines, ...(place === undefined ? [] : [place.trim()])]
    .map((line) => `    ${line.slice(0, LINE_LENGTH_TOLD)}`)
    .join('\n');
}
