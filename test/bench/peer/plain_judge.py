"""Judges without isolation, to measure against: one process a program, in which its tests run one after another, with
standard input and output replaced by strings and an alarm against endless loops.

"livecodebench" does per program what that benchmark's grader does: a multiprocessing.Manager for the result, a Process,
the program made a function under the prelude's imports, and per test a patched input. "lean" leaves out all that can
be left out: a pipe for the result, one prelude for all programs.

Reads from standard input {"style", "workers", "seconds", "code", "tests": [[input, expected], ...]}; prints the number
of programs judged, the seconds it took and every test's time in milliseconds, as JSON."""
import ast
import io
import json
import multiprocessing
import signal
import sys
import time
from unittest import mock

ALARM_SECONDS = 6
PRELUDE = ('from string import *\nfrom re import *\nfrom collections import *\nfrom heapq import *\nfrom bisect import *\n'
           'from copy import *\nfrom math import *\nfrom random import *\nfrom itertools import *\nfrom functools import *\n'
           'from typing import *\nimport sys, io, json, re, math, random, itertools, functools, collections\n')


def expired(*_):
    raise TimeoutError


def lean_runner(code):
    compiled = compile(code, 'solution.py', 'exec')

    def run(given):
        sys.stdin = io.StringIO(given)
        exec(compiled, dict(LEAN_NAMES))
    return run


LEAN_NAMES = {}
exec(PRELUDE, LEAN_NAMES)


def patching_runner(code):
    body = ast.parse(code).body
    function = ast.parse('def wrapped(): pass')
    function.body[0].body = body
    names = {}
    exec(compile(PRELUDE + ast.unparse(function), 'solution.py', 'exec'), names)

    def run(given):
        lines = iter(given.split('\n'))
        with mock.patch('builtins.open', mock.mock_open(read_data=given)), mock.patch('sys.stdin', io.StringIO(given)), \
                mock.patch('sys.stdin.readline', lambda *_: next(lines)), mock.patch('sys.stdin.read', lambda *_: given):
            names['wrapped']()
    return run


def run_program(runner, code, tests, give):
    """Gives [passed, milliseconds] for each test."""
    signal.signal(signal.SIGALRM, expired)
    run, results, stdout = runner(code), [], sys.stdout
    for given, expected in tests:
        started = time.perf_counter()
        sys.stdout = io.StringIO()
        signal.alarm(ALARM_SECONDS)
        try:
            run(given)
            passed = sys.stdout.getvalue().strip() == expected.strip()
        except BaseException:
            passed = False
        finally:
            signal.alarm(0)
        results.append([passed, (time.perf_counter() - started) * 1000])
    sys.stdout = stdout
    give(results)


def judge_lean(code, tests):
    ours, theirs = multiprocessing.Pipe(False)
    process = multiprocessing.Process(target=run_program, args=(lean_runner, code, tests, theirs.send))
    process.start()
    theirs.close()
    results = ours.recv()
    process.join()
    return results


def judge_livecodebench(code, tests):
    manager = multiprocessing.Manager()
    result = manager.list()
    process = multiprocessing.Process(target=run_program, args=(patching_runner, code, tests, result.append))
    process.start()
    process.join(timeout=(ALARM_SECONDS + 1) * len(tests) + 5)
    if process.is_alive():
        process.kill()
    return result[0]


def worker(order, deadline, queue):
    judge = {'lean': judge_lean, 'livecodebench': judge_livecodebench}[order['style']]
    programs, times = 0, []
    while time.monotonic() < deadline:
        results = judge(order['code'], order['tests'])
        if not all(passed for passed, _ in results):
            raise RuntimeError('a right program did not pass')
        times += [milliseconds for _, milliseconds in results]
        programs += 1
    queue.put((programs, times))


def main():
    multiprocessing.set_start_method('fork')
    order = json.load(sys.stdin)
    started, queue = time.monotonic(), multiprocessing.Queue()
    workers = [multiprocessing.Process(target=worker, args=(order, started + order['seconds'], queue))
               for _ in range(order['workers'])]
    for process in workers:
        process.start()
    done = [queue.get() for _ in workers]
    seconds = time.monotonic() - started
    for process in workers:
        process.join()
    print(json.dumps({'programs': sum(programs for programs, _ in done), 'seconds': seconds,
                      'milliseconds': [time for _, times in done for time in times]}))


main()
