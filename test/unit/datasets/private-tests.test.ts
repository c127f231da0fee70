/** LiveCodeBench's packed tests: pickles of a string are read, as CPython wrote them; any other pickle is refused. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { z } from 'zod';
import { decodePrivateTests, stringOfPickle } from '../../../src-main/datasets/private-tests.ts';

const six = z.array(z.string()).length(6);
const pickles = z
  .object({ text: z.string(), strings: six, long: six, others: z.record(z.string(), six) })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/problem-sets/pickles.json'), 'utf8')));
const bytes = (hex: string) => Buffer.from(hex, 'hex');

describe('a pickle of CPython', () => {
  test.each([1, 2, 3, 4, 5])('of a string in protocol %d is read', (protocol) => {
    expect(stringOfPickle(bytes(pickles.strings[protocol] ?? ''))).toBe(pickles.text);
    expect(stringOfPickle(bytes(pickles.long[protocol] ?? ''))).toBe('x'.repeat(300));
  });

  it('of protocol 0, in which no set is published, is refused', () => {
    expect(() => stringOfPickle(bytes(pickles.strings[0] ?? ''))).toThrow('more than a string (opcode 86)');
  });

  test.each(Object.entries(pickles.others))('of %s is refused in every protocol', (_, variants) => {
    for (const hex of variants) expect(() => stringOfPickle(bytes(hex))).toThrow(/the pickle holds more than a string/);
  });
});

it('gives text or an error of its own for any bytes, and never more than one string', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (given) => {
      try {
        expect(typeof stringOfPickle(Buffer.from(given))).toBe('string');
      } catch (error) {
        expect((error as Error).message).toMatch(/more than a string|ends too soon/);
      }
    }),
  );
});

it('refuses what is cut, what unfolds without end, and what is no packing at all, with file and line', () => {
  const whole = bytes(pickles.strings[4] ?? '');
  for (let length = 0; length < whole.length; length++)
    expect(() => stringOfPickle(whole.subarray(0, length))).toThrow('ends too soon');
  const bomb = deflateSync(Buffer.alloc(300 << 20)).toString('base64');
  for (const value of [bomb, 'AAAA', deflateSync('[]').toString('base64')])
    expect(() => decodePrivateTests(value, 'x.jsonl, line 3')).toThrow(
      /^x\.jsonl, line 3: private_test_cases: .*; allowed is a JSON list, or base64 of zlib of a pickled string$/,
    );
});
