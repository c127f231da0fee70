/** Runs written down as YAML: what is read, and that every fault has its file, line and option. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRunFile, readRunFile } from '../../../src-main/cli/run-file.ts';
import { catalogue } from './fixtures.ts';

const parse = (text: string) => parseRunFile(catalogue, 'run.yaml', text);

describe('what is read', () => {
  test('nested groups, dotted paths and both', () => {
    const expected = {
      name: 'Mine',
      preset: 'coin',
      values: { 'reward.options.chance': 0.5, 'limits.steps': 7, 'rollouts.temperature': 0.25 },
    };
    expect(
      parse(
        'name: Mine\npreset: coin\nreward:\n  options:\n    chance: 0.5\nlimits: {steps: 7}\nrollouts.temperature: 0.25',
      ),
    ).toEqual(expected);
    expect(
      parse(
        '# a comment\nname: Mine\npreset: coin\nreward.options.chance: 0.5\nlimits.steps: 7\nrollouts:\n  temperature: 0.25',
      ),
    ).toEqual(expected);
  });

  test('an empty file is a run with all defaults', () => {
    expect(parse('')).toEqual({ name: undefined, preset: null, values: {} });
    expect(parse('# nothing\n')).toEqual({ name: undefined, preset: null, values: {} });
  });

  test('a member chosen in the file has its options', () => {
    expect(parse('reward: {kind: random, options: {chance: 1}}').values).toEqual({
      'reward.kind': 'random',
      'reward.options.chance': 1,
    });
  });
});

describe('what is not', () => {
  test.each([
    ['limits:\n  steps: 7\n  stepz: 3', 'run.yaml:3: limits.stepz: unknown option; limits has steps'],
    ['a: 1', 'run.yaml:1: a: unknown option; groups are reward, advantage, rollouts, evaluation, limits'],
    ['limits:\n  steps: many', 'run.yaml:2: limits.steps: "many" is not a whole number from 0 to 100'],
    [
      'limits:\n  steps: 1000',
      'run.yaml:2: limits.steps: 1000 is out of range; allowed is a whole number from 0 to 100',
    ],
    ['limits: {steps: [1]}', 'run.yaml:1: limits.steps: must be a number, text, true or false'],
    ['limits:\n  steps:', 'run.yaml:2: limits.steps: must be a number, text, true or false'],
    ['limits: {steps: 1}\nlimits.steps: 2', 'run.yaml:2: limits.steps: is given twice'],
    ['\npreset: nope', 'run.yaml:2: preset: nope is unknown; allowed is grpo, coin'],
    ['name: 7', 'run.yaml:1: name: must be text'],
    ['- a', 'run.yaml:1: a run is written as groups of options'],
    ['just text', 'run.yaml:1: a run is written as groups of options'],
    [
      'reward: {options: {chance: 1}}',
      'run.yaml:1: reward.options.chance: unknown option; reward has kind, options.credit',
    ],
    ['x: &x 1\nlimits:\n  steps: *x', 'run.yaml:3: limits.steps: aliases are not allowed; write the value'],
    ['1: 2', 'run.yaml:1: a key must be text'],
  ])('%j', (text, message) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ name: 'AssayError', code: 'usage', message }));
  });

  test('broken YAML is reported with its line', () => {
    expect(() => parse('limits:\n  steps: "open')).toThrow(/^run\.yaml:2: /);
    expect(() => parse('a: 1\na: 2')).toThrow(/^run\.yaml:2: .*unique/);
  });

  test('a missing file is said so', () => {
    expect(() => readRunFile(catalogue, '/nowhere/run.yaml')).toThrow('/nowhere/run.yaml: there is no such file');
  });

  test('whatever the text, it is a run or a usage error in one line', () => {
    const text = fc.oneof(fc.string(), fc.json(), fc.constantFrom('limits:', 'limits: {', '&a [*a]', '? {a: b}\n: c'));
    fc.assert(
      fc.property(text, (given) => {
        try {
          parse(given);
        } catch (error) {
          expect(error).toMatchObject({ name: 'AssayError', code: 'usage' });
          expect((error as Error).message.startsWith('run.yaml:')).toBe(true);
        }
      }),
    );
  });
});
