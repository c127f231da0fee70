"""What a test process may do: resource limits, privileges, the seccomp filter, its own /tmp and process tree. Knows
nothing of programs or tests."""
import ctypes
import errno
import functools
import json
import os
import resource
import signal
import struct
import subprocess
import sys
import tempfile

CONFIG = json.loads(sys.argv[1])
NAMESPACES = CONFIG['namespaces']  # bool: under bubblewrap, with CAP_SYS_ADMIN in its user namespace
UID = CONFIG['uid']  # int or None: the user that test processes become
FOLDER = CONFIG['folder']  # str or None: where their working folders are made; they have a /tmp of their own
LINUX = sys.platform == 'linux'

DENIED = {
    # Reaching other processes, the network, other memory than this process's own, and the kernel's odd corners.
    # process and tracing, priorities, System V and POSIX IPC, mounts and namespaces, keys, modules, clocks, io_uring,
    # sockets, memory that no limit counts.
    'x86_64': [101, 310, 311, 312, 434, 438, 440, 135, 141, 142, 144, 203, 251, 314, 29, 30, 31, 64, 65, 66, 67, 68, 69, 70,
               71, 220, 240, 155, 161, 165, 166, 167, 168, 169, 170, 171, 272, 308, 428, 429, 430, 431, 432, 433, 442, 444,
               248, 249, 250, 175, 313, 176, 246, 320, 321, 298, 300, 303, 304, 323, 153, 163, 164, 172, 173, 154, 159, 227,
               305, 103, 179, 425, 426, 427, 41, 42, 43, 44, 46, 49, 50, 288, 307, 149, 151, 325, 237, 238, 256, 279, 319, 447,
               253, 294],
    'aarch64': [117, 270, 271, 272, 434, 438, 440, 92, 140, 118, 119, 122, 30, 274, 194, 195, 196, 197, 190, 191, 192, 193,
                186, 187, 188, 189, 180, 51, 89, 40, 39, 224, 225, 142, 161, 162, 41, 97, 268, 428, 429, 430, 431, 432, 433,
                442, 444, 217, 218, 219, 105, 273, 106, 104, 294, 280, 241, 262, 264, 265, 282, 58, 170, 171, 112, 266, 116,
                60, 425, 426, 427, 198, 203, 202, 206, 211, 200, 201, 242, 269, 228, 230, 284, 235, 237, 238, 239, 279, 447, 26],
}
AUDIT_ARCH = {'x86_64': 0xC000003E, 'aarch64': 0xC00000B7}
SYSCALL = {
    'x86_64': {'clone': 56, 'clone3': 435, 'ioctl': 16, 'prlimit64': 302, 'signals': [62, 200, 234, 129, 297, 424]},
    'aarch64': {'clone': 220, 'clone3': 435, 'ioctl': 29, 'prlimit64': 261, 'signals': [129, 130, 131, 138, 240, 424]},
}
NEW_NAMESPACE_FLAGS = 0x7E020000
TIOCSTI = 0x5412
MACHINE = os.uname().machine if hasattr(os, 'uname') else ''
SECCOMP = LINUX and MACHINE in DENIED


@functools.lru_cache(1)
def seccomp_filter(own_pid):
    """Classic BPF program: the calls above fail with EPERM. Where other processes are visible (own_pid given), a
    program may signal only itself."""
    load, equal, at_least, has_bits, give = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, kill, no_permission, no_call = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
    call = SYSCALL[MACHINE]
    rules = [(load, 0, 0, 4), (equal, 1, 0, AUDIT_ARCH[MACHINE]), (give, 0, 0, kill), (load, 0, 0, 0)]
    if MACHINE == 'x86_64':
        rules += [(at_least, 0, 1, 0x40000000), (give, 0, 0, no_call)]  # the x32 calls
    rules += [(equal, 0, 1, call['clone3']), (give, 0, 0, no_call)]  # flags behind a pointer; libc falls back to clone
    rules += [(equal, 0, 4, call['clone']), (load, 0, 0, 16), (has_bits, 0, 1, NEW_NAMESPACE_FLAGS),
              (give, 0, 0, no_permission), (give, 0, 0, allow)]
    rules += [(equal, 0, 4, call['ioctl']), (load, 0, 0, 24), (equal, 0, 1, TIOCSTI),
              (give, 0, 0, no_permission), (give, 0, 0, allow)]
    rules += [(equal, 0, 4, call['prlimit64']), (load, 0, 0, 16), (equal, 1, 0, 0),
              (give, 0, 0, no_permission), (give, 0, 0, allow)]
    for number in call['signals'] if own_pid is not None else []:
        rules += [(equal, 0, 5, number), (load, 0, 0, 16), (equal, 2, 0, 0), (equal, 1, 0, own_pid),
                  (give, 0, 0, no_permission), (give, 0, 0, allow)]
    for number in DENIED[MACHINE]:
        rules += [(equal, 0, 1, number), (give, 0, 0, no_permission)]
    rules.append((give, 0, 0, allow))
    return b''.join(struct.pack('<HBBI', *rule) for rule in rules)


class FilterProgram(ctypes.Structure):
    _fields_ = [('length', ctypes.c_ushort), ('rules', ctypes.c_void_p)]


class CapHeader(ctypes.Structure):
    _fields_ = [('version', ctypes.c_uint32), ('pid', ctypes.c_int)]


PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 36, 38
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWPID = 0x20000, 0x08000000, 0x20000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MNT_DETACH = 1, 2, 4, 8, 2
libc = ctypes.CDLL(None, use_errno=True) if LINUX else None


def checked(result, what):
    if result < 0:
        raise OSError(ctypes.get_errno(), what)


def limit(resource_name, soft, hard=None):
    kind = getattr(resource, resource_name, None)
    if kind is None or (resource_name == 'RLIMIT_AS' and not LINUX):
        return  # macOS refuses it; the sandbox's report says so
    ceiling = resource.getrlimit(kind)[1]
    wanted = (soft, soft if hard is None else hard)
    if ceiling != resource.RLIM_INFINITY:
        wanted = tuple(min(value, ceiling) for value in wanted)
    resource.setrlimit(kind, wanted)


def other_threads():
    """What RLIMIT_NPROC, which counts all threads of a user, must leave room for; None where that is not known."""
    if NAMESPACES:
        return 2  # server and program process
    if UID is not None:
        return 0
    try:
        owned = [name for name in os.listdir('/proc') if name.isdigit() and os.stat('/proc/' + name).st_uid == os.getuid()]
        return ROOM_FOR_THREADS + sum(len(os.listdir('/proc/%s/task' % name)) for name in owned)
    except OSError:
        return None


ROOM_FOR_THREADS = 256  # that the user's other programs start meanwhile
OTHER_THREADS = other_threads()


def lock_down(limits):
    """Gives up, for good, every privilege of this process and sets its limits."""
    limit('RLIMIT_CORE', 0)
    limit('RLIMIT_CPU', limits['cpuSeconds'], limits['cpuSeconds'] + 1)
    limit('RLIMIT_AS', limits['memoryMb'] << 20)
    limit('RLIMIT_FSIZE', limits['fileBytes'])
    limit('RLIMIT_NOFILE', 64)
    limit('RLIMIT_MEMLOCK', 0)
    limit('RLIMIT_MSGQUEUE', 0)
    if OTHER_THREADS is not None:
        limit('RLIMIT_NPROC', limits['processes'] + OTHER_THREADS)
    if NAMESPACES:
        nothing = (ctypes.c_uint32 * 6)()
        checked(libc.capset(ctypes.byref(CapHeader(0x20080522, 0)), nothing), 'capset')
    elif UID is not None:
        os.setgroups([])
        os.setgid(UID)
        os.setuid(UID)
    if LINUX:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 'no_new_privs')
    if SECCOMP:
        rules = seccomp_filter(None if NAMESPACES else os.getpid())
        program = FilterProgram(len(rules) // 8, ctypes.cast(ctypes.c_char_p(rules), ctypes.c_void_p))
        checked(libc.prctl(PR_SET_SECCOMP, 2, ctypes.byref(program), 0, 0), 'seccomp')


def enter_namespace():
    """The program process is pid 1 of its own process tree, and /proc, which it has opened before, is hidden."""
    checked(libc.unshare(CLONE_NEWNS | CLONE_NEWIPC), 'unshare')
    flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC
    checked(libc.mount(b'tmpfs', b'/proc', b'tmpfs', flags, b'size=4k,nr_inodes=2,mode=755'), 'cover /proc')


def new_folder(limits):
    if NAMESPACES:
        options = b'size=%d,nr_inodes=1024,mode=700' % limits['fileBytes']
        checked(libc.mount(b'tmpfs', b'/tmp', b'tmpfs', MS_NOSUID | MS_NODEV, options), 'mount /tmp')
        return '/tmp'
    folder = tempfile.mkdtemp(dir=FOLDER)
    if UID is not None:
        os.chown(folder, UID, UID)
    return folder


def remove_folder(folder):
    if NAMESPACES:
        checked(libc.umount2(b'/tmp', MNT_DETACH), 'umount /tmp')
        return
    try:
        os.rmdir(folder)
    except OSError:
        # A program may nest folders deeper than Python can follow and forbid itself to enter them.
        subprocess.run(['chmod', '-R', 'u+rwx', folder], stderr=subprocess.DEVNULL, check=False)
        subprocess.run(['rm', '-rf', folder], check=True)
