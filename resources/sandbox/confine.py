"""What a test process may do: resource limits, privileges, the seccomp filter, its own /tmp and process tree. Knows
nothing of programs or tests."""
import base64
import ctypes
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

FILTER = base64.b64decode(CONFIG['filter']) if CONFIG['filter'] else None  # from src-main/sandbox/seccomp.ts
SECCOMP = FILTER is not None
OWN_PID = struct.pack('<I', 0x7FFFFFFF)  # stands in the filter for the id of the process


class FilterProgram(ctypes.Structure):
    _fields_ = [('length', ctypes.c_ushort), ('rules', ctypes.c_void_p)]


class CapHeader(ctypes.Structure):
    _fields_ = [('version', ctypes.c_uint32), ('pid', ctypes.c_int)]


PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 36, 38
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWPID = 0x20000, 0x08000000, 0x20000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MNT_DETACH = 1, 2, 4, 8, 32, 4096, 2
libc = ctypes.CDLL(None, use_errno=True) if LINUX else None
NO_CAPABILITIES = ctypes.byref(CapHeader(0x20080522, 0)), (ctypes.c_uint32 * 6)()


def filter_program(rules):
    """What prctl installs."""
    return ctypes.byref(FilterProgram(len(rules) // 8, ctypes.cast(ctypes.c_char_p(rules), ctypes.c_void_p)))


INSTALLED = filter_program(FILTER) if SECCOMP else None  # where no process is in sight that must be kept from signals
# Virtual machines hold their libraries open.
OPEN_FILES = {'address-space': 64, 'data': 1024}


def checked(result, what):
    if result < 0:
        raise OSError(ctypes.get_errno(), what)


CEILINGS = {}


def limit(resource_name, soft, hard=None):
    kind = getattr(resource, resource_name, None)
    if kind is None or (resource_name == 'RLIMIT_AS' and not LINUX):
        return  # macOS refuses it; the sandbox's report says so
    if kind not in CEILINGS:
        CEILINGS[kind] = resource.getrlimit(kind)[1]
    wanted = (soft, soft if hard is None else hard)
    if CEILINGS[kind] != resource.RLIM_INFINITY:
        wanted = tuple(min(value, CEILINGS[kind]) for value in wanted)
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


def limit_program(program):
    """Limits of a whole program, set before its first test process is made."""
    limit('RLIMIT_CORE', 0)
    limit('RLIMIT_MEMLOCK', 0)
    limit('RLIMIT_MSGQUEUE', 0)
    limit('RLIMIT_NOFILE', OPEN_FILES[program['memory']])
    if OTHER_THREADS is not None:
        limit('RLIMIT_NPROC', program['limits']['processes'] + program['threads'] + OTHER_THREADS)
    if LINUX:
        checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 'no_new_privs')


def lock_down(program):
    """Gives up, for good, every privilege of this process and sets its limits. Each call here costs every test, so what
    can be inherited is set in limit_program."""
    limits = program['limits']
    limit('RLIMIT_CPU', limits['cpuSeconds'], limits['cpuSeconds'] + 1)
    limit('RLIMIT_AS' if program['memory'] == 'address-space' else 'RLIMIT_DATA', limits['memoryMb'] << 20)
    limit('RLIMIT_FSIZE', limits['fileBytes'])
    if NAMESPACES:  # it is killed with the program process, which is its pid 1
        checked(libc.capset(NO_CAPABILITIES[0], NO_CAPABILITIES[1]), 'capset')
        installed = INSTALLED
    else:
        if UID is not None:
            os.setgroups([])
            os.setgid(UID)
            os.setuid(UID)
        if LINUX:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        rules = FILTER and FILTER.replace(OWN_PID, struct.pack('<I', os.getpid()))
        installed = rules and filter_program(rules)
    if installed is not None:
        checked(libc.prctl(PR_SET_SECCOMP, 2, installed, 0, 0), 'seccomp')


def enter_namespace():
    """The program process is pid 1 of its own process tree, and /proc, which it has opened before, is hidden."""
    checked(libc.unshare(CLONE_NEWNS | CLONE_NEWIPC), 'unshare')
    flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC
    checked(libc.mount(b'tmpfs', b'/proc', b'tmpfs', flags, b'size=4k,nr_inodes=2,mode=755'), 'cover /proc')


MOUNTED = False


def new_folder(limits):
    """A folder for one test, empty: that of the test before where nothing was left in it."""
    global MOUNTED
    if NAMESPACES:
        if MOUNTED:
            if is_untouched('/tmp'):
                return '/tmp'
            checked(libc.umount2(b'/tmp', MNT_DETACH), 'umount /tmp')
        options = b'size=%d,nr_inodes=1024,mode=700' % limits['fileBytes']
        checked(libc.mount(b'tmpfs', b'/tmp', b'tmpfs', MS_NOSUID | MS_NODEV, options), 'mount /tmp')
        MOUNTED = True
        return '/tmp'
    folder = tempfile.mkdtemp(dir=FOLDER)
    if UID is not None:
        os.chown(folder, UID, UID)
    return folder


def is_untouched(folder):
    return os.stat(folder).st_mode & 0o7777 == 0o700 and not os.listdir(folder)


def mount_box():
    """An empty /box, of which seal_box makes a read-only one."""
    checked(libc.mount(b'tmpfs', b'/box', b'tmpfs', MS_NOSUID | MS_NODEV, b'size=%d,mode=755' % BOX_BYTES), 'mount /box')


def seal_box():
    flags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV
    checked(libc.mount(None, b'/box', None, flags, None), 'seal /box')


BOX_BYTES = 256 << 20


def remove_folder(folder):
    if NAMESPACES:
        return  # it ends with the program's mount namespace, if the next test does not take it
    try:
        os.rmdir(folder)
    except OSError:
        # A program may nest folders deeper than Python can follow and forbid itself to enter them.
        subprocess.run(['chmod', '-R', 'u+rwx', folder], stderr=subprocess.DEVNULL, check=False)
        subprocess.run(['rm', '-rf', folder], check=True)
