"""HumanEval's solutions and small changes of them, each judged by running its checks in a plain forked process: an
opinion of its own on what is right. Reads HumanEval's JSON lines; writes [{name, code, entry, test, right}] as JSON.
Mutants that run out of time are left out: whether they end is a matter of the machine."""
import ast
import copy
import json
import os
import random
import resource
import signal
import sys

SECONDS = 2
MUTANTS = 3

OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Mod: ast.Mult, ast.FloorDiv: ast.Mult,
             ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
             ast.And: ast.Or, ast.Or: ast.And}


def changes(tree):
    """Functions that each change one thing of a copy of the tree."""
    found = []
    for place, node in enumerate(ast.walk(tree)):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            found.append((place, lambda n: setattr(n, 'value', n.value + 1)))
        elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            found.append((place, lambda n: setattr(n, 'op', OPERATORS[type(n.op)]())))
        elif isinstance(node, ast.BoolOp):
            found.append((place, lambda n: setattr(n, 'op', OPERATORS[type(n.op)]())))
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in OPERATORS:
            found.append((place, lambda n: n.ops.__setitem__(0, OPERATORS[type(n.ops[0])]())))
        elif isinstance(node, ast.Return) and node.value is not None:
            found.append((place, lambda n: setattr(n, 'value', ast.Constant(None))))
    return found


def mutants(code, randoms):
    tree = ast.parse(code)
    options = changes(tree)
    for place, change in randoms.sample(options, min(MUTANTS, len(options))):
        mutant = copy.deepcopy(tree)
        change(list(ast.walk(mutant))[place])
        yield ast.unparse(mutant)


def verdict(code, checks, entry):
    """True, False, or None where time ran out."""
    child = os.fork()
    if child == 0:
        sys.stdout = sys.stderr = open(os.devnull, 'w')
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        signal.alarm(SECONDS)
        try:
            names = {}
            exec(code, names)
            exec(checks, names)
            names['check'](names[entry])
            os._exit(0)
        except BaseException:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return None
    return os.WEXITSTATUS(status) == 0


def main():
    randoms, out = random.Random(1), []
    for line in sys.stdin:
        problem = json.loads(line)
        code = problem['prompt'] + problem['canonical_solution']
        for number, variant in enumerate([code, *mutants(code, randoms)]):
            right = verdict(variant, problem['test'], problem['entry_point'])
            if right is not None:
                out.append({'name': '%s %d' % (problem['task_id'], number), 'code': variant, 'right': right,
                            'entry': problem['entry_point'], 'test': problem['test']})
    json.dump(out, sys.stdout)


main()
