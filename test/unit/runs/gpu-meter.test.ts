import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { createGpuMeter } from '../../../src-main/runs/gpu-meter.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';

/** A tool that answers as nvidia-smi does, whatever it is asked. */
async function tool(lines: readonly string[], then: string): Promise<string> {
  const path = join(await temporaryFolder(), 'nvidia-smi');
  await writeFile(path, `#!/bin/sh\nprintf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')}\n${then}\n`);
  await chmod(path, 0o755);
  return path;
}

test.skipIf(process.platform === 'win32')(
  'load is the mean of the looks since the step before, memory the last',
  async () => {
    const meter = createGpuMeter(
      'tfjs-webgpu',
      await tool(['50, 1000', '[N/A], 5', 'no card', '100, 2000'], 'sleep 60'),
    );
    let seen = {};
    await vi.waitFor(() => {
      seen = meter?.sample() ?? {};
      expect(seen).toHaveProperty('system/gpu');
    }, 30_000);
    expect(seen).toEqual({ 'system/gpu': 0.75, 'system/gpu-memory': 2000 * 2 ** 20 });
    expect(meter?.sample()).toEqual({});
  },
);

test('an engine on the processor has none, and without the tool nothing is heard', async () => {
  expect(createGpuMeter('kernels-native')).toBeNull();
  const meter = createGpuMeter('tfjs-node-gpu', '/nowhere/nvidia-smi');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(meter?.sample()).toEqual({});
});
