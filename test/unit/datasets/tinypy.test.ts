import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { demonstrationBatch } from '../../../src-main/datasets/tinypy/batch.ts';
import { defaultDemonstrationOptions, demonstrate } from '../../../src-main/datasets/tinypy/demonstrations.ts';
import { evaluate, type Form, LARGEST_A, LARGEST_B } from '../../../src-main/datasets/tinypy/forms.ts';
import { tinypy, tinypyProblems } from '../../../src-main/datasets/tinypy/index.ts';
import { generateProblems, type TinyPyProblem } from '../../../src-main/datasets/tinypy/problems.ts';
import { compose } from '../../../src-main/datasets/tinypy/steps.ts';
import { type Variant, variants } from '../../../src-main/datasets/tinypy/variants.ts';
import { SPLITS } from '../../../src-shared/problem.ts';
import { stream } from '../../../src-shared/random.ts';

const standard = variants[0] as Variant;
const all = SPLITS.flatMap((split) => tinypyProblems(split));
const meanings = (problems: readonly TinyPyProblem[]) => new Set(problems.map((p) => p.meaning));
const count = <T>(items: readonly T[], holds: (item: T) => boolean) => items.filter(holds).length;
const hasPython = spawnSync('python3', ['--version']).status === 0;

/** Run Python with JSON on standard input; its standard output is JSON too. */
function python(program: string, input: unknown): unknown {
  const run = spawnSync('python3', ['-c', program], { input: JSON.stringify(input), encoding: 'utf8' });
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout);
}

describe('TinyPy', () => {
  it('has the stated sizes, with the difficulties in turn', () => {
    expect(SPLITS.map((split) => tinypyProblems(split).length)).toEqual([4000, 256, 256]);
    for (const split of SPLITS)
      for (const [i, p] of tinypyProblems(split).entries())
        expect(p.difficulty).toBe(['easy', 'medium', 'hard'][i % 3]);
  });

  it('never asks for one function in two splits, nor twice in the same words', () => {
    const [train, validation, test] = SPLITS.map((split) => meanings(tinypyProblems(split))) as [
      Set<string>,
      Set<string>,
      Set<string>,
    ];
    expect(new Set([...train, ...validation, ...test]).size).toBe(train.size + validation.size + test.size);
    expect([train.size, validation.size, test.size]).toEqual([1320, 120, 109]);
    expect(new Set(all.map((p) => p.statement)).size).toBe(all.length);
    expect(new Set(all.map((p) => p.id)).size).toBe(all.length);
  });

  it('is the same on every machine', async () => {
    expect(await tinypy.open({}).hash()).toBe('03f6a339e5e0d9a512e81d6fdec946068ca416897f41ac91fa67db6d0f4931da');
  });

  it('no variant says a thing twice, or validates a function that another trains on', async () => {
    const trained = new Set(variants.flatMap(({ id }) => tinypyProblems('train', id).map((p) => p.meaning)));
    for (const { id, levels, bounds } of variants) {
      const statements = new Set<string>();
      expect(SPLITS.map((split) => tinypyProblems(split, id).length)).toEqual([4000, 256, 256]);
      for (const p of [...tinypyProblems('validation', id), ...tinypyProblems('test', id)]) {
        expect(trained.has(p.meaning), p.statement).toBe(false);
        statements.add(p.statement);
        expect(levels.map((level) => level.steps)).toContain(p.steps.length);
        const { a, b } = compose(p.steps);
        expect(Math.abs(a) <= bounds.a && Math.abs(b) <= bounds.b && a !== 0, p.statement).toBe(true);
      }
      expect(statements.size).toBe(512);
    }
    const hash = (variant: string) => tinypy.open({ variant }).hash();
    expect(await hash('standard')).toBe(await tinypy.open({}).hash());
    expect(await hash('reframed')).not.toBe(await hash('standard'));
  });

  it('each variant differs from the standard problems in its one thing', () => {
    const steps = (id: string) => tinypyProblems('validation', id).flatMap((p) => p.steps);
    const added = (id: string) => steps(id).flatMap((s) => (s.kind === 'add' ? [Math.abs(s.k)] : []));
    const factors = (id: string) => new Set(steps(id).flatMap((s) => (s.kind === 'multiply' ? [s.k] : [])));
    expect([Math.min(...added('addends')), Math.max(...added('addends'))]).toEqual([13, 40]);
    expect(factors('addends')).toEqual(factors('standard'));
    expect([...factors('factors')].sort()).toEqual([6, 7, 8, 9]);
    expect(Math.max(...added('factors'))).toBe(12);
    for (const { statement } of tinypyProblems('validation', 'reframed'))
      expect(statement).toMatch(/^Write f\(x\): (begin with x|let x be given|use x), /);
  });

  it('depends on its seed', () => {
    const sizes = { train: 30, validation: 3, test: 3 };
    expect(generateProblems(1, sizes, standard)).toEqual(generateProblems(1, sizes, standard));
    expect(generateProblems(2, sizes, standard)).not.toEqual(generateProblems(1, sizes, standard));
  });

  it('refuses sizes that no generator could fill', () => {
    expect(() => generateProblems(1, { train: 3, validation: 0, test: 30_000 }, standard)).toThrow(/do not exist/);
  });

  it('tests tell every other form apart', () => {
    const forms: Form[] = [];
    for (const outer of ['none', 'abs', 'floor'] as const)
      for (let a = -LARGEST_A; a <= LARGEST_A; a++)
        for (let b = -LARGEST_B; b <= LARGEST_B; b++) forms.push({ a, b, outer });
    for (const p of [...tinypyProblems('validation'), ...tinypyProblems('test')]) {
      const points = p.hiddenTests.map((t) => [Number(t.input), Number(t.expected)] as const);
      const passing = forms.filter((form) => points.every(([x, y]) => evaluate(form, x) === y));
      const { a, b, outer } = compose(p.steps);
      // |a*x+b| and |-a*x-b| are the same function.
      expect(passing.length, p.statement).toBe(outer === 'abs' ? 2 : 1);
      expect(passing).toContainEqual({ a, b, outer });
    }
  });

  it.skipIf(!hasPython)('reference answers pass all tests in Python (python3)', () => {
    const program = `
import json, sys
wrong = []
for p in json.load(sys.stdin):
    space = {}
    exec(p['starterCode'] + '    return ' + p['meaning'], space)
    for t in p['visibleTests'] + p['hiddenTests']:
        if space[p['functionName']](*map(json.loads, t['input'].split('\\n'))) != json.loads(t['expected']):
            wrong.append([p['id'], t])
print(json.dumps(wrong))`;
    expect(python(program, all)).toEqual([]);
  });

  it.skipIf(!hasPython)('statements, read step by step in Python, mean what the tests expect (python3)', () => {
    const program = `
import json, re, sys
rules = [
    (r'(?:add|increase it by) (\\d+)(?: to it)?', lambda v, x, k: v + k),
    (r'(?:subtract|take away|decrease it by) (\\d+)', lambda v, x, k: v - k),
    (r'multiply (?:it )?by (\\d+)', lambda v, x, k: v * k),
    (r'double it', lambda v, x: 2 * v), (r'triple it', lambda v, x: 3 * v),
    (r'negate it|(?:flip|change) its sign', lambda v, x: -v),
    (r'add x(?: to it)?', lambda v, x: v + x), (r'subtract x', lambda v, x: v - x),
    (r'take the absolute value|drop its sign', lambda v, x: abs(v)),
    (r'raise it to at least 0|replace a negative result by 0', lambda v, x: max(v, 0)),
]
def step(phrase, v, x):
    for pattern, apply in rules:
        m = re.fullmatch(pattern, phrase)
        if m: return apply(v, x, *map(int, m.groups()))
    raise ValueError(phrase)
wrong = []
for p in json.load(sys.stdin):
    body = re.fullmatch(r'Write f\\(x\\): (?:take|start with|given) x, (.*)\\.', p['statement']).group(1)
    phrases = re.split(r', (?:then |and finally )?', body)
    for t in p['visibleTests'] + p['hiddenTests']:
        v = x = int(t['input'])
        for phrase in phrases: v = step(phrase, v, x)
        if v != int(t['expected']): wrong.append([p['id'], t])
print(json.dumps(wrong))`;
    expect(python(program, all)).toEqual([]);
  });
});

describe('demonstrations', () => {
  const problems = tinypyProblems('train');
  const careful = { ...defaultDemonstrationOptions, stepErrorRate: 0 };
  const answerOf = (response: string) => /return (.*)\n```$/.exec(response)?.[1];

  it('without slips collapse every running form and answer right', () => {
    const random = stream(1, 'demonstrations');
    for (const p of problems) {
      const response = demonstrate(p, random, { ...careful, skipShare: 0 });
      const lines = (/^<think>(.*)<\/think>\n```python\n/s.exec(response)?.[1] ?? '').split('\n');
      expect(lines.length).toBe(p.steps.length);
      expect(lines.at(-1)?.split(' ').at(-1)).toBe(answerOf(response));
      const sign = p.meaning.startsWith('abs') ? 'abs' : p.meaning;
      expect(answerOf(response)?.startsWith(sign)).toBe(true);
    }
  });

  it('answer at once and slip as often as asked', () => {
    const n = 20_000;
    const batch = demonstrationBatch(problems, n, stream(2, 'demonstrations'), defaultDemonstrationOptions);
    const skipped = count(batch, (d) => !d.response.startsWith('<think>'));
    // Four standard deviations of a share near 0.4 in 20,000 draws.
    expect(Math.abs(skipped / n - 0.4)).toBeLessThan(0.014);
    // A slip in each of 2, 3 or 4 steps at 20 %; |f| written as |-f| is right too.
    const steps = [2, 3, 4].map((k) =>
      batch.filter((d) => d.problem.steps.length === k && !/abs/.test(d.problem.meaning)),
    );
    const right = steps.map((of) => count(of, (d) => answerOf(d.response) === d.problem.meaning) / of.length);
    for (const [i, share] of right.entries()) {
      // Two slips may cancel, and max(..., 0) of a slipped form is never the right one: a little above, never below.
      expect(share).toBeGreaterThan(0.8 ** (i + 2) - 0.03);
      expect(share).toBeLessThan(0.8 ** (i + 2) + 0.05);
    }
  });

  it('repeat for an equal stream, end in a closed block, and vary in their words', () => {
    const draw = () => demonstrationBatch(problems, 500, stream(3, 'demonstrations'), defaultDemonstrationOptions);
    const batch = draw();
    expect(draw()).toEqual(batch);
    expect(batch.every((d) => d.response.endsWith('\n```') && d.prompt.endsWith('.\n'))).toBe(true);
    const thoughts = batch.filter((d) => d.response.startsWith('<think>'));
    const worded = count(thoughts, (d) =>
      /\b(conclude|determine|infer|deduce|so|thus|hence) \S+<\/think>/.test(d.response),
    );
    expect(worded / thoughts.length).toBeGreaterThan(0.45);
    expect(worded / thoughts.length).toBeLessThan(0.65);
  });
});
