/** The seccomp filter of sandboxed programs: what they may ask of the Linux kernel, as classic BPF. An allowlist, made for
 * what Python, Node.js, g++ with its assembler and linker, threaded C++ programs and a JVM with its compiler do; nothing
 * is killed but a program of another architecture. It holds for every process that a program starts. Which calls those
 * are is in syscalls.ts; their arguments are judged here. Source: Linux, Documentation/userspace-api/seccomp_filter.rst. */
import { type Architecture, SYSCALLS, type Treatment } from './syscalls.ts';

/** One instruction (struct sock_filter): code, instructions to skip if true and if false, and the operand. */
type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, operand: number];

const LOAD = 0x20;
const AND = 0x54;
const JUMP = 0x05;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_AT_LEAST = 0x35;
const RETURN = 0x06;

const MOST_SKIPPED = 255;
const ALLOW: Instruction = [RETURN, 0, 0, 0x7fff0000];
const KILL_PROCESS: Instruction = [RETURN, 0, 0, 0x80000000];
const FAIL_WITH_EPERM: Instruction = [RETURN, 0, 0, 0x00050000 | 1];
const FAIL_WITH_ENOSYS: Instruction = [RETURN, 0, 0, 0x00050000 | 38];

// struct seccomp_data: int nr; u32 arch; u64 instruction_pointer; u64 args[6]; little-endian.
const NUMBER_OFFSET = 0;
const ARCHITECTURE_OFFSET = 4;
const argumentOffset = (index: number, half: 'low' | 'high') => 16 + 8 * index + (half === 'low' ? 0 : 4);

/** AUDIT_ARCH_X86_64 and AUDIT_ARCH_AARCH64. */
const AUDIT_ARCHITECTURE = { x64: 0xc000003e, arm64: 0xc00000b7 } as const;

/** Stands in the filter for the id of the process that the filter is for; no process has it. */
export const OWN_PID = 0x7fffffff;

/** 32 bits of an argument are, under the mask, one of these values. */
interface Condition {
  readonly argument: number;
  /** low where there is none: the kernel reads an int. */
  readonly half?: 'low' | 'high';
  readonly mask?: number;
  readonly values: readonly number[];
}

/** Threads, fork and posix_spawn: the exit signal, CLONE_VM, FS, FILES, SIGHAND, VFORK, THREAD, SYSVSEM, SETTLS,
 * PARENT_SETTID, CHILD_CLEARTID, DETACHED (musl) and CHILD_SETTID. Not the namespaces, not PARENT (a child that is not
 * one's own), not PTRACE, UNTRACED or PIDFD. */
const CLONE_FLAGS = 0xff | 0x00014f00 | 0x007c0000 | 0x01000000;
const SOCK_NONBLOCK_CLOEXEC = 0x80800;
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const MESSAGE_FLAGS = 0x40 | 0x4000; // MSG_DONTWAIT, MSG_NOSIGNAL; not MSG_OOB, which has had holes

const PRCTL_OPTIONS = [
  15, // PR_SET_NAME
  0x53564d41, // PR_SET_VMA: names of mappings
  16, // PR_GET_NAME
  3, // PR_GET_DUMPABLE
  21, // PR_GET_SECCOMP
  30, // PR_GET_TIMERSLACK
  39, // PR_GET_NO_NEW_PRIVS
  42, // PR_GET_THP_DISABLE
  50, // PR_SVE_SET_VL: the JVM on aarch64
  51, // PR_SVE_GET_VL
];
const IOCTL_REQUESTS = [
  0x5401, // TCGETS: isatty
  0x5421, // FIONBIO
  0x541b, // FIONREAD
  0x5451, // FIOCLEX
  0x5450, // FIONCLEX
  0x5413, // TIOCGWINSZ
  0x802c542a, // TCGETS2
];
/** Not F_SETOWN, F_SETSIG and F_SETLEASE, by which the kernel signals any process of the user, nor F_SETPIPE_SZ. */
const FCNTL_COMMANDS = [
  ...[3, 4], // F_GETFL, F_SETFL
  ...[1, 2], // F_GETFD, F_SETFD
  ...[0, 1030], // F_DUPFD, F_DUPFD_CLOEXEC
  ...[5, 6, 7, 36, 37, 38], // F_GETLK, F_SETLK, F_SETLKW, and F_OFD_... of them
  1032, // F_GETPIPE_SZ
];
const ARCH_PRCTL_CODES = [0x1002, 0x1003]; // ARCH_SET_FS, ARCH_GET_FS

/** What must hold, all of it, for a judged call to run; else it fails with EPERM. */
function conditions(name: string, ownPid: boolean): readonly Condition[] {
  switch (name) {
    case 'clone':
      return [{ argument: 0, mask: ~CLONE_FLAGS, values: [0] }];
    case 'prlimit64': // 0: the caller
      return [{ argument: 0, values: [0] }];
    case 'kill': // 0: the caller's process group
    case 'tkill':
    case 'tgkill':
      return ownPid ? [{ argument: 0, values: [OWN_PID, 0] }] : [];
    case 'prctl':
      return [{ argument: 0, values: PRCTL_OPTIONS }];
    case 'arch_prctl':
      return [{ argument: 0, values: ARCH_PRCTL_CODES }];
    case 'ioctl':
      return [{ argument: 1, values: IOCTL_REQUESTS }];
    case 'fcntl':
      return [{ argument: 1, values: FCNTL_COMMANDS }];
    case 'socketpair':
      return [
        { argument: 0, values: [AF_UNIX] },
        { argument: 1, mask: ~SOCK_NONBLOCK_CLOEXEC, values: [SOCK_STREAM] },
        { argument: 2, values: [0] },
      ];
    case 'recvfrom':
      return [{ argument: 3, mask: ~MESSAGE_FLAGS, values: [0] }];
    case 'sendto': // without an address, as send()
      return [
        { argument: 3, mask: ~MESSAGE_FLAGS, values: [0] },
        { argument: 4, half: 'low', values: [0] },
        { argument: 4, half: 'high', values: [0] },
      ];
    default:
      throw new Error(`The system call ${name} is to be judged by its arguments, and no rule says how`);
  }
}

/** Falls through to the instruction after it where the condition holds. */
function checkOf({ argument, half = 'low', mask, values }: Condition): Instruction[] {
  return [
    [LOAD, 0, 0, argumentOffset(argument, half)],
    ...(mask === undefined ? [] : [[AND, 0, 0, mask >>> 0] as const]),
    ...values.map((value, index) => [JUMP_IF_EQUAL, values.length - index, 0, value] as const),
    FAIL_WITH_EPERM,
  ];
}

/** Instructions that end in a return. */
type Decision = readonly Instruction[];

const DECISIONS = { allowed: [ALLOW], refused: [FAIL_WITH_EPERM], unknown: [FAIL_WITH_ENOSYS] } as const;

function decisionOf(name: string, treatment: Treatment, ownPid: boolean): Decision {
  if (treatment !== 'judged') return DECISIONS[treatment];
  const checks = conditions(name, ownPid).flatMap(checkOf);
  return checks.length === 0 ? DECISIONS.allowed : [...checks, ALLOW];
}

/** What becomes of the calls from the number `first` on, up to the next range. */
interface Range {
  readonly first: number;
  readonly decision: Decision;
}

function rangesOf(architecture: Architecture, ownPid: boolean): readonly Range[] {
  const known = new Map<number, Decision>();
  for (const { name, treatment, numbers } of SYSCALLS) {
    const number = numbers[architecture];
    if (number !== null) known.set(number, decisionOf(name, treatment, ownPid));
  }
  const ranges: Range[] = [];
  // To one past the last known call: all numbers from there on, among them those of x32, are unknown.
  for (let number = 0; number <= Math.max(...known.keys()) + 1; number += 1) {
    const decision = known.get(number) ?? DECISIONS.unknown;
    if (ranges.at(-1)?.decision !== decision) ranges.push({ first: number, decision });
  }
  return ranges;
}

/** Binary search among the ranges for the call number, which is loaded. */
function search(ranges: readonly Range[]): Decision {
  const middle = ranges.length >> 1;
  const pivot = ranges[middle];
  if (pivot === undefined) throw new Error('A filter needs at least one range of system calls');
  if (middle === 0) return pivot.decision;
  const below = search(ranges.slice(0, middle));
  const choice: Instruction[] =
    below.length <= MOST_SKIPPED
      ? [[JUMP_IF_AT_LEAST, below.length, 0, pivot.first]]
      : [
          [JUMP_IF_AT_LEAST, 0, 1, pivot.first],
          [JUMP, 0, 0, below.length],
        ];
  return [...choice, ...below, ...search(ranges.slice(middle))];
}

/** The filter: an array of struct sock_filter, 8 bytes each, little-endian, for PR_SET_SECCOMP.
 * `ownPid`: where there is no process namespace, so that a program could signal what is not its own, it may signal only
 * itself and its process group; each occurrence of `OWN_PID`, always on a multiple of 4 bytes, is then to be overwritten
 * with the process's id (u32, little-endian) before the filter is installed. */
export function seccompFilter(architecture: Architecture, options: { readonly ownPid: boolean }): Uint8Array {
  const instructions: readonly Instruction[] = [
    [LOAD, 0, 0, ARCHITECTURE_OFFSET],
    [JUMP_IF_EQUAL, 1, 0, AUDIT_ARCHITECTURE[architecture]],
    KILL_PROCESS,
    [LOAD, 0, 0, NUMBER_OFFSET],
    ...search(rangesOf(architecture, options.ownPid)),
  ];
  const view = new DataView(new ArrayBuffer(8 * instructions.length));
  for (const [index, [code, ifTrue, ifFalse, operand]] of instructions.entries()) {
    view.setUint16(8 * index, code, true);
    view.setUint8(8 * index + 2, ifTrue);
    view.setUint8(8 * index + 3, ifFalse);
    view.setUint32(8 * index + 4, operand, true);
  }
  return new Uint8Array(view.buffer);
}
