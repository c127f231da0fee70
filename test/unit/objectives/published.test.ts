/** Losses and gradients against those that TRL's own trainers make of the same arrays (fixtures/objective-numbers.json). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { objectives } from '../../../src-main/objectives/index.ts';
import type { OptionValues } from '../../../src-shared/options.ts';
import { minibatchLoss, type Response } from './minibatch.ts';

type Rows = readonly (readonly number[])[];
interface Case {
  readonly name: string;
  readonly objective: string;
  readonly options: OptionValues;
  readonly current: 'new' | 'near';
  readonly advantages: 'advantages' | 'positives';
  readonly loss: number;
  readonly logprob: Rows;
  readonly entropy: Rows | null;
}
interface Numbers extends Readonly<Record<'new' | 'near' | 'old' | 'ref' | 'sampled' | 'entropySampled', Rows>> {
  readonly source: string;
  readonly maxNewTokens: number;
  readonly groups: readonly number[];
  readonly advantages: readonly number[];
  readonly cases: readonly Case[];
  readonly dpo: {
    readonly options: OptionValues;
    readonly pairs: readonly (readonly [number, number])[];
    readonly loss: number;
    readonly logprob: Readonly<Record<string, readonly number[]>>;
  };
}

const file = join(import.meta.dirname, '..', '..', 'fixtures', 'objective-numbers.json');
const numbers = JSON.parse(readFileSync(file, 'utf8')) as Numbers;

const row = (rows: Rows, i: number) => rows[i] as readonly number[];
function response(i: number, current: 'new' | 'near', advantage: number): Response {
  return {
    advantage,
    group: numbers.groups[i] as number,
    logprob: row(numbers[current], i),
    old: row(numbers.old, i),
    ref: row(numbers.ref, i),
    sampled: row(numbers.sampled, i),
    entropy: row(numbers.entropySampled, i),
  };
}

function member(id: string) {
  const found = objectives.find((o) => o.id === id);
  if (found === undefined) throw new Error(`there is no objective ${id}`);
  return found;
}

function expectClose(actual: Rows, expected: Rows): void {
  expect(actual.map((r) => r.length)).toEqual(expected.map((r) => r.length));
  expected.forEach((r, i) => {
    r.forEach((value, t) => {
      // Derivatives are float32.
      expect(Math.abs((actual[i]?.[t] as number) - value)).toBeLessThan(1e-7 + 1e-6 * Math.abs(value));
    });
  });
}

describe(numbers.source, () => {
  test.each(numbers.cases)('$name', ({ objective, options, current, advantages, loss, logprob, entropy }) => {
    const responses = numbers.advantages.flatMap((advantage, i) => {
      if (advantages === 'advantages') return [response(i, current, advantage)];
      return advantage > 0 ? [response(i, current, 1)] : [];
    });
    const actual = minibatchLoss(member(objective), options, responses, numbers.maxNewTokens);
    expect(Math.abs(actual.loss - loss)).toBeLessThan(1e-7);
    expectClose(actual.logprob, logprob);
    if (entropy !== null) expectClose(actual.entropy, entropy);
  });

  test('dpo', () => {
    const { options, pairs, loss, logprob } = numbers.dpo;
    const responses = pairs.flatMap(([chosen, rejected]) => [
      response(chosen, 'new', 1),
      response(rejected, 'new', -1),
    ]);
    const actual = minibatchLoss(member('dpo'), options, responses);
    expect(Math.abs(actual.loss - loss)).toBeLessThan(1e-7);
    expectClose(
      actual.logprob,
      pairs.flat().map((i) => logprob[i] as readonly number[]),
    );
  });
});
