/** What this machine has: memory, processors, room on the disk of the data folder. */
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { cpus, freemem, totalmem } from 'node:os';
import { dirname } from 'node:path';

export interface MachineMemory {
  readonly totalBytes: number;
  readonly availableBytes: number;
}

/** Within the limits that the process was given, as in a container. */
export function machineMemory(): MachineMemory {
  const limit = process.constrainedMemory();
  const totalBytes = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  return { totalBytes, availableBytes: Math.min(totalBytes, freemem(), process.availableMemory()) };
}

/** Of the disk that a folder, there already or not, lies on. */
export async function freeDiskBytes(folder: string): Promise<number> {
  let existing = folder;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  return bavail * bsize;
}

/** What a measured rate holds for: the processors, and what runs on them. */
export function machineName(): string {
  const all = cpus();
  return `${all.length} x ${all[0]?.model.trim() ?? process.arch}, ${process.platform}, Node ${process.version}`;
}
