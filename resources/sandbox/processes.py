"""Finds, measures and kills the processes that a test started. Runs in a program process, of which they all are
descendants: orphans come back to it."""
import os
import resource
import signal
import time

from confine import NAMESPACES, UID

PAGE_BYTES = resource.getpagesize()
PROC = None  # descriptor of the machine's /proc, which no test process inherits; None where there is none


def processes_below():
    """Ids, as /proc has them, of all processes that this program process is answerable for."""
    below, frontier = [], [os.readlink('self', dir_fd=PROC)]
    while frontier:
        frontier = [child for pid in frontier for child in children_of(pid)]
        below += frontier
    return below


def children_of(pid):
    try:
        tasks = os.open(pid + '/task', os.O_RDONLY | os.O_DIRECTORY, dir_fd=PROC)
    except OSError:
        return []  # the process has gone
    try:
        names = os.listdir(tasks)
    except OSError:
        names = []
    finally:
        os.close(tasks)
    return [child for name in names for child in read_proc('%s/task/%s/children' % (pid, name)).decode().split()]


def read_proc(path):
    try:
        descriptor = os.open(path, os.O_RDONLY, dir_fd=PROC)
    except OSError:
        return b''  # the process has gone
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b''
    finally:
        os.close(descriptor)


def memory_in_use():
    """Bytes resident in all processes of the test together; shared pages count once for each."""
    pages = 0
    for pid in processes_below():
        fields = read_proc('%s/statm' % pid).split()
        if len(fields) > 2:
            pages += int(fields[1])
    return pages * PAGE_BYTES


def peak_mib():
    """Most memory that a child of this process had resident so far, in MiB; None where that cannot be seen."""
    if PROC is None:
        return None
    peak = 0
    for pid in children_of(os.readlink('self', dir_fd=PROC)):
        found = read_proc('%s/status' % pid).partition(b'VmHWM:')[2].split(None, 1)
        if found:
            peak = max(peak, int(found[0]))
    return round(peak / 1024, 1)


def kill_leftovers(leader):
    """Kills and reaps everything that the test started."""
    deadline = time.monotonic() + 5
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] != 0:
                continue
        except ChildProcessError:
            return
        if time.monotonic() > deadline:
            raise RuntimeError('processes of a test survived SIGKILL for 5 s')
        if NAMESPACES:
            os.kill(-1, signal.SIGKILL)  # this is pid 1: all others of the namespace, at one instant
        elif UID is not None:
            killer = os.fork()
            if killer == 0:
                os.setuid(UID)
                try:
                    os.kill(-1, signal.SIGKILL)
                except ProcessLookupError:
                    os._exit(0)
                os._exit(0)
            os.waitpid(killer, 0)
        else:
            signal_below(leader)
        time.sleep(0.001)


def signal_below(leader):
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # the group has ended already; what left it is found below
    if PROC is None:
        return
    seen = set()
    while True:  # stopped processes still count against RLIMIT_NPROC, so a fork bomb starves
        found = {int(pid) for pid in processes_below()}
        for pid in found - seen:
            send(pid, signal.SIGSTOP)
        if found <= seen:
            break
        seen |= found
    for pid in seen:
        send(pid, signal.SIGKILL)


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
