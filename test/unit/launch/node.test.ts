/** The launcher's promise: signals arrive, exit codes come back, nothing is left running. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

const launcher = pathToFileURL(join(import.meta.dirname, '..', '..', '..', 'resources', 'launch', 'node.mjs')).href;
const isPosix = process.platform !== 'win32';
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-launch-'));
  // Says its process id and that it is up, and ends in its own way when asked.
  writeFileSync(
    join(folder, 'program.mjs'),
    `process.on('SIGTERM', () => process.exit(7));\nprocess.on('SIGINT', () => process.exit(8));
     setInterval(() => {}, 1000);\nconsole.log(process.pid);`,
  );
  writeFileSync(
    join(folder, 'launch.mjs'),
    `import { runProgram } from '${launcher}';
     process.exitCode = await runProgram(process.execPath, ['${join(folder, 'program.mjs')}']);`,
  );
  writeFileSync(
    join(folder, 'in-process.mjs'),
    `import { runScript } from '${launcher}';\nawait runScript('${join(folder, 'program.mjs')}', []);`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
const firstLine = async (child: ChildProcess) => String((await once(child.stdout ?? child, 'data'))[0]).trim();
const start = (command: string, args: string[], env: Record<string, string> = {}) => {
  const { npm_lifecycle_event: _, ...outside } = process.env;
  return spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...outside, ...env } });
};

test.skipIf(!isPosix).each([
  ['SIGTERM', 7],
  ['SIGINT', 8],
] as const)('%s reaches the program, whose exit code comes back', async (signal, code) => {
  const child = start(process.execPath, [join(folder, 'launch.mjs')]);
  const pid = Number(await firstLine(child));
  expect(pid).not.toBe(child.pid);
  child.kill(signal);
  expect(await once(child, 'exit')).toEqual([code, null]);
  expect(isAlive(pid)).toBe(false);
});

test.skipIf(!isPosix)('a program that is killed gives 128 and the signal', async () => {
  const child = start(process.execPath, [join(folder, 'launch.mjs')]);
  process.kill(Number(await firstLine(child)), 'SIGKILL');
  expect(await once(child, 'exit')).toEqual([137, null]);
});

test('a program that does not start is said so', async () => {
  const script = `import { runProgram } from '${launcher}'; process.exitCode = await runProgram('/nowhere/program', []);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr?.on('data', (data) => {
    errors += data;
  });
  expect(await once(child, 'close')).toEqual([1, null]);
  expect(errors).toMatch(/^assay: \/nowhere\/program did not start: .*\n$/);
});

// npm starts a shell, and the shell the launcher; the shell dies of a signal that npm passes on, and tells nobody.
test.skipIf(!isPosix).each(['launch.mjs', 'in-process.mjs'])(
  '%s ends when the shell of npm is gone',
  async (script) => {
    const shell = start('/bin/sh', ['-c', `'${process.execPath}' '${join(folder, script)}'; true`], {
      npm_lifecycle_event: 'start',
    });
    const pid = Number(await firstLine(shell));
    shell.kill('SIGKILL');
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 10_000);
  },
);
