/** How a server is started under each kind of isolation, and which kind works on this machine: found by running a
 * program in it, strongest first. The kinds themselves are enforced by bubblewrap and by resources/sandbox/*.py. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resourcePath } from '../resources.ts';
import { BOX, type Toolchain } from './languages/language.ts';
import { seccompFilter } from './seccomp.ts';

/** bubblewrap: own file system, processes, network and user. portable: WebAssembly interpreters in processes that can be
 * killed (portable/). rlimits: POSIX limits, in view of this machine's files; only where it is asked for by name. */
export const ISOLATION_LEVELS = ['bubblewrap', 'portable', 'rlimits'] as const;
export type IsolationLevel = (typeof ISOLATION_LEVELS)[number];

export interface IsolationReport {
  readonly level: IsolationLevel;
  /** One line: what holds programs in and, below bubblewrap, why it is not that. */
  readonly detail: string;
  /** Whether programs can reach the network. */
  readonly network: boolean;
}

/** A command that starts a server, and the folder that it works in and that is removed after it (none: its own). */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly folder: string | null;
}

/** Programs of slot i run as this user plus i where the app runs as root: no account has it, and no two slots share it. */
const FIRST_UID = 61000;
const PYTHON_FLAGS = ['-B', '-s'];
/** The server's modules, each after those that it imports. */
const SERVER_MODULES = ['solution', 'remote', 'confine', 'processes', 'child', 'supervise', 'builds', 'serve'];
// A fixed hash seed makes the order of sets, and so verdicts, repeatable.
const ENVIRONMENT = { PYTHONHASHSEED: '0', PYTHONUTF8: '1', LANG: 'C.UTF-8', PATH: '/usr/bin:/bin' };

/** The interpreters to try, in order. The system's comes first: one in a home folder is out of a dropped user's reach. */
export function interpreters(): readonly string[] {
  if (process.platform === 'win32') return ['python', 'py'];
  return existsSync('/usr/bin/python3') ? ['/usr/bin/python3', 'python3'] : ['python3'];
}

/** The command for one server of `slot`, which sees `mounts` of this machine beside /usr. Creates its folder where the isolation has no file system of its own. */
export async function launch(
  level: Exclude<IsolationLevel, 'portable'>,
  python: string,
  slot: number,
  mounts: Toolchain['mounts'] = {},
): Promise<Launch> {
  const root = process.getuid?.() === 0;
  const uid = FIRST_UID + slot;
  const env = { ...ENVIRONMENT, ...systemEnvironment() };
  if (level === 'bubblewrap') {
    const server = await serverArgs({ filter: filterFor(false), namespaces: true, uid: null, folder: null });
    const args = [...bubblewrapArgs(mounts), '--', python, ...server];
    // Under root's own uid RLIMIT_NPROC would not count, so bubblewrap starts as an unprivileged user.
    return { command: 'bwrap', args, env, folder: null, ...(root ? { uid } : {}) };
  }
  const folder = await mkdtemp(join(tmpdir(), 'assay-sandbox-'));
  if (root) await chmod(folder, 0o711); // the programs' user must pass through to its own folder in there
  return {
    command: python,
    args: await serverArgs({ filter: filterFor(true), namespaces: false, uid: root ? uid : null, folder }),
    env,
    folder,
  };
}

interface ServerConfig {
  /** Of each test process, in base 64; null where there is none for this machine. */
  readonly filter: string | null;
  readonly namespaces: boolean;
  readonly uid: number | null;
  readonly folder: string | null;
}

/** @param ownPid whether other processes are in sight, and so must not be signalled. */
function filterFor(ownPid: boolean): string | null {
  const { arch, platform } = process;
  if (platform !== 'linux' || (arch !== 'x64' && arch !== 'arm64')) return null;
  return Buffer.from(seccompFilter(arch, { ownPid })).toString('base64');
}

async function serverArgs(config: ServerConfig): Promise<string[]> {
  const { start, modules } = await serverSources();
  return [...PYTHON_FLAGS, '-c', start, JSON.stringify(config), modules];
}

const serverSources = once(async () => {
  const read = (name: string) => readFile(resourcePath('sandbox', `${name}.py`), 'utf8');
  const modules = await Promise.all(SERVER_MODULES.map(async (name) => [name, await read(name)]));
  return { start: await read('start'), modules: JSON.stringify(modules) };
});

/** SHA-256 of what runs inside the sandbox, in hexadecimal: verdicts of other sources are not verdicts of these. */
export async function sourcesHash(): Promise<string> {
  const hash = createHash('sha256');
  const folder = resourcePath('sandbox');
  for (const name of (await readdir(folder, { recursive: true })).sort()) {
    const file = join(folder, name);
    if ((await stat(file)).isFile()) hash.update(name).update(await readFile(file));
  }
  return hash.digest('hex');
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** What a child needs of our environment to start at all; nothing of it reaches a program. */
function systemEnvironment(): Readonly<Record<string, string>> {
  const names = ['PATH', 'SystemRoot', 'TMPDIR', 'TEMP'];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

function bubblewrapArgs(mounts: Toolchain['mounts']): string[] {
  const visible = Object.entries(mounts).flatMap(([inside, outside]) => ['--ro-bind', outside, inside]);
  const environment = Object.entries(ENVIRONMENT).flatMap(([name, value]) => ['--setenv', name, value]);
  const devices = ['null', 'zero', 'random', 'urandom'].flatMap((name) => [
    '--dev-bind',
    `/dev/${name}`,
    `/dev/${name}`,
  ]);
  const system = ['bin', 'lib', 'lib64'].flatMap((name) => ['--symlink', `usr/${name}`, `/${name}`]);
  return [
    ...['--unshare-user', '--uid', '1000', '--gid', '1000', '--unshare-pid', '--unshare-net', '--unshare-ipc'],
    ...['--unshare-uts', '--unshare-cgroup-try', '--hostname', 'sandbox'],
    ...['--ro-bind', '/usr', '/usr', ...system, '--ro-bind-try', '/etc/ld.so.cache', '/etc/ld.so.cache'],
    // /proc is for the server, which measures memory with it; it covers it before a program runs.
    ...['--dir', '/dev', ...devices, '--ro-bind', '/proc', '/proc'],
    ...['--dir', '/tmp', '--dir', BOX, ...visible, '--remount-ro', '/', '--chdir', '/'],
    ...['--die-with-parent', '--new-session', '--as-pid-1', '--clearenv', ...environment],
    // Within its own user namespace only: to give each program its own processes and /tmp. Tests run without it.
    ...['--cap-add', 'CAP_SYS_ADMIN'],
  ];
}
