/** What `assay setup` does to this machine: compiles what an engine would rather have than do without. */
import { pathToFileURL } from 'node:url';
import { AssayError } from '../src-shared/errors.ts';
import { nativeLibrary } from './engine/kernels/native-library.ts';
import { resourcePath } from './resources.ts';

type Build = typeof import('../resources/kernels/build.mjs');

/**
 * Compile the native kernels, and say what came of it.
 * @param folder where the library goes; the one in which the engine looks by default
 * @throws AssayError `engine` with what to install, or why this machine cannot run them
 */
export async function setUpCpu(say: (line: string) => void, folder?: string): Promise<void> {
  // Outside the bundle, as it runs without it too.
  const script = pathToFileURL(resourcePath('kernels', 'build.mjs')).href;
  const { buildNative, compilerAdvice, compilers, sourcesHash } = (await import(/* @vite-ignore */ script)) as Build;
  const hasSources = sourcesHash() !== null;
  if (hasSources) {
    const found = compilers();
    if (found.length > 0) say(`Compilers found: ${found.map(({ name }) => name).join(', ')}.`);
    const start = performance.now();
    try {
      const { compiler } = await buildNative(folder, found);
      say(`${compiler} compiled the native kernels in ${((performance.now() - start) / 1000).toFixed(1)} s.`);
    } catch (error) {
      const hint = found.length > 0 ? {} : { hint: compilerAdvice };
      throw new AssayError('engine', (error as Error).message, { ...hint, cause: error });
    }
  } else {
    say('The sources of the kernels are not in this package: there is nothing to compile.');
  }
  const library = nativeLibrary(folder);
  if ('missing' in library)
    throw new AssayError(
      'engine',
      `the native kernels cannot run here: ${hasSources ? library.missing : 'this package was made without them'}`,
      { hint: 'The engine kernels-wasm does the same work, more slowly.' },
    );
  say(`Library: ${library.path}`);
  say(`Level of this processor: ${library.level}. The engine kernels-native is ready.`);
}
