import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { createUsageMeter } from '../../../src-main/api/usage.ts';

/** Use processor time, however long that takes on a busy machine. */
function burn(cpuMs: number): void {
  const start = process.cpuUsage();
  for (;;) {
    const { user, system } = process.cpuUsage(start);
    if ((user + system) / 1000 >= cpuMs) return;
  }
}

test('processor time is counted between readings', async () => {
  const read = createUsageMeter();
  expect((await read()).cpuPercent).toBe(0);
  const before = performance.now();
  burn(300);
  const { cpuPercent } = await read();
  const elapsedMs = performance.now() - before;
  // The kernel counts in ticks of 10 ms.
  expect((cpuPercent / 100) * elapsedMs).toBeGreaterThan(270);
});

test.runIf(process.platform === 'linux')('children count (Linux)', async () => {
  const read = createUsageMeter();
  const alone = (await read()).memoryBytes;
  const hold = `const held = Buffer.alloc(100e6, 1); console.log(held.length); setInterval(() => held, 1000)`;
  const child = spawn(process.execPath, ['-e', hold], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  expect((await read()).memoryBytes - alone).toBeGreaterThan(80e6);
});
