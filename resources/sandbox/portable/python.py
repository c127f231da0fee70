"""Runs programs inside Pyodide (python.mjs), by the functions that the native sandbox runs them by."""
import asyncio
import io
import os
import sys
import threading
import time

import remote
from solution import EXIT_ERROR, compile_source, describe, execute, fresh_module, parse_arguments

HOME = '/work'
BRIDGES = ('js', 'pyodide_js', 'pyodide', '_pyodide', '_pyodide_core')
OWN_MODULES = ('solution', 'remote', 'portable')


def prepare():
    """Takes away what leads to JavaScript, and gives what the native interpreter has; last of all before programs run.
    -> run"""
    threading.Thread.start = start_thread
    asyncio.run, time.sleep = asyncio.run.__wrapped__, time.sleep.__wrapped__
    asyncio._set_running_loop(None)
    asyncio.events._set_event_loop_policy(Policy())
    sys.dont_write_bytecode = True
    sys.modules['_pyodide._importhook'].jsfinder.jsproxies.clear()
    for name in list(sys.modules):
        if name.split('.')[0] in (*BRIDGES, *OWN_MODULES):
            del sys.modules[name]
    sys.modules.update(dict.fromkeys(BRIDGES))  # None: not to be imported
    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != '_pyodide._importhook']
    os.environ.clear()
    os.environ.update(PATH='/usr/bin:/bin', HOME=HOME, TMPDIR=HOME, LANG='C.UTF-8')
    sys.argv = ['solution.py']
    sys.orig_argv = ['python3', 'solution.py']
    return run


def start_thread(thread):
    """There is one thread: another runs to its end at once. Programs use them for a larger stack."""
    if thread._started.is_set():
        raise RuntimeError('threads can only be started once')
    thread._started.set()
    try:
        thread.run()
    except SystemExit:
        pass
    except BaseException:
        threading.excepthook(threading.ExceptHookArgs([*sys.exc_info(), thread]))
    finally:
        thread._os_thread_handle = Done()


class Done:
    """The handle of a thread that has ended."""

    def is_done(self):
        return True

    def join(self, timeout=None):
        pass


class Loop(asyncio.base_events.BaseEventLoop):
    """An event loop with nothing but callbacks and timers to wait for; Pyodide's own belongs to JavaScript."""

    def __init__(self):
        super().__init__()
        self._selector = self

    def select(self, timeout):
        if timeout is None:
            raise RuntimeError('the event loop waits for what cannot happen')
        time.sleep(timeout)
        return []

    def _process_events(self, events):
        pass

    def _write_to_self(self):
        pass


class Policy(asyncio.events._BaseDefaultEventLoopPolicy):
    _loop_factory = Loop


class Ended(BaseException):
    """There is no further line."""


class Candidate:
    """A program whose functions a checker calls, all in one module."""

    def __init__(self, code):
        self.code, self.module, self.objects = code, fresh_module(True), remote.Objects()
        try:
            exec(code, self.module.__dict__)
            self.code = NOTHING  # it has run
        except BaseException:
            pass  # it runs again at each call, which fails as it did

    def answer(self, line):
        lines, said = [line], []

        def read_line():
            if not lines:
                raise Ended
            return lines.pop()

        remote.Objects = lambda: self.objects  # references outlive a call
        try:
            remote.answer_calls(self.code, self.module, read_line, said.append)
        except Ended:
            return said[0]


NOTHING = compile('', 'solution.py', 'exec')
candidate = None


def check(code, function_name):
    """Runs a checker to its end -> the last that it says. Before that its calls go by the channel."""
    channel, said = os.open('/dev/exchange', os.O_RDWR), []

    def read_line():
        data = memoryview(said.pop())
        while data:
            data = data[os.write(channel, data):]
        line = bytearray()
        while not line.endswith(b'\n'):
            chunk = os.read(channel, 1 << 16)
            if not chunk:
                raise Ended
            line += chunk
        return bytes(line)

    remote.run_checker(code, fresh_module(True), function_name, read_line, said.append)
    return said[-1]


def run(kind, source, function_name, text):
    """Serves a request of src-main/sandbox/runner.ts, or 'call again' -> 'C' + why the program does not compile, 'I' +
    what is wrong with the test, or 'R', the exit status, a space and the report. `text`: its input, or, as standard input
    is descriptor 0, the arguments as JSON."""
    global candidate
    if kind == 'call again':
        return reported(candidate.answer(text))
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, 'r', False)), 'utf-8', 'replace')
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, 'w', False)), 'utf-8', 'surrogateescape')
    sys.stderr = io.TextIOWrapper(io.FileIO(2, 'w', False), 'utf-8', 'backslashreplace', write_through=True)
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    code, problem = compile_source(source)
    if problem is not None:
        return 'C' + problem
    if kind == 'check':
        return reported(check(code, function_name))
    if kind == 'call':
        candidate = Candidate(code)
        return reported(candidate.answer(text))
    try:
        values = parse_arguments(text)
    except (ValueError, RecursionError) as error:
        return 'I' + describe(error)
    said = []
    if kind == 'functional':
        status = execute(code, fresh_module(True), function_name, values, said.append)
    else:
        arguments, = values
        sys.argv += arguments
        # A checker's exit status is its answer.
        status = execute(code, fresh_module(False), None, None, said.append, bool(arguments))
    return 'R%d %s' % (status, said[-1].decode() if said else '')


def reported(said):
    """The status that the native sandbox gives what is said of a call or by a checker."""
    succeeded = said.startswith((b'{"value"', b'{"passed"'))
    return 'R%d %s' % (0 if succeeded else EXIT_ERROR, said.decode())
