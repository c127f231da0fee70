// `npm run setup:gpu`: completes the optional @tensorflow/tfjs-node-gpu, whose install script (libtensorflow 2.9.1, about
// 400 MB, and the binding) does not run with `npm install`. Needs an NVIDIA driver with CUDA 11 and cuDNN 8 to be of use.
// `npm run setup:gpu -- --tensorflow <folder>` is `assay setup gpu`: it takes a TensorFlow from pip, for newer cards.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isReachable } from './net.mjs';
import { goodNode, root, runProgram } from './node.mjs';

const PACKAGE = '@tensorflow/tfjs-node-gpu';
const host =
  process.env.TFJS_NODE_BASE_URI ?? process.env.TFJS_NODE_CDN_STORAGE ?? 'https://storage.googleapis.com/tensorflow/';

const newer = 'or take a TensorFlow from pip: "npm run setup:gpu -- --tensorflow <folder>"';

async function main() {
  const args = process.argv.slice(2);
  if (args.length > 0)
    return runProgram(goodNode(), [join(root, 'resources', 'launch', 'assay.mjs'), 'setup', 'gpu', ...args]);
  if (process.platform === 'darwin')
    return fail('macOS has no build of TensorFlow with CUDA; use the engine tfjs-webgpu');
  if (!existsSync(join(root, 'node_modules', PACKAGE)))
    return fail(`${PACKAGE} is not installed; run "npm install --include=optional" first`);
  if (!(await isReachable(host)))
    return fail(
      `${new URL(host).hostname}, which has libtensorflow, cannot be reached; set TFJS_NODE_BASE_URI to a mirror, ${newer}`,
    );
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const code = await runProgram(npm, ['rebuild', PACKAGE, '--ignore-scripts=false', '--foreground-scripts'], {
    shell: process.platform === 'win32',
  });
  const lib = join(root, 'node_modules', PACKAGE, 'deps', 'lib');
  if (code !== 0 || !existsSync(lib)) return fail(`libtensorflow was not installed; the lines above say why; ${newer}`);
  console.log(
    'libtensorflow 2.9.1, for CUDA 11, is here. "npm run assay -- catalogue" says whether tfjs-node-gpu can run.',
  );
  return 0;
}

function fail(message) {
  console.error(`setup:gpu: ${message}.`);
  return 1;
}

process.exitCode = await main();
