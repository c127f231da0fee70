import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AssayError } from '../../../src-shared/errors.ts';
import { defaultsOf, type Option, parseOptions, problemWith, valueFromText } from '../../../src-shared/options.ts';
import { plainGroups } from '../../../src-shared/run.ts';

const group = {
  size: { kind: 'number', label: 'Size', help: '', default: 8, min: 2, max: 64, integer: true },
  mode: {
    kind: 'choice',
    label: 'Mode',
    help: '',
    default: 'a',
    choices: [
      { value: 'a', label: 'A' },
      { value: 'b', label: 'B' },
    ],
  },
  on: { kind: 'boolean', label: 'On', help: '', default: false },
} as const satisfies Record<string, Option>;

function pathOf(body: () => unknown): string | undefined {
  try {
    body();
  } catch (error) {
    return error instanceof AssayError ? error.path : undefined;
  }
  return undefined;
}

test('missing values take their defaults', () => {
  expect(parseOptions(group, { size: 4 }, 'g')).toEqual({ size: 4, mode: 'a', on: false });
  expect(parseOptions(group, undefined, 'g')).toEqual(defaultsOf(group));
});

test('an error names the option, the value and what is allowed', () => {
  expect(() => parseOptions(group, { size: 1 }, 'g')).toThrow(
    'g.size: 1 is out of range; allowed is a whole number from 2 to 64',
  );
  expect(() => parseOptions(group, { size: 2.5 }, 'g')).toThrow('g.size: 2.5 is not a whole number from 2 to 64');
  expect(() => parseOptions(group, { size: '8' }, 'g')).toThrow('g.size: "8" is not a whole number');
  expect(() => parseOptions(group, { mode: 'c' }, 'g')).toThrow('g.mode: "c" is unknown; allowed is a, b');
  expect(() => parseOptions(group, { sise: 8 }, 'g')).toThrow('g.sise: unknown option; allowed is size, mode, on');
  expect(pathOf(() => parseOptions(group, { on: 1 }, 'g'))).toBe('g.on');
});

test('whatever is accepted lies in the range, and text that a person types comes back as the value', () => {
  fc.assert(
    fc.property(fc.oneof(fc.double(), fc.integer({ min: -5, max: 80 })), (value) => {
      const accepted = problemWith(group.size, value) === null;
      expect(accepted).toBe(Number.isInteger(value) && value >= 2 && value <= 64);
      if (accepted) expect(valueFromText(group.size, String(value))).toBe(value);
    }),
  );
  expect(problemWith(group.size, valueFromText(group.size, ''))).not.toBeNull();
  expect(valueFromText(group.on, 'true')).toBe(true);
  expect(problemWith(group.on, valueFromText(group.on, 'yes'))).not.toBeNull();
});

test('every default of a run is allowed by its own option', () => {
  for (const [name, options] of Object.entries(plainGroups))
    for (const [key, option] of Object.entries(options))
      expect([`${name}.${key}`, problemWith(option, option.default)]).toEqual([`${name}.${key}`, null]);
});
