/** The seccomp filter, run by an interpreter of classic BPF over every call number and the arguments that matter. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { OWN_PID, seccompFilter } from '../../../src-main/sandbox/seccomp.ts';
import { type Architecture, SYSCALLS } from '../../../src-main/sandbox/syscalls.ts';

const ARCHITECTURES = ['x64', 'arm64'] as const;
const AUDIT = { x64: 0xc000003e, arm64: 0xc00000b7 };
const OUTCOMES: Readonly<Record<number, string>> = {
  2147418112: 'allowed',
  2147483648: 'killed',
  327681: 'EPERM',
  327718: 'ENOSYS',
};

interface Call {
  readonly number: number;
  readonly audit: number;
  readonly args?: readonly bigint[];
}

/** What the kernel would do (net/core/filter.c): the outcome, and the instructions that it took. */
function decide(filter: Uint8Array, { number, audit, args = [] }: Call): { outcome: string; steps: number } {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, number, true);
  data.setUint32(4, audit, true);
  for (const [index, value] of args.entries()) data.setBigUint64(16 + 8 * index, BigInt.asUintN(64, value), true);
  const code = new DataView(filter.buffer, filter.byteOffset, filter.byteLength);
  let accumulator = 0;
  let steps = 0;
  for (let at = 0; ; at += 8) {
    steps += 1;
    const operand = code.getUint32(at + 4, true);
    const skip = (condition: boolean) => 8 * code.getUint8(at + (condition ? 2 : 3));
    const operation = code.getUint16(at, true);
    if (operation === 0x20) accumulator = data.getUint32(operand, true);
    else if (operation === 0x54) accumulator = (accumulator & operand) >>> 0;
    else if (operation === 0x05) at += 8 * operand;
    else if (operation === 0x15) at += skip(accumulator === operand);
    else if (operation === 0x35) at += skip(accumulator >= operand);
    else if (operation === 0x06) return { outcome: OUTCOMES[operand] ?? `${operand}`, steps };
    else throw new Error(`The filter has the unknown instruction ${operation} at byte ${at}`);
  }
}

/** The filter as it is installed, for the process 4711 where it may signal only itself. */
function installed(architecture: Architecture, ownPid: boolean): Uint8Array {
  const filter = seccompFilter(architecture, { ownPid });
  const view = new DataView(filter.buffer);
  for (let at = 0; at < filter.length; at += 4) {
    if (view.getUint32(at, true) === OWN_PID) view.setUint32(at, 4711, true);
  }
  return filter;
}

const FILTERS = {
  x64: { shared: installed('x64', true), namespace: installed('x64', false) },
  arm64: { shared: installed('arm64', true), namespace: installed('arm64', false) },
};

function outcome(architecture: Architecture, number: number, args: readonly bigint[] = [], own = true): string {
  const filter = FILTERS[architecture][own ? 'shared' : 'namespace'];
  return decide(filter, { number, audit: AUDIT[architecture], args }).outcome;
}

function numberOf(architecture: Architecture, name: string): number | null {
  const call = SYSCALLS.find((entry) => entry.name === name);
  if (call === undefined) throw new Error(`No call ${name} in the table`);
  return call.numbers[architecture];
}

/** By number and not by name, so that a wrong number in the table is seen here as well. */
const MUST_FAIL: Readonly<Record<string, { readonly x64: readonly number[]; readonly arm64: readonly number[] }>> = {
  'ptrace, process_vm_*, kcmp, get_robust_list, pidfd_*, process_madvise, process_mrelease': {
    x64: [101, 310, 311, 312, 274, 424, 434, 438, 440, 448],
    arm64: [117, 270, 271, 272, 100, 424, 434, 438, 440, 448],
  },
  'rt_sigqueueinfo, rt_tgsigqueueinfo': { x64: [129, 297], arm64: [138, 240] },
  'clone3, execveat': { x64: [435, 322], arm64: [435, 281] },
  'personality, priorities and affinities': {
    x64: [135, 141, 142, 144, 203, 251, 314],
    arm64: [92, 140, 118, 119, 122, 30, 274],
  },
  'System V IPC': {
    x64: [29, 30, 31, 64, 65, 66, 67, 68, 69, 70, 71, 220],
    arm64: [186, 187, 188, 189, 190, 191, 192, 193, 194, 195, 196, 197],
  },
  'POSIX message queues': { x64: [240, 241, 242, 243, 244, 245], arm64: [180, 181, 182, 183, 184, 185] },
  'sockets but for what a socketpair needs': {
    x64: [41, 42, 43, 46, 47, 49, 50, 52, 54, 288, 299, 307],
    arm64: [198, 203, 202, 211, 212, 200, 201, 205, 208, 242, 243, 269],
  },
  'mounts and file system handles': {
    x64: [155, 161, 165, 166, 303, 304, 428, 429, 430, 431, 432, 433, 442],
    arm64: [41, 51, 40, 39, 264, 265, 428, 429, 430, 431, 432, 433, 442],
  },
  namespaces: { x64: [272, 308], arm64: [97, 268] },
  'swap, quotas, accounting, reboot, names of the machine, hang-up': {
    x64: [167, 168, 179, 443, 163, 169, 170, 171, 153],
    arm64: [224, 225, 60, 443, 89, 142, 161, 162, 58],
  },
  'keys, modules, kexec, bpf, perf, fanotify, userfaultfd, syslog, landlock, seccomp': {
    x64: [248, 249, 250, 175, 313, 176, 246, 320, 321, 298, 300, 301, 323, 103, 444, 445, 446, 317],
    arm64: [217, 218, 219, 105, 273, 106, 104, 294, 280, 241, 262, 263, 282, 116, 444, 445, 446, 277],
  },
  'setting clocks': { x64: [164, 159, 227, 305], arm64: [170, 171, 112, 266] },
  'iopl, ioperm, modify_ldt': { x64: [172, 173, 154], arm64: [] },
  'io_uring and asynchronous input and output': {
    x64: [425, 426, 427, 206, 207, 208, 209, 210, 333],
    arm64: [425, 426, 427, 0, 1, 2, 3, 4, 292],
  },
  'memory that is pinned, placed or counted by no limit': {
    x64: [149, 151, 325, 237, 238, 256, 279, 319, 447, 450],
    arm64: [228, 230, 284, 235, 237, 238, 239, 279, 447, 450],
  },
  inotify: { x64: [253, 254, 255, 294], arm64: [26, 27, 28] },
  'users, groups, capabilities and owners': {
    x64: [105, 106, 113, 114, 116, 117, 119, 122, 123, 125, 126, 92, 93, 94, 260],
    arm64: [146, 144, 145, 143, 159, 147, 149, 151, 152, 90, 91, 55, 54],
  },
  'devices, sync, splice, tee, vmsplice, timers, signalfd': {
    x64: [133, 259, 162, 306, 275, 276, 278, 222, 282, 283, 289],
    arm64: [33, 81, 267, 76, 77, 75, 107, 74, 85],
  },
};

describe.each(ARCHITECTURES)('the filter for %s', (architecture) => {
  test.each(Object.entries(MUST_FAIL))('refuses %s', (_, numbers) => {
    for (const args of [[], [-1n, -1n, -1n, -1n, -1n, -1n]]) {
      const outcomes = numbers[architecture].map((number) => [number, outcome(architecture, number, args)]);
      expect(outcomes.filter(([, result]) => result !== 'EPERM' && result !== 'ENOSYS')).toEqual([]);
    }
  });

  test('decides all numbers as the table says, and fails with ENOSYS for those that are not in it', () => {
    const treatments = new Map(SYSCALLS.map((call) => [call.numbers[architecture], call.treatment]));
    const expected = { allowed: ['allowed'], refused: ['EPERM'], judged: ['allowed', 'EPERM'], unknown: ['ENOSYS'] };
    for (let number = 0; number < 1024; number += 1) {
      const treatment = treatments.get(number) ?? 'unknown';
      for (const own of [true, false]) {
        expect([number, expected[treatment]]).toEqual([
          number,
          expect.arrayContaining([outcome(architecture, number, [], own)]),
        ]);
      }
    }
  });

  test.each([1024, 0x3fffffff, 0x40000000, 0x40000000 + 59, 0x40000000 + 520, 0x7fffffff, 0x80000000, 0xffffffff])(
    'fails with ENOSYS for the number %i, of x32 or of nothing',
    (number) => {
      expect(outcome(architecture, number)).toBe('ENOSYS');
    },
  );

  test('kills a program that calls as another architecture', () => {
    const others = [AUDIT.x64, AUDIT.arm64, 0x40000003, 0x40000028, 0].filter((audit) => audit !== AUDIT[architecture]);
    for (const audit of others) {
      expect(decide(FILTERS[architecture].shared, { number: 1, audit }).outcome).toBe('killed');
    }
  });

  test.each([true, false])('has instructions that the kernel accepts (only itself: %s)', (ownPid) => {
    const filter = seccompFilter(architecture, { ownPid });
    const count = filter.length / 8;
    expect(Number.isInteger(count) && count < 4096).toBe(true); // BPF_MAXINSNS
    const view = new DataView(filter.buffer);
    for (let index = 0; index < count; index += 1) {
      const [code, operand] = [view.getUint16(8 * index, true), view.getUint32(8 * index + 4, true)];
      const furthest = Math.max(view.getUint8(8 * index + 2), view.getUint8(8 * index + 3));
      if (code === 0x20) expect(operand % 4 === 0 && operand < 64).toBe(true);
      expect(index + 1 + (code === 0x05 ? operand : furthest)).toBeLessThanOrEqual(count - (code === 0x06 ? 0 : 1));
    }
  });

  test('decides any call in few instructions', () => {
    let most = 0;
    for (let number = 0; number < 1024; number += 1) {
      const zeros = { number, audit: AUDIT[architecture], args: [] };
      most = Math.max(most, decide(FILTERS[architecture].namespace, zeros).steps);
    }
    expect(most).toBeLessThan(40);
    const read = { number: numberOf(architecture, 'read') ?? -1, audit: AUDIT[architecture] };
    expect(decide(FILTERS[architecture].namespace, read).steps).toBeLessThan(16);
  });

  test('holds the place of the process id on multiples of 4 bytes, and only where it is to be given', () => {
    const filter = Buffer.from(seccompFilter(architecture, { ownPid: true }));
    const pattern = Buffer.from([0xff, 0xff, 0xff, 0x7f]);
    const places: number[] = [];
    for (let at = filter.indexOf(pattern); at !== -1; at = filter.indexOf(pattern, at + 1)) places.push(at);
    expect(places.length).toBeGreaterThanOrEqual(3); // kill, tkill, tgkill
    expect(places.every((at) => at % 8 === 4)).toBe(true);
    expect(Buffer.from(seccompFilter(architecture, { ownPid: false })).includes(pattern)).toBe(false);
  });
});

const FORK = 0x01200011n;
const ADDRESS = 0x7ffd_0000_0000n; // its lower half is zero
/** [what, call, arguments, whether it runs] */
const ARGUMENTS: readonly (readonly [string, string, readonly bigint[], boolean])[] = [
  ['fork', 'clone', [FORK], true],
  ['a thread of glibc', 'clone', [0x003d0f00n], true],
  ['a thread of musl', 'clone', [0x007d0f00n], true],
  ['posix_spawn', 'clone', [0x4111n], true],
  ...[17n, 25n, 26n, 27n, 28n, 29n, 30n].map(
    (bit) => [`new namespace, bit ${bit}`, 'clone', [FORK | (1n << bit)], false] as const,
  ),
  ['CLONE_PARENT', 'clone', [FORK | 0x8000n], false],
  ['CLONE_PTRACE', 'clone', [FORK | 0x2000n], false],
  ['CLONE_UNTRACED', 'clone', [FORK | 0x800000n], false],
  ['CLONE_PIDFD', 'clone', [FORK | 0x1000n], false],
  ['on itself', 'prlimit64', [0n, 7n], true],
  ['on process 1', 'prlimit64', [1n, 7n], false],
  ['on its own process by number', 'prlimit64', [4711n, 7n], false],
  ['TCGETS', 'ioctl', [0n, 0x5401n], true],
  ['TIOCGWINSZ', 'ioctl', [0n, 0x5413n], true],
  ['FIONREAD', 'ioctl', [0n, 0x541bn], true],
  ['FIONBIO', 'ioctl', [0n, 0x5421n], true],
  ['FIOCLEX', 'ioctl', [0n, 0x5451n], true],
  ['TIOCSTI', 'ioctl', [0n, 0x5412n], false],
  ['TIOCSTI in an argument wider than the kernel reads', 'ioctl', [0n, 0x1_0000_5412n], false],
  ['TIOCLINUX', 'ioctl', [0n, 0x541cn], false],
  ['TIOCSETD', 'ioctl', [0n, 0x5423n], false],
  ['TIOCSPGRP', 'ioctl', [0n, 0x5410n], false],
  ['TCSETS', 'ioctl', [0n, 0x5402n], false],
  ['FIOASYNC', 'ioctl', [0n, 0x5452n], false],
  ['FIOSETOWN', 'ioctl', [0n, 0x8901n], false],
  ['RNDADDENTROPY', 'ioctl', [0n, 0x40085203n], false],
  ['F_DUPFD', 'fcntl', [0n, 0n], true],
  ['F_SETFD', 'fcntl', [0n, 2n], true],
  ['F_SETFL', 'fcntl', [0n, 4n], true],
  ['F_SETLK', 'fcntl', [0n, 6n], true],
  ['F_DUPFD_CLOEXEC', 'fcntl', [0n, 1030n], true],
  ['F_SETOWN', 'fcntl', [0n, 8n], false],
  ['F_SETSIG', 'fcntl', [0n, 10n], false],
  ['F_SETOWN_EX', 'fcntl', [0n, 15n], false],
  ['F_SETLEASE', 'fcntl', [0n, 1024n], false],
  ['F_NOTIFY', 'fcntl', [0n, 1026n], false],
  ['F_SETPIPE_SZ', 'fcntl', [0n, 1031n], false],
  ['F_ADD_SEALS', 'fcntl', [0n, 1033n], false],
  ['PR_SET_NAME', 'prctl', [15n], true],
  ['PR_GET_NAME', 'prctl', [16n], true],
  ['PR_SET_VMA', 'prctl', [0x53564d41n], true],
  ['PR_SET_PDEATHSIG', 'prctl', [1n], false],
  ['PR_SET_DUMPABLE', 'prctl', [4n], false],
  ['PR_SET_KEEPCAPS', 'prctl', [8n], false],
  ['PR_SET_SECCOMP', 'prctl', [22n], false],
  ['PR_SET_SECUREBITS', 'prctl', [28n], false],
  ['PR_SET_MM', 'prctl', [35n], false],
  ['PR_SET_CHILD_SUBREAPER', 'prctl', [36n], false],
  ['PR_CAP_AMBIENT', 'prctl', [47n], false],
  ['PR_SET_SPECULATION_CTRL', 'prctl', [53n], false],
  ['PR_SET_SYSCALL_USER_DISPATCH', 'prctl', [59n], false],
  ['PR_SET_PTRACER', 'prctl', [0x59616d61n], false],
  ['ARCH_SET_FS', 'arch_prctl', [0x1002n], true],
  ['ARCH_SET_CPUID', 'arch_prctl', [0x1012n], false],
  ['of a stream', 'socketpair', [1n, 1n, 0n], true],
  ['of a stream, close-on-exec and non-blocking', 'socketpair', [1n, 0x80801n, 0n], true],
  ['of datagrams', 'socketpair', [1n, 2n, 0n], false],
  ['of packets in sequence', 'socketpair', [1n, 5n, 0n], false],
  ['of another protocol', 'socketpair', [1n, 1n, 6n], false],
  ['AF_INET', 'socketpair', [2n, 1n, 0n], false],
  ['AF_TIPC', 'socketpair', [30n, 1n, 0n], false],
  ['to the other end', 'sendto', [3n, 0n, 1n, 0x4000n, 0n, 0n], true],
  ['to an address', 'sendto', [3n, 0n, 1n, 0n, 0x1000n, 16n], false],
  ['to an address above 4 GiB', 'sendto', [3n, 0n, 1n, 0n, ADDRESS, 16n], false],
  ['out of band', 'sendto', [3n, 0n, 1n, 1n, 0n, 0n], false],
  ['from the other end', 'recvfrom', [3n, 0n, 1n, 0x40n, 0n, 0n], true],
  ['out of band', 'recvfrom', [3n, 0n, 1n, 1n, 0n, 0n], false],
];

describe.each(ARCHITECTURES)('arguments, %s', (architecture) => {
  const present = ARGUMENTS.filter(([, name]) => numberOf(architecture, name) !== null);

  test.each(present)('%s: %s', (_, name, args, runs) => {
    const number = numberOf(architecture, name) ?? -1;
    for (const own of [true, false]) {
      expect(outcome(architecture, number, args, own)).toBe(runs ? 'allowed' : 'EPERM');
    }
  });

  test.each(['kill', 'tkill', 'tgkill'])('%s reaches the process itself, and others only in a namespace', (name) => {
    const number = numberOf(architecture, name) ?? -1;
    for (const pid of [4711n, 0n]) expect(outcome(architecture, number, [pid, 9n])).toBe('allowed');
    for (const pid of [1n, -1n, -4711n, 4712n, BigInt(OWN_PID)]) {
      expect(outcome(architecture, number, [pid, 9n])).toBe('EPERM');
      expect(outcome(architecture, number, [pid, 9n], false)).toBe('allowed');
    }
  });
});

/** The kernel's own numbers, by name, from its user-space header; null where it is not installed. */
function header(architecture: Architecture): Map<string, number> | null {
  const candidates =
    architecture === 'x64'
      ? ['/usr/include/x86_64-linux-gnu/asm/unistd_64.h', '/usr/include/asm/unistd_64.h']
      : ['/usr/include/asm-generic/unistd.h'];
  for (const path of candidates.filter((candidate) => existsSync(candidate))) {
    const text = readFileSync(path, 'utf8');
    const found = text.matchAll(/^#define __NR(?:3264)?_(\w+)\s+(\d+)$/gm);
    const numbers = new Map([...found].map(([, name = '', number]) => [name, Number(number)]));
    const fstatat = numbers.get('fstatat');
    if (architecture === 'arm64' && fstatat !== undefined) numbers.set('newfstatat', fstatat);
    // On another machine the first path may hold that machine's table.
    if (numbers.get('read') === { x64: 0, arm64: 63 }[architecture]) return numbers;
  }
  return null;
}

describe.each(ARCHITECTURES)('the table of calls for %s', (architecture) => {
  const kernel = header(architecture);

  test.skipIf(kernel === null)("has the kernel's numbers (needs the header of its user-space interface)", () => {
    const newest = Math.max(...(kernel ?? new Map()).values());
    for (const { name, numbers } of SYSCALLS) {
      const number = numbers[architecture];
      if (number === null || number <= newest) expect([name, number]).toEqual([name, kernel?.get(name) ?? null]);
    }
  });

  test('names each call and uses each number once', () => {
    const numbers = SYSCALLS.map((call) => call.numbers[architecture]).filter((number) => number !== null);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(new Set(SYSCALLS.map((call) => call.name)).size).toBe(SYSCALLS.length);
    expect(numbers.every((number) => Number.isInteger(number) && number >= 0 && number < 1024)).toBe(true);
  });
});
