/** What `--set` understands, and how it says what it does not. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applySets, findPlace } from '../../../src-main/cli/values.ts';
import { chosenMembers, places } from '../../../src-shared/places.ts';
import { catalogue } from './fixtures.ts';

const set = (...sets: string[]) => applySets(catalogue, 'grpo', {}, sets);

describe('what it understands', () => {
  test.each([
    ['limits.steps=20', { 'limits.steps': 20 }],
    ['steps=20', { 'limits.steps': 20 }],
    ['rollouts.temperature=0.5', { 'rollouts.temperature': 0.5 }],
    ['reward.options.credit=share', { 'reward.options.credit': 'share' }],
    ['credit=share', { 'reward.options.credit': 'share' }],
    ['options.credit=share', { 'reward.options.credit': 'share' }],
    ['scale=false', { 'advantage.options.scale': false }],
    ['reward.kind=random', { 'reward.kind': 'random' }],
    ['steps=1e1', { 'limits.steps': 10 }],
  ])('%s', (text, values) => {
    expect(set(text)).toEqual(values);
  });

  test('the last one wins, and all win over the file', () => {
    expect(applySets(catalogue, null, { 'limits.steps': 5, 'rollouts.groupSize': 4 }, ['steps=6', 'steps=7'])).toEqual({
      'limits.steps': 7,
      'rollouts.groupSize': 4,
    });
  });

  test('a member may be chosen after its option', () => {
    expect(set('chance=0.5', 'reward.kind=random')).toEqual({ 'reward.kind': 'random', 'reward.options.chance': 0.5 });
    expect(applySets(catalogue, 'coin', {}, ['chance=0.5'])).toEqual({ 'reward.options.chance': 0.5 });
  });

  test('a value may contain =', () => {
    expect(() => set('credit=a=b')).toThrow('reward.options.credit: "a=b" is unknown; allowed is all, share');
  });
});

describe('what it does not', () => {
  test.each([
    ['steps', '--set steps: is not path=value, for example limits.steps=20'],
    ['=3', '--set =3: is not path=value, for example limits.steps=20'],
    [
      'temperature=1',
      '--set temperature: stands for rollouts.temperature and evaluation.temperature; write one in full',
    ],
    ['kind=random', '--set kind: stands for reward.kind and advantage.kind; write one in full'],
    ['chance=1', '--set chance: reward.options.chance belongs to reward random, and this run has reward unit-tests'],
    ['steps=many', 'limits.steps: "many" is not a whole number from 0 to 100'],
    ['steps=', 'limits.steps: "" is not a whole number from 0 to 100'],
    ['steps=2.5', 'limits.steps: 2.5 is not a whole number from 0 to 100'],
    ['steps=101', 'limits.steps: 101 is out of range; allowed is a whole number from 0 to 100'],
    ['scale=maybe', 'advantage.options.scale: "maybe" is not true or false'],
    ['reward.kind=coin', 'reward.kind: "coin" is unknown; allowed is unit-tests, random'],
    ['eps=1', '--set eps: unknown option'],
  ])('%s', (text, message) => {
    expect(() => set(text)).toThrow(expect.objectContaining({ name: 'AssayError', code: 'usage', message }));
  });

  test.each([
    ['step=1', 'Did you mean limits.steps?'],
    ['group_size=1', 'Did you mean rollouts.groupSize?'],
    ['limits.stpes=1', 'Did you mean limits.steps?'],
    ['zzzzzzzz=1', 'The command "assay catalogue" lists all options.'],
  ])('%s: %s', (text, hint) => {
    expect(() => set(text)).toThrow(expect.objectContaining({ hint }));
  });
});

test('every option that applies is found by its full path', async () => {
  const { catalogue: realCatalogue } = await import('../../../src-main/catalogue.ts');
  const real = await realCatalogue();
  const all = places(real);
  for (const preset of real.presets) {
    const chosen = chosenMembers(real, preset.id, {});
    for (const place of all)
      if (place.member === null || chosen.get(place.member.group) === place.member.id)
        expect(findPlace(all, chosen, place.path)).toBe(place);
  }
});

test('whatever is typed gives values or a usage error', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        expect(typeof set(text)).toBe('object');
      } catch (error) {
        expect(error).toMatchObject({ name: 'AssayError', code: 'usage' });
      }
    }),
  );
});
