"""Runs one test in a process of its own and says what was seen of it from outside. What a test process says about
itself can only lose: its exit status is observed here, its answer is compared where the expected value is."""
import atexit
import fcntl
import functools
import gc
import io
import os
import select
import signal
import sys
import time

import processes
from confine import lock_down
from solution import EXIT_ERROR, compile_source, describe, execute, fresh_module, parse_arguments

MEMORY_LOOK_SECONDS = 0.1
OWN_MODULES = ('solution', 'confine', 'processes', 'supervise', 'serve')
STDIN, STDOUT, STDERR, REPORT, SETUP = range(5)


def write_all(descriptor, data):
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view):]


def place(descriptors):
    """Makes these descriptors 0, 1, 2, ... and closes every other one."""
    high = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, 128) for descriptor in descriptors]
    for target, descriptor in enumerate(high):
        os.dup2(descriptor, target, inheritable=target <= STDERR)
    os.closerange(len(high), 512)


def test_process(program, source, functional, text, descriptors, folder):
    """Never returns. On SETUP: b'L' once locked down, then b'R' (the program starts now), b'C' + why it does not
    compile or b'I' + what is wrong with the test; the pipe is closed before the first line of untrusted code runs."""
    os.setsid()
    place(descriptors)
    os.chdir(folder)
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, 'r', False)), 'utf-8', 'replace')
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, 'w', False)), 'utf-8', 'surrogateescape')
    sys.stderr = io.TextIOWrapper(io.FileIO(2, 'w', False), 'utf-8', 'backslashreplace', write_through=True)
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    os.environ.clear()
    os.environ.update(PATH='/usr/bin:/bin', HOME=folder, TMPDIR=folder, LANG='C.UTF-8')
    for name in OWN_MODULES:
        sys.modules.pop(name, None)  # a program may have modules of these names
    sys.argv = ['solution.py']
    sys.orig_argv = ['python3', 'solution.py']
    atexit._clear()
    lock_down(program['limits'])
    os.write(SETUP, b'L')
    code, problem = compile_source(source)
    arguments = None
    if problem is None and functional:
        try:
            arguments = parse_arguments(text)
        except (ValueError, RecursionError) as error:
            os.write(SETUP, b'I' + describe(error).encode('utf-8', 'replace'))
            os._exit(0)
    if problem is not None:
        os.write(SETUP, b'C' + problem.encode('utf-8', 'replace'))
        os._exit(0)
    module = fresh_module(functional)
    gc.enable()
    os.write(SETUP, b'R')
    os.close(SETUP)
    name = program['functionName'] if functional else None
    status = execute(code, module, name, arguments, functools.partial(write_all, REPORT))
    os._exit(status)


class Stream:
    """The reading end of a pipe, of which at most `most` bytes are kept."""

    def __init__(self, most, keep_tail=False):
        self.reader, self.writer = os.pipe()
        self.most, self.keep_tail = most, keep_tail
        self.data, self.open, self.overflowed = bytearray(), True, False
        os.set_blocking(self.reader, False)

    def read(self):
        """Takes one chunk; False where there is none now."""
        try:
            chunk = os.read(self.reader, 1 << 16)
        except BlockingIOError:
            return False
        if not chunk:
            self.open = False
            return False
        self.data += chunk
        if len(self.data) > self.most:
            if self.keep_tail:
                del self.data[:-self.most]
            else:
                self.overflowed = True
                del self.data[self.most:]
        return True


def run_test(program, source, functional, body, folder):
    """One test in its own process -> (header, stdout, report)."""
    limits = program['limits']
    stdout, report = Stream(limits['outputBytes']), Stream(limits['outputBytes'])
    stderr, setup = Stream(2048, keep_tail=True), Stream(4096)
    streams = [stdout, stderr, report, setup]
    stdin, feed = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            text = body.decode('utf-8', 'replace') if functional else ''
            ends = [stdin, stdout.writer, stderr.writer, report.writer, setup.writer]
            os.close(feed)
            test_process(program, source, functional, text, ends, folder)
        except BaseException as error:
            os.write(SETUP, b'F' + describe(error).encode('utf-8', 'replace'))
        finally:
            os._exit(EXIT_ERROR)
    os.close(stdin)
    for stream in streams:
        os.close(stream.writer)
    status, usage, cause = supervise(child, streams, feed, b'' if functional else body, started, limits)
    processes.kill_leftovers(child)
    wall_ms = (time.monotonic() - started) * 1000
    for stream in streams:
        while stream.open and not stream.overflowed and stream.read():
            pass
        os.close(stream.reader)
    if cause is None and (stdout.overflowed or report.overflowed):
        cause = 'output-limit'
    header = judge(cause, status, usage, bytes(setup.data), limits)
    header.update(wallMs=round(wall_ms, 3), stderr=bytes(stderr.data).decode('utf-8', 'replace'))
    return header, bytes(stdout.data), bytes(report.data)


def supervise(child, streams, feed, text, started, limits):
    """Feeds and reads the test process until it has ended or passed a limit -> (wait status, usage, limit passed)."""
    poll = select.poll()
    readers = {stream.reader: stream for stream in streams}
    for reader in readers:
        poll.register(reader, select.POLLIN)
    poll.register(0, getattr(select, 'POLLRDHUP', 0))
    exited = os.pidfd_open(child) if hasattr(os, 'pidfd_open') else None
    if exited is not None:
        poll.register(exited, select.POLLIN)
    text = memoryview(text)
    os.set_blocking(feed, False)
    poll.register(feed, select.POLLOUT)
    deadline = started + limits['wallMs'] / 1000
    cause, next_look = None, started + MEMORY_LOOK_SECONDS
    try:
        while cause is None:
            now = time.monotonic()
            if now >= deadline:
                cause = 'time-limit'
                break
            if now >= next_look and processes.PROC is not None:
                if processes.memory_in_use() > limits['memoryMb'] << 20:
                    cause = 'memory-limit'
                    break
                next_look = now + MEMORY_LOOK_SECONDS
            pause = min(deadline, next_look) - now if exited is not None else 0.005
            for descriptor, event in poll.poll(max(1, pause * 1000)):
                if descriptor == 0:
                    if event & ~select.POLLIN:
                        kill_and_leave(child)  # nobody waits for the answer any more
                elif descriptor == feed:
                    text = push(feed, text)
                    if not text:
                        poll.unregister(feed)
                        os.close(feed)
                        feed = -1
                elif descriptor in readers:
                    stream = readers[descriptor]
                    stream.read()
                    if not stream.open:
                        poll.unregister(descriptor)
                    elif stream.overflowed:
                        cause = 'output-limit'
            ended, status, usage = os.wait4(child, os.WNOHANG)
            if ended:
                return status, usage, cause
        os.kill(child, signal.SIGKILL)
        _, status, usage = os.wait4(child, 0)
        return status, usage, cause
    finally:
        if feed >= 0:
            os.close(feed)
        if exited is not None:
            os.close(exited)


def push(feed, text):
    try:
        return text[os.write(feed, text[: 1 << 16]):] if text else text
    except BlockingIOError:
        return text
    except OSError:
        return text[len(text):]  # the program closed its stdin


def kill_and_leave(child):
    os.kill(child, signal.SIGKILL)
    processes.kill_leftovers(child)
    os._exit(EXIT_ERROR)


def judge(cause, status, usage, setup, limits):
    """What happened, as far as it can be seen from outside the test process."""
    if setup[:1] != b'L' or setup[1:2] in (b'I', b'F'):
        text = setup.lstrip(b'LIF').decode('utf-8', 'replace') or 'the test process ended before it was locked down'
        return {'status': 'bad-test' if setup[1:2] == b'I' else 'fault', 'code': 0, 'detail': text}
    if cause is not None:
        return {'status': cause, 'code': 0, 'detail': ''}
    if setup[1:2] == b'C':
        return {'status': 'compile-error', 'code': 0, 'detail': setup[2:].decode('utf-8', 'replace')}
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        spent = usage.ru_utime + usage.ru_stime
        if number == signal.SIGXCPU or (number == signal.SIGKILL and spent >= limits['cpuSeconds']):
            return {'status': 'time-limit', 'code': number, 'detail': ''}
        if setup[1:2] != b'R':
            return {'status': 'compile-error', 'code': number, 'detail': 'the compiler was killed by signal %d' % number}
        return {'status': 'output-limit' if number == signal.SIGXFSZ else 'signal', 'code': number, 'detail': ''}
    return {'status': 'exited', 'code': os.WEXITSTATUS(status), 'detail': ''}
