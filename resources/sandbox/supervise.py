"""Starts test processes, watches them from outside and ends them: their limits, their output, how they ended."""
import fcntl
import os
import select
import signal
import time

import processes
from child import test_process
from confine import LINUX
from solution import EXIT_ERROR, describe

MEMORY_LOOK_SECONDS = 0.1
STDERR_BYTES = 4096
PIPE_READS = 17  # a pipe that a program has made as large as it may holds 1 MiB
LAST_ANSWER = b',"last":true}'
MARK_BYTES = 8  # drawn anew for each call, and the first word of its answer: what was said of another is none
FIRST_OWN_DESCRIPTOR = 16  # above every descriptor that a test process has, so that it can take its own from these


class Stream:
    """A pipe that the tests of one program write to, one after another, and of which at most `most` bytes are kept."""

    def __init__(self, most, keep=None):
        """keep -- 'head' or 'tail' of what is longer; None: then the test is at its end."""
        reader, writer = os.pipe()
        self.reader, self.writer = high(reader), high(writer)
        self.most, self.keep = most, keep
        self.data, self.overflowed = bytearray(), False
        os.set_blocking(self.reader, False)

    def read(self):
        """Takes one chunk; False where there is none now."""
        try:
            self.data += os.read(self.reader, 1 << 16)
        except BlockingIOError:
            return False
        if len(self.data) > self.most:
            if self.keep == 'tail':
                del self.data[:-self.most]
            else:
                self.overflowed = self.keep is None
                del self.data[self.most:]
        return True

    def drain(self):
        while self.read():
            pass

    def clear(self):
        self.data, self.overflowed = bytearray(), False


def high(descriptor):
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, FIRST_OWN_DESCRIPTOR)
    os.close(descriptor)
    return moved


class Streams:
    def __init__(self, output_bytes, keep_stderr='tail'):
        self.stdout, self.report = Stream(output_bytes), Stream(output_bytes)
        self.stderr, self.setup = Stream(STDERR_BYTES, keep_stderr), Stream(STDERR_BYTES)
        self.all = (self.stdout, self.stderr, self.report, self.setup)

    def clear(self):
        """For the next process, when none that wrote to these lives any more."""
        for stream in self.all:
            stream.drain()
            stream.clear()

    def clear_answer(self):
        """Forgets what a process said of one call; what it said of itself before the first stays."""
        for stream in (self.stdout, self.stderr, self.report):
            stream.clear()


class TestProcess:
    """One process of a program. It lives for one test ('stdin', 'command'), or answers one call after another.

    program -- {code, functionName, limits, memory, threads, recipe}; mode, arguments -- see child.py; streams --
    Streams; calls -- whether it answers calls (on streams.report); text -- its standard input."""

    def __init__(self, program, mode, arguments, folder, streams, calls=False, text=b''):
        self.limits, self.streams, self.answers = program['limits'], streams, streams.report if calls else None
        self.recipe = program['recipe']
        self.started, self.calls, self.mark, self.text = time.monotonic(), 0, b'', memoryview(text)
        streams.clear()
        stdin, self.feed = map(high, os.pipe())
        ends = [stdin, streams.stdout.writer, streams.stderr.writer, streams.report.writer, streams.setup.writer]
        if calls:  # these come on a descriptor of their own, and standard input is empty
            empty = high(os.open('/dev/null', os.O_RDONLY))
            ends = [empty, *ends[1:], stdin]
        self.pid = os.fork()
        if self.pid == 0:
            try:
                test_process(program, mode, arguments, ends, folder)
            except BaseException as error:
                os.write(4, b'F' + describe(error).encode('utf-8', 'replace'))
            finally:
                os._exit(EXIT_ERROR)
        os.close(stdin)
        if calls:
            os.close(empty)
        self.ended, self.usage, self.cause, self.killed = None, None, None, False
        self.answered_another = False  # instead of the last call
        self.exited = os.pidfd_open(self.pid) if hasattr(os, 'pidfd_open') else None
        self.poll = select.poll()
        for stream in streams.all:
            self.poll.register(stream.reader, select.POLLIN)
        self.poll.register(0, getattr(select, 'POLLRDHUP', 0))
        if self.exited is not None:
            self.poll.register(self.exited, select.POLLIN)
        os.set_blocking(self.feed, False)

    def run(self):
        """The whole of one test -> (header, stdout, report)."""
        self.watch(self.started)
        return self.end()

    def call(self, line):
        """Sends one line and waits for the answer -> (header, stdout, report). The process may have ended with it:
        then `ended` is no longer None."""
        if self.calls > 0:
            self.started = time.monotonic()
        self.calls += 1
        self.mark = os.urandom(MARK_BYTES).hex().encode() + b' '
        self.text = memoryview(self.mark + line + b'\n')
        if self.watch(self.started) is None or (self.recipe is not None and not self.take_output()):
            return self.end()
        wall_ms = (time.monotonic() - self.started) * 1000
        line, _, rest = bytes(self.answers.data).partition(b'\n')
        said = self.unmarked(line)
        self.answered_another = len(said) == 0
        # Its program knows the channel, and may have said something else or more than it was asked: then it is not
        # asked again.
        suspect = len(rest) > 0 or len(said) == 0 or self.answers.overflowed
        header = {'status': 'exited', 'code': 0, 'detail': '', 'wallMs': round(wall_ms, 3),
                  'memoryMb': processes.peak_mib(), 'stderr': text_of(self.streams.stderr)}
        stdout = bytes(self.streams.stdout.data) if self.recipe is not None else b''
        if not said.startswith((b'{"value"', b'{"done"', b'{"call"', b'{"passed"')):
            header['code'] = EXIT_ERROR
        self.streams.clear_answer()
        if suspect or said.endswith(LAST_ANSWER):
            self.kill()
        return header, stdout, said

    def unmarked(self, line):
        """What was said of the call that was asked last; nothing where it was said of another, or of none."""
        return line[len(self.mark):] if line.startswith(self.mark) else b''

    def take_output(self):
        """Reads what was printed before the answer, which is in the pipe; False where that passes the limit."""
        for _ in range(PIPE_READS):
            if not self.streams.stdout.read():
                break
        if self.streams.stdout.overflowed:
            self.cause = 'output-limit'
        return self.cause is None

    def watch(self, started):
        """Feeds and reads until there is an answer (True), or the process has ended or passed a limit (None)."""
        deadline = started + self.limits['wallMs'] / 1000
        next_look = started + MEMORY_LOOK_SECONDS
        if self.feed >= 0:
            self.push()
        while self.cause is None:
            now = time.monotonic()
            if now >= deadline:
                self.cause = 'time-limit'
                return None
            if now >= next_look and processes.PROC is not None:
                if processes.memory_in_use() > self.limits['memoryMb'] << 20:
                    self.cause = 'memory-limit'
                    return None
                next_look = now + MEMORY_LOOK_SECONDS
            pause = min(deadline, next_look) - now if self.exited is not None else 0.005
            ready = {descriptor: event for descriptor, event in self.poll.poll(max(1, pause * 1000))}
            if ready.get(0, 0) & ~select.POLLIN:
                self.kill()  # nobody waits for the answer any more
                os._exit(EXIT_ERROR)
            if self.feed in ready:
                self.push()
            for stream in self.streams.all:
                if stream.reader in ready:
                    stream.read()
                    if stream.overflowed:
                        self.cause = 'output-limit'
            if self.answers is not None and b'\n' in self.answers.data:
                return True
            if self.exited is None or self.exited in ready:
                ended, status, usage = os.wait4(self.pid, os.WNOHANG)
                if ended:
                    self.ended, self.usage = status, usage
                    return None
        return None

    def push(self):
        """Writes what fits of the text; after the last of it the input is at its end, unless calls may follow."""
        try:
            self.text = self.text[os.write(self.feed, self.text[: 1 << 16]):] if self.text else self.text
        except BlockingIOError:
            pass
        except OSError:
            self.text = self.text[len(self.text):]  # the program closed its input
        if self.text:
            self.poll.register(self.feed, select.POLLOUT)
        elif self.answers is None:
            self.close_feed()
        else:
            try:
                self.poll.unregister(self.feed)
            except KeyError:
                pass

    def close_feed(self):
        if self.feed >= 0:
            try:
                self.poll.unregister(self.feed)
            except KeyError:
                pass
            os.close(self.feed)
            self.feed = -1

    def kill(self):
        """Ends the process and everything that it started, and closes what is ours of it. Idempotent."""
        if self.killed:
            return
        self.killed = True
        if self.ended is None:
            os.kill(self.pid, signal.SIGKILL)
            _, self.ended, self.usage = os.wait4(self.pid, 0)
        processes.kill_leftovers(self.pid)
        self.close_feed()
        if self.exited is not None:
            os.close(self.exited)
            self.exited = None

    def end(self):
        """What was seen of a process that has ended or is to end now -> (header, stdout, report)."""
        self.kill()
        wall_ms = (time.monotonic() - self.started) * 1000
        stdout, report, setup = self.streams.stdout, self.streams.report, self.streams.setup
        for stream in self.streams.all:
            stream.drain()
        if self.cause is None and (stdout.overflowed or report.overflowed):
            self.cause = 'output-limit'
        header = how_it_ended(self.cause, self.ended, self.usage, bytes(setup.data), self.limits)
        header.update(wallMs=round(wall_ms, 3), stderr=text_of(self.streams.stderr),
                      memoryMb=round(self.usage.ru_maxrss / (1 << 10 if LINUX else 1 << 20), 1))
        if self.recipe is not None and self.memory_was_refused(header):
            header['status'] = 'memory-limit'
        seen = header, bytes(stdout.data), self.unmarked(bytes(report.data).partition(b'\n')[0])
        self.streams.clear()
        return seen

    def memory_was_refused(self, header):
        """Whether a process of another language failed for want of memory: it says so only on standard error."""
        if header['status'] not in ('signal', 'exited') or header['code'] == 0 or self.streams.report.data:
            return False
        said = self.streams.stderr.data
        return header['memoryMb'] > self.limits['memoryMb'] or any(sign.encode() in said for sign in self.recipe['memoryErrors'])


def text_of(stream):
    return bytes(stream.data).decode('utf-8', 'replace')


def how_it_ended(cause, status, usage, setup, limits):
    """What happened, as far as it can be seen from outside the test process."""
    fault = setup.find(b'F')
    if setup[:1] != b'L' or (fault >= 0 and setup[1:2] != b'C'):
        text = setup[fault + 1:].decode('utf-8', 'replace') if fault >= 0 else ''
        return {'status': 'fault', 'code': 0, 'detail': text or 'the test process ended before it was locked down'}
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
