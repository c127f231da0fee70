/** How much memory a process has resident, as its parent sees it. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const KIB_PER_MIB = 1_024;

/** How often a look is worth its price, in milliseconds: a file to read on Linux, elsewhere a process to start. */
export const LOOK_MS = process.platform === 'linux' ? 100 : 1_000;

/** In MiB; null where it cannot be told, as of a process that has ended. */
export async function residentMb(pid: number): Promise<number | null> {
  try {
    if (process.platform === 'linux') {
      return kib(/^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]);
    }
    if (process.platform === 'win32') {
      // "node.exe","1234","Console","1","12,345 K": the digits are grouped as the user's language does.
      const { stdout } = await run('tasklist', ['/FI', `PID eq ${pid}`, '/FO', 'CSV', '/NH'], { windowsHide: true });
      return kib(/"([^"]+)"\s*$/.exec(stdout)?.[1]?.replace(/\D/g, ''));
    }
    return kib((await run('ps', ['-o', 'rss=', '-p', String(pid)])).stdout.trim());
  } catch {
    return null; // it has ended
  }
}

function kib(digits: string | undefined): number | null {
  return digits === undefined || digits === '' ? null : Number(digits) / KIB_PER_MIB;
}
