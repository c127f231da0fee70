/** Whether a sandbox holds on this machine: tries the canaries, small programs whose verdicts are known, right, wrong and
 * hostile. Each is independent of the others and, where it is not contained, harmless: it ends by itself in seconds. */
import { createHash, randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CanaryReport } from '../../src-shared/api.ts';
import type { ProgramResult } from '../../src-shared/verdict.ts';
import { canariesFor, PROMISES, type Promised, type Surroundings } from './canary-pack.ts';
import type { IsolationReport, Sandbox } from './sandbox.ts';

/** What each level does not promise; whether programs reach the network, the sandbox says itself. */
const NOT_PROMISED: Readonly<Record<string, readonly Promised[]>> = {
  rlimits: ['files'],
};

export interface Claim {
  readonly id: string;
  readonly title: string;
  readonly claimed: boolean;
}

/** What an isolation says that it contains, and what it does not. */
export function claimsOf({ level, network }: Pick<IsolationReport, 'level' | 'network'>): Claim[] {
  const missing = NOT_PROMISED[level] ?? [];
  return (Object.keys(PROMISES) as Promised[]).map((id) => ({
    id,
    title: PROMISES[id],
    claimed: !missing.includes(id) && !(id === 'network' && network),
  }));
}

/** Tries every canary, as many at a time as the sandbox runs. Rejects with the signal's reason once it is aborted, and
 * where the sandbox is closed; whatever a canary does is a result. */
export async function checkCanaries(sandbox: Sandbox, signal?: AbortSignal): Promise<CanaryReport> {
  const { around, clear } = await arrange();
  try {
    const claimed = new Set(claimsOf(sandbox.isolation).flatMap(({ id, claimed }) => (claimed ? [id] : [])));
    const results = await Promise.all(
      canariesFor(sandbox.languages, around).map(async (canary) => {
        const { id, title, promise, tries, program, expected } = canary;
        const about = { id, title, language: program.language, claim: promise, tries, expected: [...expected] };
        if (!claimed.has(promise)) return { ...about, got: null, detail: null, held: null, wallMs: 0 };
        const result = await sandbox.run({ ...program, anew: true }, signal);
        const held = expected.includes(result.verdict);
        return {
          ...about,
          got: result.verdict,
          detail: explain(result, held),
          held,
          wallMs: result.tests.reduce((sum, test) => sum + test.wallMs, 0),
        };
      }),
    );
    return { isolation: sandbox.isolation.level, results, held: results.every(({ held }) => held !== false) };
  } finally {
    await clear();
  }
}

/** What was seen of the test that decided; an answer only where it tells why a canary did not hold. */
function explain({ tests }: ProgramResult, held: boolean): string | null {
  const failed = tests.find(({ verdict }) => verdict !== 'passed');
  if (failed === undefined) return null;
  if (failed.detail !== null || failed.got === null || held) return failed.detail;
  const text = JSON.stringify(failed.got);
  return `it gave ${text.length > 160 ? `${text.slice(0, 160)}…` : text}`;
}

const MOST_NAMED = 3;

/** The canaries that a sandbox did not hold, in one line: `fork-bomb (wrong-answer, not passed or time-limit)`. */
export function describeBroken({ results }: CanaryReport): string {
  const broken = results.filter(({ held }) => held === false);
  const named = broken
    .slice(0, MOST_NAMED)
    .map(({ id, got, expected }) => `${id} (${got}, not ${expected.join(' or ')})`);
  return [...named, ...(broken.length > MOST_NAMED ? [`${broken.length - MOST_NAMED} more`] : [])].join(', ');
}

async function arrange(): Promise<{ around: Surroundings; clear: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-canary-'));
  const server = createServer((socket) => socket.destroy());
  const clear = async () => {
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await chmod(folder, 0o777);
    await writeFile(join(folder, 'secret'), randomUUID(), { mode: 0o644 });
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    return { around: { port, folder, files: filesToRead(folder), environment: environmentHashes(process.env) }, clear };
  } catch (error) {
    await clear();
    throw error;
  }
}

/** Folders that a sandbox may well have of its own. */
const SHARED_ROOTS = ['/', '/usr', '/tmp', '/dev', '/proc'];

function filesToRead(folder: string): string[] {
  const home = homedir();
  const isOwn = !SHARED_ROOTS.some((root) => home === root || (root !== '/' && home.startsWith(`${root}/`)));
  return ['/etc/passwd', ...(isOwn ? [home] : []), join(folder, 'secret'), `/proc/${process.pid}/environ`];
}

/** Variables that a sandbox hands on because nothing starts without them. */
const HANDED_ON = /^(PATH|LANG|LC_.*|SystemRoot|TMPDIR|TEMP)$/i;

/** The variables of a process as hashes, so that a program can recognise them without being told what they hold. */
export function environmentHashes(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(environment).flatMap(([name, value = '']) =>
    // Short values, such as PWD=/, are the same in many places.
    HANDED_ON.test(name) || value.length < 4 ? [] : [createHash('sha256').update(`${name}=${value}`).digest('hex')],
  );
}
