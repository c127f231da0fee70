"""What Python makes of the cases of python.test.ts: reads {operation, cases} as JSON, writes one answer a case."""
import base64, json, math, sys
from collections import Counter
from decimal import Decimal
from fractions import Fraction

def decode(x, a_set=frozenset):
    if isinstance(x, list):
        return [decode(item, a_set) for item in x]
    if not isinstance(x, dict):
        return x
    (tag, body), = x.items()
    if tag == 'i':
        return int(body, 16)
    if tag == 'f':
        return float(body)
    if tag == 't':
        return tuple(decode(item, a_set) for item in body)
    if tag == 's':
        return a_set(decode(item) for item in body)
    if tag == 'd':
        return {decode(key): decode(value, a_set) for key, value in body}
    if tag == 'c':
        return complex(float(body[0]), float(body[1]))
    if tag == 'b':
        return base64.b64decode(body)
    raise ValueError(tag)

def encode(x):
    if isinstance(x, list):
        return [encode(item) for item in x]
    if isinstance(x, dict):
        return {'d': [[encode(key), encode(value)] for key, value in x.items()]}
    if isinstance(x, float):
        return {'f': repr(x)}
    if isinstance(x, int) and not isinstance(x, bool):
        return {'i': hex(x)}
    return x

def number(word):
    try:
        value = Decimal(word)
    except ArithmeticError:
        return None
    return None if value.is_nan() else value

def identity(line):
    numbers = [number(word) for word in line.split()]
    return line if None in numbers else tuple(numbers)

def stripped_lines(text):
    return [line.strip() for line in text.strip().split('\n')]

def same_output(pair):
    a, b = map(stripped_lines, pair)
    return len(a) == len(b) and all(x == y or identity(x) == identity(y) for x, y in zip(a, b))

def unordered_output(pair):
    a, b = (Counter(map(identity, stripped_lines(text))) for text in pair)
    return a == b

def unordered_values(pair):
    a, b = (decode(x) for x in pair)
    left = list(b)
    for item in a:
        if item not in left:
            return False
        left.remove(item)
    found = left == []
    try:
        assert found == (Counter(a) == Counter(b))
    except TypeError:
        pass  # not hashable
    return found

def is_close(case):
    got, expected, relative, absolute = case
    if max(abs(got), abs(expected)) < 2**53:
        return math.isclose(got, expected, rel_tol=relative, abs_tol=absolute)
    got, expected, relative, absolute = map(Fraction, case)
    return abs(got - expected) <= max(absolute, relative * abs(expected))

def loads(text):
    try:
        return {'value': encode(json.loads(text))}
    except ValueError:
        return None

OPERATIONS = {
    'spaces': lambda most: [code for code in range(most) if chr(code).isspace()],
    'strip': str.strip,
    'is number': lambda word: number(word) is not None,
    'same number': lambda pair: None not in (number(pair[0]), number(pair[1])) and number(pair[0]) == number(pair[1]),
    'same output': same_output,
    'unordered output': unordered_output,
    'equals': lambda pair: decode(pair[0]) == decode(pair[1]),
    'unordered values': unordered_values,
    'is close': is_close,
    'loads': loads,
    'dumps': lambda x: json.dumps(decode(x), ensure_ascii=False),
    'repr': lambda x: repr(decode(x, set)),
}
request = json.load(sys.stdin)
json.dump([OPERATIONS[request['operation']](case) for case in request['cases']], sys.stdout)
