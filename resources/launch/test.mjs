// `npm test`: style and import rules, types, build, every test. All steps run even when one fails. What was skipped and
// then what failed is said at the end, each with the reason; the last line counts everything.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { goodNode, root, runProgram } from './node.mjs';

const node = goodNode();
const tool = (...path) => join(root, 'node_modules', ...path);
const runTool = (path, ...args) => runProgram(node, [path, ...args]);

const steps = [
  ['Style and import rules', async () => (await runTool(tool('@biomejs', 'biome', 'bin', 'biome'), 'check')) === 0],
  ['Types', async () => (await runTool(tool('typescript', 'bin', 'tsc'), '--noEmit')) === 0],
  ['Build', () => ensureBuilt('all')],
];

/** All tests, or those of the files named on the command line. */
async function runTests() {
  const folder = mkdtempSync(join(tmpdir(), 'assay-test-'));
  const path = join(folder, 'summary.json');
  const reporters = ['--reporter=default', `--reporter=${join(root, 'test', 'run', 'summary-reporter.ts')}`];
  try {
    const code = await runProgram(node, [tool('vitest', 'vitest.mjs'), 'run', ...reporters, ...process.argv.slice(2)], {
      env: { ...process.env, ASSAY_TEST_SUMMARY: path },
    });
    const none = { passed: 0, failed: 0, failures: [], skipped: 0, skippedGroups: [] };
    const summary = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : none;
    // A runner that fails without a failed test has failed all the same.
    return code !== 0 && summary.failed === 0 ? { ...summary, failed: 1 } : summary;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const failedSteps = [];
for (const [name, body] of steps) {
  console.log(`\n=== ${name}`);
  if (!(await body())) failedSteps.push(name);
}
console.log('\n=== Tests');
const { passed, failed, failures, skipped, skippedGroups } = await runTests();

if (skipped > 0) {
  console.log(`\n=== SKIPPED (${skipped})`);
  for (const group of skippedGroups) console.log(`  ${group}`);
}
if (failures.length > 0) {
  console.log(`\n=== FAILED (${failures.length})`);
  for (const failure of failures) console.log(`  ${failure}`);
}
for (const name of failedSteps) console.log(`\nFAILED: ${name}`);
const allFailed = failed + failedSteps.length;
console.log(`\n${passed + steps.length - failedSteps.length} passed, ${allFailed} failed, ${skipped} skipped`);
process.exitCode = allFailed === 0 ? 0 : 1;
