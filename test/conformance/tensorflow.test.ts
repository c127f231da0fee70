/** `assay setup gpu` with a real TensorFlow, fetched where it can be; the engine that it makes is in the other suites. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bindingFile, probeBinding } from '../../src-main/engine/tfjs/tensorflow-binding.ts';
import { setUpGpu } from '../../src-main/setup-gpu.ts';
import { temporaryFolder } from '../fixtures/folders.ts';
import { tensorflowToSetUp } from '../fixtures/tensorflow/provide.ts';

const found = await tensorflowToSetUp();
const reason = 'reason' in found ? ` (${found.reason})` : '';
const site = 'path' in found ? found.path : '';

describe.skipIf(reason !== '')(`a TensorFlow from pip${reason}`, () => {
  it('is checked, compiled against and loaded, and every part is named', { timeout: 300_000 }, async () => {
    const folder = await temporaryFolder();
    const said: string[] = [];
    await setUpGpu((line) => said.push(line), site, folder);
    const path = join(folder, bindingFile());
    expect(said).toEqual([
      `TensorFlow: 2.15.1 in ${site}/tensorflow`,
      `Headers: ${site}/tensorflow/include`,
      'libtensorflow_cc.so.2: for x64',
      'libtensorflow_framework.so.2: for x64',
      'CUDA libraries: none',
      expect.stringMatching(/^Sources of the binding: .*tfjs-node-gpu.binding$/),
      expect.stringMatching(/^Node-API headers: \//),
      expect.stringMatching(/^Compilers: (clang|g)\+\+ /),
      expect.stringMatching(/^(clang|g)\+\+ [\d.]+ compiled the binding in [\d.]+ s\.$/),
      `Binding: ${path}`,
      'TensorFlow 2.15.1 computes on the CPU. The engine tfjs-node is ready.',
    ]);
    expect(await readdir(folder)).toEqual([bindingFile()]);
    expect(await probeBinding(path)).toMatchObject({ version: '2.15.1', gpu: false });
  });
});
