/** Tells the test command how many tests passed and failed, and which were skipped and why. */
import { writeFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule, TestResult } from 'vitest/node';

export interface Summary {
  passed: number;
  failed: number;
  skipped: number;
  /** What was skipped, a line for each group of tests, with the reason where the tests gave one. */
  skippedGroups: string[];
}

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const path = process.env.ASSAY_TEST_SUMMARY;
    if (path === undefined) return;
    // An error outside any test is a failure of its own.
    const summary: Summary = { passed: 0, failed: unhandledErrors.length, skipped: 0, skippedGroups: [] };
    const groups = new Map<string, number>();
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      // A file that could not be loaded, or whose hooks failed, may have no failed test.
      const hasFailedTest = tests.some((test) => test.result().state === 'failed');
      if (module.state() === 'failed' && !hasFailedTest) summary.failed++;
      for (const test of tests) {
        const result = test.result();
        if (result.state === 'passed') summary.passed++;
        else if (result.state === 'failed') summary.failed++;
        else {
          summary.skipped++;
          const group = nameOf(module, test, result);
          groups.set(group, (groups.get(group) ?? 0) + 1);
        }
      }
    }
    summary.skippedGroups = [...groups].map(([group, count]) => (count === 1 ? group : `${group} (${count} tests)`));
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
