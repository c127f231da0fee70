/** The seccomp filter in the kernel: what the sandbox's languages do runs under it, what it refuses fails. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { OWN_PID, seccompFilter } from '../../src-main/sandbox/seccomp.ts';
import { type Architecture, SYSCALLS } from '../../src-main/sandbox/syscalls.ts';

/** Python that installs the filter of argv[1] for itself; what follows runs under it. */
const INSTALL = `
import base64, ctypes, os, struct, sys
class Program(ctypes.Structure):
    _fields_ = [('length', ctypes.c_ushort), ('rules', ctypes.c_void_p)]
rules = base64.b64decode(sys.argv[1]).replace(struct.pack('<I', ${OWN_PID}), struct.pack('<I', os.getpid()))
program = Program(len(rules) // 8, ctypes.cast(ctypes.c_char_p(rules), ctypes.c_void_p))
libc = ctypes.CDLL(None, use_errno=True)
os.setsid()
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.byref(program), 0, 0):
    sys.exit('the filter was not installed: ' + os.strerror(ctypes.get_errno()))
`;
const EXECUTE = `${INSTALL}\nos.execvp(sys.argv[2], sys.argv[2:])`;

const folder = mkdtempSync(join(tmpdir(), 'assay-seccomp-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function find(tool: string): string | null {
  if (tool.startsWith('/')) return existsSync(tool) ? tool : null;
  const places = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)];
  return places.map((place) => join(place, tool)).find((path) => existsSync(path)) ?? null;
}

const python = find('python3');
const architecture = (['x64', 'arm64'] as const).find((name) => name === process.arch) ?? null;
const here: Architecture = architecture ?? 'x64';

function launch(code: string, args: readonly string[], ownPid: boolean) {
  const filter = Buffer.from(seccompFilter(here, { ownPid })).toString('base64');
  const { status, signal, stdout, stderr } = spawnSync(python ?? '', ['-c', code, filter, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', TMPDIR: folder, HOME: folder, LANG: 'C.UTF-8' },
    input: 'a line\n',
    encoding: 'utf8',
    timeout: 25_000,
    killSignal: 'SIGKILL',
  });
  return { status, signal, stdout, stderr };
}

/** Runs a command under the filter, as where it may signal only itself, and gives what it printed. */
function under(command: readonly string[]): string {
  const { status, signal, stdout, stderr } = launch(EXECUTE, command, true);
  if (status !== 0) throw new Error(`${command[0]} ended with ${signal ?? `status ${status}`}: ${stderr || stdout}`);
  return stdout;
}

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

/** A test that is skipped, by its name, where one of the tools is not there. */
function withTools(tools: readonly string[], what: string, body: () => void): void {
  test.skipIf(tools.some((tool) => find(tool) === null))(`${what} (needs ${tools.join(', ')})`, body, 60_000);
}

const PYTHON = `
import asyncio, concurrent.futures, os, shutil, signal, socket, sqlite3, subprocess, sys, tempfile, threading, time
results = []
threads = [threading.Thread(target=results.append, args=(i,)) for i in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(sorted(results), sys.stdin.readline().strip())
print(subprocess.run(['echo', 'child'], capture_output=True, text=True, start_new_session=True).stdout.strip())
print(subprocess.check_output('echo one | tr a-z A-Z', shell=True, text=True).strip())
async def later():
    process = await asyncio.create_subprocess_exec('echo', 'async', stdout=subprocess.PIPE)
    return (await process.communicate())[0].decode().strip(), await asyncio.to_thread(lambda: 5)
print(asyncio.run(later()))
with concurrent.futures.ThreadPoolExecutor(3) as pool: print(list(pool.map(abs, [-1, 2])))
folder = tempfile.mkdtemp()
with open(folder + '/a', 'w') as out: out.write('x' * 100)
shutil.copy2(folder + '/a', folder + '/b')
shutil.copytree(folder, folder + '/c/d')
os.rename(folder + '/b', folder + '/e')
base = sqlite3.connect(folder + '/base')
base.execute('create table numbers as select 7 as n')
base.commit()
print(base.execute('select n from numbers').fetchone(), sorted(os.listdir(folder)))
shutil.rmtree(folder)
signal.signal(signal.SIGALRM, lambda *_: print('alarm'))
signal.setitimer(signal.ITIMER_REAL, 0.01)
time.sleep(0.05)
child = os.fork()
if child == 0: os._exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), os.cpu_count() > 0, os.isatty(0))
`;

const JAVASCRIPT = `
const { Worker, isMainThread, parentPort } = require('node:worker_threads');
const { execSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const { once } = require('node:events');
async function main() {
  const worker = new Worker(__filename);
  console.log('worker', (await once(worker, 'message'))[0]);
  const upper = 'process.stdin.on("data", (text) => process.stdout.write(String(text).toUpperCase()))';
  const child = spawn(process.execPath, ['-e', upper]);
  child.stdin.end('hello');
  child.stdout.on('data', (text) => console.log('child', String(text)));
  console.log('exit', (await once(child, 'close'))[0], String(execSync('echo sync')).trim());
  const folder = fs.mkdtempSync(process.env.TMPDIR + '/x');
  await fs.promises.writeFile(folder + '/a', 'text');
  fs.copyFileSync(folder + '/a', folder + '/b');
  fs.cpSync(folder, folder + '2', { recursive: true });
  console.log(fs.readdirSync(folder + '2').join(), fs.readFileSync(0, 'utf8').trim());
  console.log((await WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))) instanceof WebAssembly.Module);
  await new Promise((resolve) => setTimeout(resolve, 5));
}
if (isMainThread) main();
else parentPort.postMessage([...Array(1000).keys()].reduce((a, b) => a + b));
`;

const CPP = `
#include <bits/stdc++.h>
using namespace std;
int main() {
  atomic<int> n{0};
  vector<thread> threads;
  for (int i = 0; i < 4; i++) threads.emplace_back([&] { for (int j = 0; j < 1000; j++) n++; this_thread::sleep_for(1ms); });
  for (auto &thread : threads) thread.join();
  string line; getline(cin, line);
  try { throw runtime_error("thrown"); } catch (exception &e) { cout << n << ' ' << e.what() << ' ' << line << endl; }
  cout << async(launch::async, [] { return 7; }).get() << ' ' << vector<int>(50000000).size() << endl;
  ofstream("out.txt") << 1; cout << filesystem::remove("out.txt") << flush;
  return system("echo ' system'");
}
`;

const JAVA = `
import java.io.*; import java.nio.channels.Selector; import java.nio.file.*; import java.util.*; import java.util.concurrent.*; import java.util.stream.*;
public class Main {
  static int deep(int n) { return deep(n + 1) + 1; }
  public static void main(String[] args) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(4);
    System.out.println("hello " + pool.submit(() -> 42).get() + " " + LongStream.range(0, 100000).parallel().sum());
    pool.shutdown();
    System.out.println(new BufferedReader(new InputStreamReader(System.in)).readLine());
    Path folder = Files.createTempDirectory("java");
    Files.writeString(folder.resolve("a"), "x");
    Files.copy(folder.resolve("a"), folder.resolve("b"));
    Process child = new ProcessBuilder("echo", "child").start();
    System.out.println(new String(child.getInputStream().readAllBytes()).trim() + " " + child.waitFor());
    for (int i = 0; i < 200; i++) { int[] garbage = new int[1000000]; garbage[i] = i; }
    System.gc();
    Selector selector = Selector.open(); selector.selectNow(); selector.close();
    try { deep(0); } catch (StackOverflowError e) { System.out.println("overflow " + UUID.randomUUID().toString().length()); }
  }
}
`;

const PYTHON_OUTPUT = `[0, 1, 2, 3] a line
child
ONE
('async', 5)
[1, 2]
(7,) ['a', 'base', 'c', 'e']
alarm
3 True False
`;
const JAVASCRIPT_OUTPUT = 'worker 499500\nchild HELLO\nexit 0 sync\na,b a line\ntrue\n';

const cannot = process.platform !== 'linux' || architecture === null || python === null;

describe.skipIf(cannot)('under the filter (Linux on x86_64 or aarch64, with python3)', () => {
  withTools(['python3'], 'Python runs threads, processes, asyncio, files and a database', () => {
    expect(under([python ?? '', file('program.py', PYTHON)])).toBe(PYTHON_OUTPUT);
  });

  test('a Python that ran before the filter came does so too', () => {
    // glibc ends the process where a second thread cannot do what the first one could.
    expect(launch(`${INSTALL}\n${PYTHON}`, [], false)).toMatchObject({ stdout: PYTHON_OUTPUT, stderr: '', status: 0 });
  });

  for (const node of new Set([process.execPath, '/usr/bin/node'])) {
    withTools([node], 'Node.js runs a worker thread and child processes', () => {
      expect(under([node, file('program.cjs', JAVASCRIPT)])).toBe(JAVASCRIPT_OUTPUT);
    });
  }

  withTools(['g++'], 'g++ compiles C++ with threads, which runs', () => {
    under(['g++', '-std=c++17', '-O1', '-pthread', '-o', 'program', file('program.cpp', CPP)]);
    expect(under(['./program'])).toBe('4000 thrown a line\n7 50000000\n1 system\n');
  });

  withTools(['javac', 'java'], 'javac compiles Java with threads, which runs', () => {
    under(['javac', file('Main.java', JAVA)]);
    expect(under(['java', 'Main'])).toBe('hello 42 4999950000\na line\nchild 0\noverflow 36\n');
  });
});

const EPERM = 1;
const ENOSYS = 38;
const NUMBERS = new Map(SYSCALLS.map(({ name, numbers }) => [name, numbers[here]]));
/** Calls that the table does not name; the numbers above 423 are the same everywhere. */
const UNNAMED: Readonly<Record<string, number>> = {
  clone3: 435,
  io_uring_setup: 425,
  io_uring_enter: 426,
  pidfd_open: 434,
  pidfd_getfd: 438,
  pidfd_send_signal: 424,
  process_madvise: 440,
  openat2: 437,
  futex_waitv: 449,
  ...(here === 'x64' ? { memfd_create: 319, execveat: 322, splice: 275 } : { memfd_create: 279, execveat: 281 }),
};

/** Makes each call and prints the error numbers, 0 for none. */
const ATTEMPT = `${INSTALL}
import json
libc.syscall.restype = ctypes.c_long
def attempt(number, *args):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, args))
    return ctypes.get_errno() if result == -1 else 0
print(json.dumps([attempt(*call) for call in json.loads(sys.argv[2])]))
`;

function attempt(calls: readonly (readonly number[])[], ownPid = true): number[] {
  const { status, signal, stdout, stderr } = launch(ATTEMPT, [JSON.stringify(calls)], ownPid);
  if (status !== 0) throw new Error(`The attempts ended with ${signal ?? `status ${status}`}: ${stderr}`);
  return JSON.parse(stdout);
}

const number = (name: string) => NUMBERS.get(name) ?? UNNAMED[name] ?? -1;

describe.skipIf(cannot)('the filter refuses (Linux on x86_64 or aarch64, with python3)', () => {
  test('every call that the table refuses, with EPERM', () => {
    const calls = SYSCALLS.filter(({ treatment, numbers }) => treatment === 'refused' && numbers[here] !== null);
    // Arguments that the kernel itself would answer otherwise: EINVAL, EFAULT, EBADF.
    const errors = attempt(calls.map(({ name }) => [number(name), -1, -1, -1, -1, -1, -1]));
    expect(calls.filter((_, index) => errors[index] !== EPERM).map(({ name }) => name)).toEqual([]);
  });

  test('calls that it does not know, with ENOSYS', () => {
    const names = Object.keys(UNNAMED);
    const errors = attempt(names.map((name) => [number(name), -1, -1, -1, -1, -1, -1]));
    expect(Object.fromEntries(names.map((name, index) => [name, errors[index]]))).toEqual(
      Object.fromEntries(names.map((name) => [name, ENOSYS])),
    );
  });

  test.each([
    ['a socket of the network', 'socket', [2, 1, 0], EPERM],
    ['a socket of the machine', 'socket', [1, 1, 0], EPERM],
    ['a netlink socket', 'socket', [16, 3, 0], EPERM],
    ['a pair of datagram sockets', 'socketpair', [1, 2, 0, 0], EPERM],
    ['a new user namespace', 'clone', [0x10000011, 0, 0, 0, 0], EPERM],
    ['a sibling process', 'clone', [0x8011, 0, 0, 0, 0], EPERM],
    ['typing into a terminal', 'ioctl', [0, 0x5412, 0], EPERM],
    ['asking for the size of a terminal: runs, and there is none', 'ioctl', [0, 0x5413, 0], 25],
    ['signals by a descriptor', 'fcntl', [0, 8, 1], EPERM],
    ['a larger pipe', 'fcntl', [0, 1031, 1 << 20], EPERM],
    ['being dumpable', 'prctl', [4, 1, 0, 0, 0], EPERM],
    ['outliving its parent', 'prctl', [1, 0, 0, 0, 0], EPERM],
    ['another filter', 'prctl', [22, 2, 0, 0, 0], EPERM],
    ['taking in orphans', 'prctl', [36, 1, 0, 0, 0], EPERM],
    ['limits of another process', 'prlimit64', [1, 7, 0, 0], EPERM],
    ['its own limits: runs', 'prlimit64', [0, 7, 0, 0], 0],
    ['sharing memory', 'shmget', [0, 4096, 0o1600], EPERM],
  ] as const)('%s', (_, name, args, error) => {
    expect(attempt([[number(name), ...args]])).toEqual([error]);
  });

  test('signals to others where there is no process namespace', () => {
    const [kill, tgkill] = [number('kill'), number('tgkill')];
    // This test process and all processes; signal 0 only asks whether it might.
    const calls = [
      [kill, process.pid, 0],
      [kill, -1, 0],
      [tgkill, process.pid, process.pid, 0],
      [kill, 0, 0],
    ];
    expect(attempt(calls)).toEqual([EPERM, EPERM, EPERM, 0]);
    expect(attempt([[kill, process.pid, 0]], false)).toEqual([0]);
    expect(under([python ?? '', '-c', 'import os; print(os.kill(os.getpid(), 0))'])).toBe('None\n');
  });

  test.skipIf(here !== 'x64')('calls of x32, and kills at calls of i386 (x86_64)', () => {
    expect(attempt([[0x40000000 + 39]])).toEqual([ENOSYS]);
    // mov eax, 20 (getpid); int 0x80; ret
    const code = `${INSTALL}
import mmap
page = mmap.mmap(-1, 4096, prot=7)
page.write(bytes.fromhex('b814000000cd80c3'))
print(ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))())`;
    const { signal, stdout } = launch(code, [], true);
    expect(['SIGSYS', 'SIGSEGV']).toContain(signal); // SIGSEGV: a kernel without these calls
    expect(stdout).toBe('');
  });
});
