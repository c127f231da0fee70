/**
 * Loads @tensorflow/tfjs and its backends, and gives exclusive use of them: the library keeps one current backend and
 * one stack of memory scopes a process, so calls of several engines must not interleave.
 */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type * as tfjs from '@tensorflow/tfjs';
import { EngineError } from '../engine.ts';

export type Tf = typeof tfjs;
export type Tensor = tfjs.Tensor;
export type Tensor1D = tfjs.Tensor1D;
export type Tensor2D = tfjs.Tensor2D;
export type Tensor3D = tfjs.Tensor3D;
export type Tensor4D = tfjs.Tensor4D;

// The CommonJS builds, from node_modules also when this file is bundled: the wasm backend reads its binaries from disk.
export const requirePackage = createRequire(import.meta.url);

/** Null when a package can be found from here, else the reason in one line. */
export function missingPackage(name: string): string | null {
  try {
    requirePackage.resolve(name);
    return null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    return `package ${name} is not installed`;
  }
}

export function packageFolder(name: string): string {
  return dirname(requirePackage.resolve(name));
}

/** `name version`, from the package itself. */
export function packageBuild(name: string): string {
  const { version } = requirePackage(`${name}/package.json`) as { version: string };
  return `${name} ${version}`;
}

/** The library, with production mode on: without it, it prints an advertisement into a command's output. */
export function loadTf(): Tf {
  const tf = requirePackage('@tensorflow/tfjs') as Tf;
  tf.enableProdMode();
  return tf;
}

/** Select a backend. @throws EngineError when it does not start. */
export async function selectBackend(tf: Tf, name: string): Promise<void> {
  if (tf.getBackend() === name) return;
  if (!(await tf.setBackend(name))) throw new EngineError(`tfjs backend ${name} did not start`);
}

let last: Promise<unknown> = Promise.resolve();

/** Run `work` alone: after every earlier call has ended, on the given backend, in a memory scope of its own. */
export function exclusively<T>(tf: Tf, backend: string, work: () => Promise<T>): Promise<T> {
  const run = async () => {
    await selectBackend(tf, backend);
    return scoped(tf, work);
  };
  const result = last.then(run, run);
  last = result.catch(() => undefined);
  return result;
}

/** Like `tf.tidy` for asynchronous work: disposes every tensor made inside that was not kept. */
export async function scoped<T>(tf: Tf, work: () => Promise<T>): Promise<T> {
  const engine = tf.engine();
  engine.startScope();
  try {
    return await work();
  } finally {
    engine.endScope();
  }
}
