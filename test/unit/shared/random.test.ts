import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seedFrom, stream } from '../../../src-shared/random.ts';

const draw = (n: number, ...keys: (number | string)[]) => {
  const random = stream(...keys);
  return Array.from({ length: n }, () => random.next());
};

test('equal names give equal streams, different names unrelated ones', () => {
  expect(draw(20, 1, 'a')).toEqual(draw(20, 1, 'a'));
  expect(draw(20, 1, 'a')).not.toEqual(draw(20, 2, 'a'));
  expect(draw(20, 1, 'a')).not.toEqual(draw(20, 1, 'b'));
  expect(draw(20, 1, 23)).not.toEqual(draw(20, 12, 3));
});

test('first draws of neighbouring seeds are uniform: chi-square over 20 bins', () => {
  const bins = new Array<number>(20).fill(0);
  for (let seed = 0; seed < 10_000; seed++) {
    const bin = Math.floor(stream(seed).next() * 20);
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  const chi2 = bins.reduce((s, n) => s + (n - 500) ** 2 / 500, 0);
  // 99.9 % quantile with 19 degrees of freedom.
  expect(chi2).toBeLessThan(43.8);
});

test('draws of one stream are uniform and normal draws have mean 0 and variance 1', () => {
  const values = draw(20_000, 'uniform');
  expect(values.every((v) => v >= 0 && v < 1)).toBe(true);
  expect(values.reduce((a, b) => a + b, 0) / values.length).toBeCloseTo(0.5, 2);
  const random = stream('normal');
  const normal = Array.from({ length: 20_000 }, () => random.normal());
  expect(Math.abs(normal.reduce((a, b) => a + b, 0) / normal.length)).toBeLessThan(0.03);
  expect(normal.reduce((a, b) => a + b * b, 0) / normal.length).toBeCloseTo(1, 1);
});

test('a shuffle keeps every element and leaves the input alone', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.integer(), (items, seed) => {
      const before = [...items];
      const shuffled = stream(seed).shuffle(items);
      expect(items).toEqual(before);
      expect([...shuffled].sort()).toEqual([...before].sort());
    }),
  );
});

test('int covers both ends', () => {
  const random = stream('int');
  expect(new Set(Array.from({ length: 200 }, () => random.int(-1, 1)))).toEqual(new Set([-1, 0, 1]));
});

test('derived seeds are 32-bit', () => {
  expect(seedFrom(1, 'x')).toBe(seedFrom(1, 'x'));
  expect(Number.isInteger(seedFrom(1, 'x')) && seedFrom(1, 'x') >= 0 && seedFrom(1, 'x') < 2 ** 32).toBe(true);
});
