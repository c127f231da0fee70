"""Calls from a checker to a program in another sandbox: the checker's code never enters the program's process, and no
object of the program enters the checker's. Values travel in solution.py's encoding; what has none stays where it is,
and the other side holds an opaque reference to it."""
import base64
import builtins
import json

from solution import EXIT_ERROR, EXIT_MEMORY, NAMES, describe, encode, find_function

UNREADABLE = 'the program answered nonsense'


class Reference:
    """An object of the program, as the checker holds it: equal to itself alone."""

    def __init__(self, key, name):
        self.key, self.name = key, name

    def __eq__(self, other):
        return self is other or (isinstance(other, Reference) and self.key is not None and other.key == self.key)

    def __hash__(self):
        return hash(self.key)

    def __repr__(self):
        return '<%s>' % self.name


class Objects:
    """The objects of the program that the checker has references to."""

    def __init__(self):
        self.kept = []

    def keep(self, value):
        self.kept.append(value)
        return len(self.kept) - 1


def decode(value, objects=None):
    """The Python value of an encoding. With `objects`, references become the objects that they name; without, they
    become References. Raises ValueError where it is none."""
    if value is None or isinstance(value, (bool, str, int)):
        return value
    if isinstance(value, list):
        return [decode(item, objects) for item in value]
    if not isinstance(value, dict) or len(value) != 1:
        raise ValueError(UNREADABLE)
    (tag, body), = value.items()
    if tag == 'i':
        return int(body, 16)
    if tag == 'f':
        return float(body)
    if tag == 't':
        return tuple(decode(item, objects) for item in body)
    if tag == 'd':
        return {decode(key, objects): decode(item, objects) for key, item in body}
    if tag == 's':
        return {decode(item, objects) for item in body}
    if tag == 'c':
        return complex(float(body[0]), float(body[1]))
    if tag == 'b':
        return base64.b64decode(body)
    if tag == 'r':
        key, name = body
        return Reference(key, str(name)) if objects is None else objects.kept[key]
    if tag == 'o':
        return Reference(None, str(body))
    raise ValueError(UNREADABLE)


def answer_calls(code, module, read_line, say):
    """The program's side: runs it, then answers calls of its functions, all in one module, until there are no more."""
    objects, ran = Objects(), False
    while True:
        call = json.loads(read_line())
        try:
            if not ran:
                exec(code, module.__dict__)
                ran = True
            function = find_function(module.__dict__, call['name'])
            arguments = [decode(value, objects) for value in call['args']]
            options = {name: decode(value, objects) for name, value in call['kwargs'].items()}
            answer = {'value': encode(function(*arguments, **options), keep=objects.keep)}
        except SystemExit:
            answer = {'error': 'the program ended before the function returned', 'type': 'SystemExit'}
        except MemoryError:
            answer = {'error': 'MemoryError', 'type': 'MemoryError', 'verdict': 'memory-limit'}
        except BaseException as error:
            answer = {'error': describe(error), 'type': type(error).__name__}
        say(json.dumps(answer).encode())


class Unsendable(BaseException):
    """The checker passes what cannot leave its process: the test is at fault, not the program."""


def sendable(value):
    """The encoding of a checker's argument; a Reference goes back as the object that it stands for."""
    def keep(item):
        if isinstance(item, Reference) and item.key is not None:
            return item.key
        raise Unsendable('a %s cannot be passed to the program' % type(item).__name__)
    return encode(value, keep=keep)


def run_checker(code, module, function_name, read_line, say):
    """The checker's side: runs it with stubs in place of the program's functions, and says {'passed': true} or
    {'failed': why, 'verdict': ...}. Asks {'call': {name, args, kwargs}} and is told {'value'} or {'error', 'type'}."""
    asked = []

    def stub(name):
        def remote_function(*args, **kwargs):
            call = {'name': name, 'args': [sendable(value) for value in args],
                    'kwargs': {key: sendable(value) for key, value in kwargs.items()}}
            asked.append(name)
            say(json.dumps({'call': call}).encode())
            line = read_line()
            try:
                reply = json.loads(line)
                answer = decode(reply['value']) if 'error' not in reply else None
            except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, MemoryError):
                reply, answer = {'error': UNREADABLE}, None
            if 'error' in reply:
                kind = getattr(builtins, str(reply.get('type')), None)
                known = isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, AssertionError)
                error = (kind if known and not issubclass(kind, UnicodeError) else RuntimeError)(str(reply['error']))
                error.of_program = str(reply['error'])
                raise error
            return answer
        return remote_function

    names = module.__dict__
    names['candidate'] = names[function_name] = stub(function_name)
    for name in free_names(code):
        names.setdefault(name, stub(name))
    try:
        exec(code, names)
        said = {'passed': True}
    except Unsendable as error:
        said = {'failed': str(error), 'verdict': 'sandbox-error'}
    except AssertionError as error:
        said = {'failed': describe(error), 'verdict': 'wrong-answer'}
    except BaseException as error:
        # The checker is right for right programs: what breaks it after a call is what the program answered.
        said = {'failed': getattr(error, 'of_program', None) or describe(error),
                'verdict': 'runtime-error' if asked else 'sandbox-error'}
    say(json.dumps(said).encode())


def free_names(code):
    """Names that a code object and those inside it look up globally."""
    found, stack = set(), [code]
    while stack:
        item = stack.pop()
        found.update(item.co_names)
        stack += [inner for inner in item.co_consts if hasattr(inner, 'co_names')]
    return [name for name in found if name not in NAMES and not hasattr(builtins, name)]
