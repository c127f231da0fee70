"""The fork server: server -> program process -> test process. The server only forks; a program process reads one
program and its tests from fd 0, one frame each, and answers each test with a frame on fd 1. A frame is u32 header
bytes and u32 body bytes (little endian), a JSON header, a body; src-main/sandbox/protocol.ts is the other end."""
import gc
import json
import os
import shutil
import signal
import struct
import sys

import confine
import processes
from confine import CONFIG, LINUX, NAMESPACES, checked, libc
from solution import EXIT_ERROR
from supervise import run_test, write_all

STACK_BYTES = 64 << 20


def read_exactly(count):
    data = bytearray(count)
    view, done = memoryview(data), 0
    while done < count:
        got = os.readv(0, [view[done:]])
        if got == 0:
            os._exit(EXIT_ERROR)  # the end of input: the server ends with this process
        done += got
    return data


def read_frame():
    header, body = struct.unpack('<II', read_exactly(8))
    return json.loads(read_exactly(header)), read_exactly(body)


def write_frame(header, body):
    head = json.dumps(header).encode()
    write_all(1, struct.pack('<II', len(head), len(body)) + head + body)


def program_process():
    """Never returns: reads a program, then its tests until 'end', and answers each."""
    if LINUX:
        libc.prctl(confine.PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(confine.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        processes.PROC = os.open('/proc', os.O_RDONLY | os.O_DIRECTORY)
    if NAMESPACES:
        confine.enter_namespace()
    program, body = read_frame()
    source = body.decode('utf-8', 'replace')
    while True:
        request, body = read_frame()
        if request['kind'] == 'end':
            os._exit(0)
        folder = confine.new_folder(program['limits'])
        result, stdout, report = run_test(program, source, request['test'] == 'functional', body, folder)
        confine.remove_folder(folder)
        body[:] = bytes(len(body))  # the next test process inherits this memory: leave no other test's input in it
        write_frame(dict(result, stdoutBytes=len(stdout)), stdout + report)


# Programs under test come after whoever clicks in the window.
YIELD = 5


def serve():
    os.nice(YIELD)
    if LINUX:
        libc.prctl(confine.PR_SET_DUMPABLE, 0, 0, 0, 0)  # a test process of the same user can neither trace nor read this
    confine.limit('RLIMIT_STACK', STACK_BYTES)
    if NAMESPACES and confine.SECCOMP:
        confine.seccomp_filter(None)  # kept for every test
    own = os.pidfd_open(os.getpid()) if NAMESPACES else None
    gc.collect()
    gc.freeze()
    gc.disable()
    write_frame({'python': sys.version.split()[0], 'seccomp': confine.SECCOMP, 'memoryLimit': LINUX}, b'')
    while True:
        if NAMESPACES:
            checked(libc.setns(own, confine.CLONE_NEWPID), 'setns')
            checked(libc.unshare(confine.CLONE_NEWPID), 'unshare')
        child = os.fork()
        if child == 0:
            try:
                program_process()
            finally:
                os._exit(EXIT_ERROR)
        _, status = os.waitpid(child, 0)
        if status != 0:
            break
    if CONFIG['folder'] is not None:
        shutil.rmtree(CONFIG['folder'], ignore_errors=True)  # else the app does it, unless it was killed


serve()
