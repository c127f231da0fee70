"""The inside of a test process, from its fork to the end of the program. What it says about itself can only lose: its
end is observed from outside, its answers are compared where the expected values are."""
import atexit
import functools
import gc
import io
import json
import os
import signal
import sys

import remote
from confine import lock_down
from solution import EXIT_ERROR, EXIT_MEMORY, compile_source, describe, enter_module, execute, fresh_module, new_module, parse_arguments

OWN_MODULES = ('solution', 'remote', 'confine', 'processes', 'child', 'supervise', 'builds', 'serve')
STDIN, STDOUT, STDERR, REPORT, SETUP, CALLS = range(6)
ENDED = b'{"error": "the program ended before the function returned", "verdict": "runtime-error"}'

# Made before the fork, since what a test process makes itself it makes in every test, in pages that it must copy first.
STANDARD = (
    io.TextIOWrapper(io.BufferedReader(io.FileIO(0, 'r', False)), 'utf-8', 'replace'),
    io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, 'w', False)), 'utf-8', 'surrogateescape'),
    io.TextIOWrapper(io.FileIO(2, 'w', False), 'utf-8', 'backslashreplace', write_through=True),
)
MODULES = {functional: new_module(functional) for functional in (True, False)}


def write_all(descriptor, data):
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view):]


def test_process(program, mode, arguments, descriptors, folder):
    """Never returns. On SETUP: b'L' once locked down, then b'R' (the program starts now) or b'C' and why it does not
    compile; SETUP is closed before the first line of untrusted code runs.

    mode -- 'stdin': one run; 'calls': answers calls of its function; 'remote': answers a checker's calls; 'checker':
    trusted code that asks for calls; 'command': another program takes the process, `arguments` being its command."""
    os.setsid()
    for target, descriptor in enumerate(descriptors):
        os.dup2(descriptor, target, inheritable=target <= STDERR)
    os.closerange(len(descriptors), 1024)
    os.chdir(folder)
    if os.environ['HOME'] != folder:  # each change copies a page of the process
        os.environ.update(HOME=folder, TMPDIR=folder)
    if mode == 'command':
        become(program, arguments, len(descriptors) > CALLS)
    sys.stdin, sys.stdout, sys.stderr = sys.__stdin__, sys.__stdout__, sys.__stderr__ = STANDARD
    for name in OWN_MODULES:
        sys.modules.pop(name, None)  # a program may have modules of these names
    sys.argv = ['solution.py', *arguments]
    sys.orig_argv = ['python3', *sys.argv]
    atexit._clear()
    lock_down(program)
    os.write(SETUP, b'L')
    code, problem = compile_source(program['code'])
    if problem is not None:
        os.write(SETUP, b'C' + problem.encode('utf-8', 'replace'))
        os._exit(0)
    module = enter_module(MODULES[mode != 'stdin'])
    gc.enable()
    os.write(SETUP, b'R')
    os.close(SETUP)
    if mode == 'calls':
        answer_calls(code, module, program['functionName'])
    elif mode == 'remote':
        remote.answer_calls(code, module, read_line, say)
    elif mode == 'checker':
        read_line()  # begin
        remote.run_checker(code, module, program['functionName'], read_line, say)
    else:
        # A checker's exit status is its answer.
        os._exit(execute(code, module, None, None, functools.partial(write_all, REPORT), bool(arguments)))


def become(program, command, answers_calls):
    """Never returns: `command` takes this process, with REPORT open and, where it answers calls, these on descriptor 4."""
    setup = os.dup(SETUP)  # closed by the kernel once the command runs
    for ignored_by_python in ('SIGPIPE', 'SIGXFSZ'):
        signal.signal(getattr(signal, ignored_by_python), signal.SIG_DFL)
    for descriptor in (STDOUT, STDERR, REPORT):
        os.set_blocking(descriptor, True)  # the pipes are those of the test before, which may have set this
    os.set_inheritable(REPORT, True)
    if answers_calls:
        os.dup2(CALLS, SETUP)
    limits, reserved = program['limits'], program['recipe']['reservedMb']
    lock_down(dict(program, limits=dict(limits, memoryMb=limits['memoryMb'] + reserved)))
    os.write(setup, b'LR')
    try:
        os.execve(command[0], command, os.environ)
    except OSError as error:
        os.write(setup, b'F%s: %s' % (command[0].encode(), describe(error).encode()))
    os._exit(EXIT_ERROR)


# The mark of the call that is being answered (supervise.py).
mark = b''


def read_line():
    """The next line on CALLS, without its mark and its end; never more than that, so that nothing is read ahead."""
    global mark
    line = bytearray()
    while True:
        chunk = os.read(CALLS, 1 << 16)
        if not chunk:
            os._exit(0)
        line += chunk
        if line.endswith(b'\n'):
            mark, _, text = bytes(line[:-1]).partition(b' ')
            return text


def say(answer):
    write_all(REPORT, mark + b' ' + answer + b'\n')


def answer_calls(code, module, function_name):
    """Answers each call of the program's function with one line. Calls are apart: each has a module of its own."""
    while True:
        call, said = json.loads(read_line()), []
        status = execute(code, module, function_name, parse_arguments(call['input']), said.append)
        say(said[0] if said else ENDED)
        if status == EXIT_MEMORY:
            os._exit(status)
        del call
        module = fresh_module(True)
