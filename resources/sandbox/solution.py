"""Runs one untrusted program in the present process: the names it starts with, its compilation, its one run, and the
typed encoding of its answer, which src-main/sandbox/values.ts reads. Limits and privileges are others' business."""
import atexit
import base64
import decimal
import errno
import fractions
import json
import math
import operator
import random
import sys
import threading
import traceback
import types
import warnings

# The names that LiveCodeBench's grader puts before every solution; solutions rely on them (List, Counter, inf, ...).
PRELUDE = """
from string import *
from re import *
from datetime import *
from collections import *
from heapq import *
from bisect import *
from copy import *
from math import *
from random import *
from statistics import *
from itertools import *
from functools import *
from operator import *
from io import *
from sys import *
from json import *
from builtins import *
from typing import *
import string, re, datetime, collections, heapq, bisect, copy, math, random, statistics, itertools, functools
import operator, io, sys, json
"""
DETAIL_CHARS = 1000
MAX_DEPTH = 200
EXIT_ERROR, EXIT_COMPILE, EXIT_MEMORY, EXIT_OUTPUT, EXIT_BAD_TEST = 1, 3, 4, 5, 6

warnings.simplefilter('ignore')
NAMES = {}
exec(PRELUDE, NAMES)
sys.setrecursionlimit(50000)  # as LiveCodeBench


def encode(value, depth=0, keep=None):
    """JSON that keeps Python's types apart. Subclasses are read by their base type's own methods, so that an
    overridden __iter__ or __eq__ has no say. What has no encoding becomes {'o': its type's name}, or, with `keep`,
    {'r': [keep(it), its type's name]}."""
    if depth > MAX_DEPTH:
        return {'o': 'nesting deeper than %d' % MAX_DEPTH}
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        number = int.__index__(value)
        return number if -(2**53) < number < 2**53 else {'i': hex(number)}
    if isinstance(value, float):
        return {'f': float.__repr__(value)}
    if isinstance(value, list):
        return [encode(item, depth + 1, keep) for item in list.__iter__(value)]
    if isinstance(value, tuple):
        return {'t': [encode(item, depth + 1, keep) for item in tuple.__iter__(value)]}
    if isinstance(value, dict):
        return {'d': [[encode(k, depth + 1, keep), encode(v, depth + 1, keep)] for k, v in dict.items(value)]}
    if isinstance(value, (set, frozenset)):
        items = set.__iter__(value) if isinstance(value, set) else frozenset.__iter__(value)
        return {'s': [encode(item, depth + 1, keep) for item in items]}
    if isinstance(value, complex):
        return {'c': [float.__repr__(complex.real.__get__(value)), float.__repr__(complex.imag.__get__(value))]}
    if isinstance(value, bytes):
        return {'b': base64.b64encode(bytes.__getitem__(value, slice(None))).decode()}
    if type(value) in (decimal.Decimal, fractions.Fraction) and value == value and abs(value) != math.inf:
        # Python compares these exactly with int and float: send the equal int or float where there is one.
        numerator, denominator = value.as_integer_ratio()
        if denominator == 1:
            return encode(numerator)
        near = numerator / denominator
        if fractions.Fraction(near) == fractions.Fraction(numerator, denominator):
            return {'f': repr(near)}
    if hasattr(type(value), '__index__'):
        return encode(operator.index(value), depth + 1, keep)
    return {'o': type(value).__name__} if keep is None else {'r': [keep(value), type(value).__name__]}


def describe(error):
    """One line: the exception and the innermost line of the solution that it went through."""
    try:
        text = ''.join(traceback.format_exception_only(type(error), error)).strip().splitlines()[-1]
        line, place = None, error.__traceback__
        while place is not None:  # by hand: extract_tb takes seconds for the frames of an endless recursion
            if place.tb_frame.f_code.co_filename == 'solution.py':
                line = place.tb_lineno
            place = place.tb_next
        return text[:DETAIL_CHARS] + ('' if line is None else ' (line %d)' % line)
    except BaseException:
        return 'an exception that cannot be printed'


def new_module(functional):
    """A module with the names that solutions rely on."""
    module = types.ModuleType('solution' if functional else '__main__')
    module.__dict__.update(NAMES)
    return module


def fresh_module(functional):
    """A module that the program has to itself, entered."""
    return enter_module(new_module(functional))


def enter_module(module):
    """Makes `module` the one that runs now, on the streams of now."""
    module.__dict__.update(stdin=sys.stdin, stdout=sys.stdout, stderr=sys.stderr, argv=sys.argv)
    sys.modules[module.__name__] = module
    random.seed(0)  # the same verdict each time
    return module


def compile_source(source):
    """(code, None) or (None, one line that says why not)."""
    try:
        return compile(source, 'solution.py', 'exec', dont_inherit=True), None
    except SyntaxError as error:
        return None, '%s: %s (line %s)' % (type(error).__name__, error.msg, error.lineno)
    except BaseException as error:
        return None, describe(error)


def find_function(names, name):
    if 'Solution' in names:
        return getattr(names['Solution'](), name)
    if name not in names:
        raise NameError('the program defines no function ' + name)
    return names[name]


def forget(names, code, known):
    """Drops what the program bound. Not all names: to drop the others too would copy every page that they lie on."""
    while len(names) > known:
        names.popitem()
    for name in code.co_names:
        names.pop(name, None)


def execute(code, module, function_name, arguments, report, keeps_exit_status=False):
    """Runs the program, reports {'value'} or {'error', 'verdict'} as JSON bytes, returns the exit status."""
    status = 0
    names = module.__dict__
    known = len(names)
    stdout = sys.stdout
    try:
        try:
            exec(code, names)
            if function_name is not None:
                function = find_function(names, function_name)
                report(json.dumps({'value': encode(function(*arguments))}).encode())
        except SystemExit as ending:
            if keeps_exit_status:
                status = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
            # Else as LiveCodeBench: what was printed before counts.
        if function_name is None:
            threading._shutdown()  # a program may work in a thread that it never joins
            atexit._run_exitfuncs()
            sys.stdout.flush()
            if not stdout.closed:
                stdout.flush()
            forget(names, code, known)  # closes, and so flushes, files that the program left open
    except MemoryError:
        status = EXIT_MEMORY
        report(b'{"error": "MemoryError", "verdict": "memory-limit"}')
    except BaseException as error:
        status = EXIT_ERROR
        full = isinstance(error, OSError) and error.errno in (errno.EFBIG, errno.ENOSPC)
        verdict = 'output-limit' if full else 'runtime-error'
        report(json.dumps({'error': describe(error), 'verdict': verdict}).encode())
        try:
            stdout.flush()
        except BaseException:
            status = EXIT_ERROR
    return status


def parse_arguments(text):
    return [json.loads(line) for line in text.split('\n') if line.strip()]
