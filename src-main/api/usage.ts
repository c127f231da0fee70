/** Processor and memory use of this process and its children. */
import { readdir, readFile } from 'node:fs/promises';

export interface Usage {
  /** Percent of one core since the last call; 0 at the first. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
}

interface Sample {
  /** Processor time so far, by process. */
  readonly cpuMs: ReadonlyMap<number, number>;
  readonly memoryBytes: number;
}

/** A meter that compares with its own last reading. On Linux it sees the children; elsewhere this process alone. */
export function createUsageMeter(): () => Promise<Usage> {
  let last: { readonly at: number; readonly sample: Sample } | null = null;
  return async () => {
    const sample = process.platform === 'linux' ? await treeSample() : ownSample();
    const at = performance.now();
    let cpuPercent = 0;
    if (last !== null && at > last.at) {
      let spentMs = 0;
      // A process that ended in between takes its share with it: an underestimate, never a negative number.
      for (const [pid, ms] of sample.cpuMs) spentMs += Math.max(0, ms - (last.sample.cpuMs.get(pid) ?? 0));
      cpuPercent = (100 * spentMs) / (at - last.at);
    }
    last = { at, sample };
    return { cpuPercent, memoryBytes: sample.memoryBytes };
  };
}

function ownSample(): Sample {
  const { user, system } = process.cpuUsage();
  return { cpuMs: new Map([[process.pid, (user + system) / 1000]]), memoryBytes: process.memoryUsage.rss() };
}

/** Linux reports processor time in ticks of 10 ms and memory in pages of 4 KiB on every machine we run on. */
const TICK_MS = 10;
const PAGE_BYTES = 4096;

async function treeSample(): Promise<Sample> {
  const stats = new Map<number, { parent: number; cpuMs: number; memoryBytes: number }>();
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    let text: string;
    try {
      text = await readFile(`/proc/${pid}/stat`, 'utf8');
    } catch (error) {
      // It ended while we were looking.
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ESRCH') continue;
      throw error;
    }
    // The name, in parentheses, may hold anything; what follows is numbers (proc(5), fields 3 to 24).
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const field = (number: number) => Number(fields[number - 3]);
    stats.set(pid, {
      parent: field(4),
      cpuMs: (field(14) + field(15)) * TICK_MS,
      memoryBytes: field(24) * PAGE_BYTES,
    });
  }
  const belongs = (pid: number): boolean => {
    for (let at = pid; at > 1; at = stats.get(at)?.parent ?? 0) if (at === process.pid) return true;
    return false;
  };
  const ours = [...stats].filter(([pid]) => belongs(pid));
  return {
    cpuMs: new Map(ours.map(([pid, { cpuMs }]) => [pid, cpuMs])),
    memoryBytes: ours.reduce((sum, [, { memoryBytes }]) => sum + memoryBytes, 0),
  };
}
