/** `assay setup`: compile for this machine what an engine would rather have, or cannot do without. */
import { Argument, type Command } from 'commander';
import { AssayError } from '../../src-shared/errors.ts';
import type { Io } from './io.ts';

export function addSetupCommand(program: Command, io: Io): void {
  const say = (line: string) => io.out(line);
  program
    .command('setup')
    .description('make this machine faster: "cpu" compiles the native kernels, "gpu" the way to a TensorFlow from pip')
    .addArgument(new Argument('<part>', 'what to set up').choices(['cpu', 'gpu']))
    .option(
      '--tensorflow <folder>',
      'with gpu: a virtual environment, or the folder of TensorFlow in its site-packages',
    )
    .action(async (part: 'cpu' | 'gpu', { tensorflow }: { tensorflow?: string }) => {
      if (part === 'cpu') {
        if (tensorflow !== undefined) throw new AssayError('usage', '--tensorflow goes with "setup gpu" alone');
        const { setUpCpu } = await import('../setup.ts');
        return setUpCpu(say);
      }
      if (tensorflow === undefined)
        throw new AssayError(
          'usage',
          'setup gpu: --tensorflow <folder> is missing: where pip has installed TensorFlow',
          {
            hint: 'In a virtual environment, "pip install tensorflow[and-cuda]" installs it. Older cards can do with "npm run setup:gpu", which fetches libtensorflow 2.9.1 for CUDA 11.',
          },
        );
      const { setUpGpu } = await import('../setup-gpu.ts');
      return setUpGpu(say, tensorflow);
    });
}
