import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renaming } from '../../../src-main/imports/names.ts';
import { METRICS } from '../../../src-shared/metrics.ts';

test('the first of several names for one series is renamed, the others stay', () => {
  expect([...renaming(['kl', 'actor/kl_loss', 'own'], 'wandb')]).toEqual([
    ['kl', 'train/kl'],
    ['actor/kl_loss', 'actor/kl_loss'],
    ['own', 'own'],
  ]);
});

test('a name of ours that means something else elsewhere gets the name of the tool', () => {
  // train/accuracy of a language-model trainer is of tokens; ours is of programs.
  expect(renaming(['train/accuracy', 'train/length'], 'tensorboard').get('train/accuracy')).toBe(
    'tensorboard/train/accuracy',
  );
});

test('no two names become one, and none but those of the table becomes ours', () => {
  const ours = METRICS.map(({ name }) => name);
  const name = fc.oneof(
    fc.string({ minLength: 1 }),
    fc.constantFrom('kl', 'train/kl', 'reward', 'tool/train/accuracy', ...ours),
  );
  fc.assert(
    fc.property(fc.uniqueArray(name), (names) => {
      const map = renaming(names, 'tool');
      expect(new Set(map.values()).size).toBe(names.length);
      expect([...map.keys()].sort()).toEqual([...names].sort());
    }),
  );
});
