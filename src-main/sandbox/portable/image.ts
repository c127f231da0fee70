/** The memory of a Python interpreter that has just started and has imported what programs start with: made once by a
 * process of its own and read by every Python process from a file, which has no name where the system allows that. */
import { type FileHandle, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunnerFault } from '../runner.ts';
import { imageSources, launch, pyodideFolder } from './launch.ts';
import { FrameProcess, ProcessEnded } from './process.ts';

const MAKE_MS = 120_000;
const MOST_BYTES = 256 << 20;

export interface Image {
  readonly descriptor: number;
  readonly bytes: number;
  /** Once by each that acquired it. */
  release(): Promise<void>;
}

interface Made {
  readonly file: FileHandle;
  readonly folder: string;
  readonly bytes: number;
}

let made: Promise<Made> | null = null;
let users = 0;

/** The image, made if nobody has it yet. Rejects with a RunnerFault where it cannot be made. */
export async function acquireImage(): Promise<Image> {
  made ??= make();
  const mine = made;
  users += 1;
  try {
    const { file, bytes } = await mine;
    return { descriptor: file.fd, bytes, release: () => leave(mine) };
  } catch (error) {
    await leave(mine);
    throw error;
  }
}

async function leave(mine: Promise<Made>): Promise<void> {
  users -= 1;
  if (users > 0) return;
  made = null;
  const [result] = await Promise.allSettled([mine]);
  if (result.status === 'rejected') return;
  await result.value.file.close();
  await rm(result.value.folder, { recursive: true, force: true });
}

async function make(): Promise<Made> {
  const bytes = await memoryOfNewInterpreter();
  try {
    return await written(bytes);
  } catch (error) {
    throw new RunnerFault(`The portable sandbox cannot keep its image: ${(error as Error).message}`);
  }
}

async function written(bytes: Buffer): Promise<Made> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-sandbox-'));
  try {
    const path = join(folder, 'python-image');
    await writeFile(path, bytes, { mode: 0o600 });
    const file = await open(path, 'r'); // programs' processes inherit this one
    if (process.platform !== 'win32') await rm(folder, { recursive: true });
    return { file, folder, bytes: bytes.length };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function memoryOfNewInterpreter(): Promise<Buffer> {
  const folder = pyodideFolder();
  const child = new FrameProcess(
    launch('python.mjs', [folder, ...imageSources().map(([, path]) => path)], {
      folder,
      imageBytes: null,
      sources: imageSources(),
    }),
    MOST_BYTES,
  );
  const timer = setTimeout(() => void child.kill(`did not start within ${MAKE_MS} ms`), MAKE_MS);
  try {
    return (await child.receive()).body;
  } catch (error) {
    if (!(error instanceof ProcessEnded)) throw error;
    throw new RunnerFault(`The portable sandbox's Python ${error.message}`);
  } finally {
    clearTimeout(timer);
    await child.kill('is no longer needed');
  }
}
