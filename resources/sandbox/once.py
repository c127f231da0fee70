"""Runs one test in this very process, for systems without fork; the caller kills it at its limits.

Exit status: 0 ran, 1 exception (described on the last line of stderr), 3 does not compile, 4 out of memory, 5 a file
too large, 6 a bad test. stdout: what was printed; where a function was called, its report instead."""
import faulthandler
import io
import json
import os
import sys

from solution import EXIT_BAD_TEST, EXIT_COMPILE, EXIT_ERROR, EXIT_OUTPUT
from solution import compile_source, describe, execute, fresh_module, parse_arguments


def once():
    program = json.loads(sys.stdin.buffer.readline())
    source, text, name = program['source'], program['input'], program['functionName']
    said = []
    faulthandler.dump_traceback_later(program['wallMs'] / 1000 + 5, exit=True)  # should the caller be gone
    if name is not None:
        channel = os.dup(1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    else:
        channel = None
        sys.stdin = io.TextIOWrapper(io.BytesIO(text.encode('utf-8', 'replace')), 'utf-8')
    sys.stdout.reconfigure(encoding='utf-8', errors='surrogateescape', newline='\n')
    code, problem = compile_source(source)
    if problem is not None:
        finish(problem, EXIT_COMPILE)
    try:
        arguments = None if name is None else parse_arguments(text)
    except (ValueError, RecursionError) as error:
        finish(describe(error), EXIT_BAD_TEST)
    status = execute(code, fresh_module(name is not None), name, arguments, said.append)
    answer = said[-1] if said else b''
    if channel is not None and status == 0:
        with open(channel, 'wb') as stream:
            stream.write(answer)
    if status == EXIT_ERROR and b'"output-limit"' in answer:
        status = EXIT_OUTPUT
    finish(json.loads(answer).get('error', '') if status and answer else '', status)


def finish(text, status):
    with open(2, 'wb', closefd=False) as stream:
        stream.write(('\n' + text).encode('utf-8', 'replace'))
    os._exit(status)


sys.path.pop(0)  # this file's folder
once()
