"""The fork server: server -> program process -> test processes. The server only forks; a program process reads one
program and its requests from fd 0, one frame each, and answers each request with a frame on fd 1. A frame is u32 header
bytes and u32 body bytes (little endian), a JSON header, a body; src-main/sandbox/protocol.ts is the other end."""
import gc
import json
import os
import shutil
import signal
import struct
import sys

import builds
import confine
import processes
from child import write_all
from confine import CONFIG, LINUX, NAMESPACES, checked, libc
from solution import EXIT_ERROR, describe, parse_arguments
from supervise import Streams, TestProcess

STACK_BYTES = 64 << 20
NOTHING_SEEN = {'status': 'exited', 'code': 0, 'detail': '', 'wallMs': 0, 'memoryMb': None, 'stderr': ''}


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


class ProgramProcess:
    """One program: its files, its working folder and, where it answers calls, the process that does."""

    def __init__(self, program, code):
        self.program, self.recipe = program, program['recipe']
        program['code'] = code
        program.setdefault('memory', 'address-space')
        program.setdefault('threads', 0)
        if self.recipe is not None:
            program.update(memory=self.recipe['memory'], threads=self.recipe['threads'])
            builds.open_box(self.recipe['files'])
        confine.limit_program(program)
        self.streams = Streams(program['limits']['outputBytes'])
        self.session, self.folder, self.refused = None, None, None

    def answer(self, request, body):
        """-> (header, stdout, report)"""
        kind = request['kind']
        if kind == 'build':
            return builds.build(self.program)
        if kind == 'unpack':
            builds.unpack(request['files'], body)
            return NOTHING_SEEN, b'', b''
        if self.refused is not None:
            return self.refused  # it did not compile for the last test either
        seen = self.run_once(request, body) if self.runs_once(request) else self.call(request, body)
        if self.recipe is None and seen[0]['status'] == 'compile-error':
            self.refused = seen
        return seen

    def runs_once(self, request):
        serve = self.recipe and self.recipe['serve']
        served = serve and 'stdin' in serve['kinds'] and not request.get('files') and not request.get('arguments')
        return request['kind'] == 'stdin' and not served

    def run_once(self, request, body):
        """A test in a process of its own."""
        self.end_session()
        folder = self.new_folder()
        for name, text in request.get('files', {}).items():
            with open(os.path.join(folder, name), 'w', encoding='utf-8', errors='surrogatepass') as stream:
                stream.write(text)
        arguments = request.get('arguments', [])
        if self.recipe is None:
            test = TestProcess(self.program, 'stdin', arguments, folder, self.streams, text=body)
        else:
            command = builds.filled(self.recipe['run'], self.program['limits']) + arguments
            test = TestProcess(self.program, 'command', command, folder, self.streams, text=body)
        return test.run()

    def call(self, request, body):
        """A test as one call of a process that answers all calls. What may have failed for what earlier calls used up,
        or left to be said, is called once more, in a new process."""
        if request.get('fresh') or (self.session is not None and not confine.is_untouched(self.folder)):
            self.end_session()
        if request['kind'] in ('call', 'reply'):
            line = bytes(body)
        else:
            text = body.decode('utf-8', 'replace')
            try:
                if request['kind'] == 'functional':
                    parse_arguments(text)
            except (ValueError, RecursionError) as error:
                return dict(NOTHING_SEEN, status='bad-test', detail=describe(error)), b'', b''
            line = json.dumps({'input': text} if self.recipe is None else text).encode()
        wall_ms = request.get('wallMs', self.program['limits']['wallMs'])
        while True:
            used = self.session is not None
            if not used:
                self.start_session(request['kind'])
            self.session.limits = dict(self.program['limits'], wallMs=wall_ms)
            seen = self.session.call(line)
            header, answered_another = seen[0], self.session.answered_another
            if self.session.ended is not None or b'"memory-limit"' in seen[2]:
                self.end_session()
            spent = header['status'] in ('memory-limit', 'signal') or (header['status'] == 'time-limit' and header['code'] != 0)
            again = spent or b'"memory-limit"' in seen[2] or answered_another
            if not (used and request['kind'] in ('functional', 'stdin') and again):
                return seen

    def start_session(self, kind):
        folder = self.new_folder()
        if self.recipe is None:
            mode = {'functional': 'calls', 'call': 'remote', 'check': 'checker'}[kind]
            self.session = TestProcess(self.program, mode, [], folder, self.streams, calls=True)
        else:
            command = builds.filled(self.recipe['serve']['command'], self.program['limits'])
            self.session = TestProcess(self.program, 'command', command, folder, self.streams, calls=True)

    def new_folder(self):
        if self.folder is not None:
            confine.remove_folder(self.folder)
        self.folder = confine.new_folder(self.program['limits'])
        return self.folder

    def end_session(self):
        if self.session is not None:
            self.session.kill()
        self.session = None

    def end(self):
        self.end_session()
        if self.folder is not None:
            confine.remove_folder(self.folder)


def program_process():
    """Never returns: reads a program, then its requests until 'end', and answers each."""
    if LINUX:
        libc.prctl(confine.PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(confine.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        processes.PROC = os.open('/proc', os.O_RDONLY | os.O_DIRECTORY)
    if NAMESPACES:
        confine.enter_namespace()
    header, code = read_frame()
    program = ProgramProcess(header, code.decode('utf-8', 'replace'))
    while True:
        request, body = read_frame()
        if request['kind'] == 'end':
            program.end()
            os._exit(0)
        header, stdout, report = program.answer(request, body)
        body[:] = bytes(len(body))  # the next test process inherits this memory: leave no other test's input in it
        write_frame(dict(header, stdoutBytes=len(stdout)), stdout + report)


# Programs under test come after whoever clicks in the window.
YIELD = 5


def serve():
    os.nice(YIELD)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python's own handler would let a program interrupt its pid 1
    if LINUX:
        libc.prctl(confine.PR_SET_DUMPABLE, 0, 0, 0, 0)  # a test process of the same user can neither trace nor read this
    confine.limit('RLIMIT_STACK', STACK_BYTES)
    os.environ.clear()
    os.environ.update(PATH='/usr/bin:/bin', HOME='/tmp', TMPDIR='/tmp', LANG='C.UTF-8')
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
