/** The pure parts of the New run page: plans of several runs, own presets, drafts, YAML in both directions. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catalogue as makeCatalogue, resolveConfig } from '../../../src-main/catalogue.ts';
import { DRAFTS_KEY, type Draft, isSameDraft, readDrafts, withDraft } from '../../../src-renderer/lib/new-run/draft.ts';
import { findFields, findPresets } from '../../../src-renderer/lib/new-run/find.ts';
import {
  asLaunched,
  type OwnPreset,
  ownPresetOf,
  ownPresets,
  withOwnPresets,
} from '../../../src-renderer/lib/new-run/own-presets.ts';
import { MOST_RUNS, NOT_SEVERAL, parseSeeds, planOf } from '../../../src-renderer/lib/new-run/plan.ts';
import {
  changedValues,
  edit,
  type FormState,
  fieldStates,
  formFromValues,
  valuesOf,
} from '../../../src-renderer/lib/run-form.ts';
import { toYaml } from '../../../src-renderer/lib/run-yaml.ts';
import { flattenConfig } from '../../../src-shared/flatten.ts';
import type { Option } from '../../../src-shared/options.ts';
import { readRunText } from '../../../src-shared/run-text.ts';

const catalogue = await makeCatalogue();
const form = (preset: string, edits: Readonly<Record<string, string | boolean>> = {}): FormState =>
  Object.entries(edits).reduce((state, [path, value]) => edit(catalogue, state, path, value), {
    name: '',
    preset,
    edits: {},
  } as FormState);
const fields = (state: FormState) => fieldStates(catalogue, state);

describe('seeds', () => {
  test.each([
    ['1-3', [1, 2, 3]],
    ['1..3', [1, 2, 3]],
    ['5, 1, 9', [5, 1, 9]],
    [' 2 - 4 , 3, 8', [2, 3, 4, 8]],
    ['0', [0]],
    ['', 'nothing is no seed; write 1-3, or 1, 5, 9'],
    ['1,', 'nothing is no seed; write 1-3, or 1, 5, 9'],
    ['one', 'one is no seed; write 1-3, or 1, 5, 9'],
    ['-1', '-1 is no seed; write 1-3, or 1, 5, 9'],
    ['3-1', '3-1 ends before it begins'],
    ['2147483648', '2147483648 is out of range; allowed is 0 to 2147483647'],
    ['1-100000', '1-100000 is 100000 seeds; allowed are 200'],
  ] as const)('%j', (text, expected) => {
    expect(parseSeeds(text)).toEqual(expected);
  });

  test('any text is either seeds or one line', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9 ,.-]{0,12}$/)), (text) => {
        const seeds = parseSeeds(text);
        if (typeof seeds === 'string') {
          expect(seeds).not.toBe('');
          return;
        }
        expect(new Set(seeds).size).toBe(seeds.length);
        for (const seed of seeds) expect(Number.isInteger(seed) && seed >= 0 && seed <= 2_147_483_647).toBe(true);
      }),
    );
  });
});

describe('a plan', () => {
  test('is one run, as the form has it, where nothing is varied', () => {
    const state = form('grpo', { 'rollouts.groupSize': '4' });
    expect(planOf(fields(state), 'Mine', NOT_SEVERAL)).toEqual({
      faults: [],
      runs: [{ name: 'Mine', values: { 'rollouts.groupSize': 4 }, own: {} }],
    });
  });

  test('is a grid: seeds vary fastest, and names say what differs', () => {
    const several = { seeds: '1-2', axes: [{ path: 'optimiser.learningRate', values: '1e-4, 3e-5' }] };
    const { runs } = planOf(fields(form('grpo')), 'Mine', several);
    expect(runs.map(({ name }) => name)).toEqual([
      'Mine, learningRate 1e-4, seed 1',
      'Mine, learningRate 1e-4, seed 2',
      'Mine, learningRate 3e-5, seed 1',
      'Mine, learningRate 3e-5, seed 2',
    ]);
    expect(runs[2]?.values).toEqual({ 'optimiser.learningRate': 3e-5, 'seeds.run': 1 });
  });

  test('two options of one name are told apart', () => {
    const axes = [
      { path: 'rollouts.temperature', values: '1, 0.8' },
      { path: 'evaluation.temperature', values: '0.6, 0.8' },
    ];
    const [first] = planOf(fields(form('grpo')), 'T', { seeds: '', axes }).runs;
    expect(first?.name).toBe('T, rollouts.temperature 1, evaluation.temperature 0.6');
  });

  test('a run with another member leaves the options of the first behind, and can be resolved', () => {
    const state = form('grpo', { 'reward.options.credit': 'fraction' });
    const several = { seeds: '', axes: [{ path: 'reward.kind', values: 'unit-tests, random, self-certainty' }] };
    const { runs } = planOf(fields(state), 'R', several);
    expect(runs.map(({ values }) => values['reward.options.credit'])).toEqual(['fraction', undefined, undefined]);
    for (const { values } of runs)
      expect(resolveConfig({ preset: 'grpo', values }).reward.kind).toBe(values['reward.kind']);
  });

  test.each([
    [{ seeds: 'x', axes: [] }, 'seeds', 'x is no seed'],
    [{ seeds: '', axes: [{ path: '', values: '' }] }, 0, 'Choose an option'],
    [{ seeds: '', axes: [{ path: 'rollouts.groupSize', values: '8, many' }] }, 0, '"many" is not a whole number'],
    [{ seeds: '', axes: [{ path: 'rollouts.groupSize', values: '8, 8' }] }, 0, '8 is there twice'],
    [{ seeds: '', axes: [{ path: 'policy.rank', values: '8, 16' }] }, 0, 'policy.rank has no effect'],
    [{ seeds: '', axes: [{ path: 'seeds.run', values: '1, 2' }] }, 0, 'seeds.run is no option'],
    [{ seeds: '1-101', axes: [{ path: 'rollouts.groupSize', values: '8, 16' }] }, 'count', '202 runs at once'],
  ] as const)('%o is at fault at %s', (several, at, message) => {
    const { runs, faults } = planOf(fields(form('grpo')), 'F', several);
    expect(runs).toEqual([]);
    expect(faults[0]?.at).toBe(at);
    expect(faults[0]?.message).toContain(message);
  });

  test('has as many runs as the product, each with its own name and values, in range', () => {
    const values = (min: number, max: number) =>
      fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(values(0, 1000), values(2, 256), values(1, 500), (seeds, groups, steps) => {
        const axes = [
          { path: 'rollouts.groupSize', values: groups.join(',') },
          { path: 'limits.steps', values: steps.join(', ') },
        ];
        const { runs } = planOf(fields(form('grpo')), 'x'.repeat(119), { seeds: seeds.join(','), axes });
        expect(runs.length).toBe(seeds.length * groups.length * steps.length);
        expect(runs.length).toBeLessThanOrEqual(MOST_RUNS);
        expect(new Set(runs.map(({ name }) => name)).size).toBe(runs.length);
        for (const { name, values: own } of runs) {
          expect(name.length).toBeLessThanOrEqual(120);
          expect(groups).toContain(own['rollouts.groupSize']);
          expect(steps).toContain(own['limits.steps']);
          expect(seeds).toContain(own['seeds.run']);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('own presets', () => {
  const own: OwnPreset = {
    id: 'own:v1',
    viewId: 'v1',
    name: 'Small DAPO',
    note: 'For quick looks',
    preset: 'dapo',
    values: { 'rollouts.groupSize': 4, 'limits.steps': 20 },
  };
  const all = withOwnPresets(catalogue, [own]);

  test('stand first, with what the preset beneath gives and what they change', () => {
    const [first] = all.presets;
    expect(first).toMatchObject({ id: 'own:v1', title: 'Small DAPO', group: 'Your own', when: 'For quick looks' });
    expect(first?.values).toMatchObject({ 'objective.kind': 'dapo', 'rollouts.groupSize': 4 });
    const chosen = { name: '', preset: own.id, edits: {} };
    expect(changedValues(fieldStates(all, chosen))).toEqual({});
  });

  test('are launched from the preset beneath, as one sees them', () => {
    const chosen = edit(all, { name: '', preset: own.id, edits: {} }, 'rollouts.temperature', '0.9');
    const shown = fieldStates(all, chosen);
    const launched = asLaunched(all, [own], chosen, shown);
    expect(launched.state).toMatchObject({ name: 'Small DAPO', preset: 'dapo' });
    expect(changedValues(launched.fields)).toEqual({ ...own.values, 'rollouts.temperature': 0.9 });
    expect(valuesOf(launched.fields)).toEqual(valuesOf(shown));
    const config = resolveConfig({ preset: 'dapo', values: changedValues(launched.fields) });
    expect(valuesOf(shown)).toEqual(flattenConfig(config));
  });

  test('another member than that of the preset beneath takes none of its options', () => {
    const other: OwnPreset = { ...own, values: { 'objective.kind': 'likelihood' } };
    const chosen = { name: '', preset: own.id, edits: {} };
    const shown = fieldStates(withOwnPresets(catalogue, [other]), chosen);
    const launched = asLaunched(withOwnPresets(catalogue, [other]), [other], chosen, shown);
    expect(changedValues(launched.fields)).toEqual({ 'objective.kind': 'likelihood' });
  });

  test('are read back as they were kept; what is no preset is left out', () => {
    const state = form('grpo', { 'rollouts.groupSize': '4' });
    const kept = ownPresetOf({ state, fields: fields(state) }, 'why');
    const view = { id: 'v', kind: 'preset' as const, name: 'N', createdAt: 0, updatedAt: 0 };
    expect(ownPresets([{ ...view, state: kept }])).toEqual([
      { id: 'own:v', viewId: 'v', name: 'N', preset: 'grpo', values: { 'rollouts.groupSize': 4 }, note: 'why' },
    ]);
    expect(ownPresets([{ ...view, state: { preset: 4 } }])).toEqual([]);
  });
});

describe('drafts', () => {
  const draft = (name: string, edits: Draft['edits'] = {}): Draft => ({
    name,
    preset: 'grpo',
    edits,
    several: { seeds: '', axes: [] },
    tags: [],
  });

  test('are read back as they were kept', () => {
    const drafts = withDraft({}, '{}', draft('a', { 'limits.steps': '5', 'policy.recompute': true }));
    expect(readDrafts(JSON.stringify(drafts))).toEqual(drafts);
    expect(DRAFTS_KEY).not.toBe('');
  });

  test('what is no draft is nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => void expect(readDrafts(text)).toBeTypeOf('object')),
    );
    expect(readDrafts('{"{}":{"name":5}}')).toEqual({});
    expect(readDrafts(null)).toEqual({});
  });

  test('only the last eight are kept, and a launched one goes', () => {
    const names = Array.from({ length: 12 }, (_, i) => `start ${i}`);
    const drafts = names.reduce((kept, start) => withDraft(kept, start, draft(start)), {});
    expect(Object.keys(drafts)).toEqual(names.slice(4));
    expect(Object.keys(withDraft(drafts, 'start 6', null))).not.toContain('start 6');
    expect(Object.keys(withDraft(drafts, 'start 6', draft('again'))).at(-1)).toBe('start 6');
  });

  test('the order of edits does not matter', () => {
    expect(isSameDraft(draft('a', { x: '1', y: '2' }), draft('a', { y: '2', x: '1' }))).toBe(true);
    expect(isSameDraft(draft('a', { x: '1' }), draft('a', { x: '2' }))).toBe(false);
  });
});

describe('YAML', () => {
  /** A sound value of an option, as it is typed. */
  const typed = (option: Option): fc.Arbitrary<string | boolean> => {
    if (option.kind === 'choice') return fc.constantFrom(...option.choices.map(({ value }) => value));
    if (option.kind === 'boolean') return fc.boolean();
    if (option.kind === 'text') return fc.string({ minLength: 1, maxLength: 20 }).filter((t) => t.trim() !== '');
    const { min, max } = option;
    const number = option.integer ? fc.integer({ min, max }) : fc.double({ min, max, noNaN: true });
    return number.map((value) => String(value === 0 ? 0 : value));
  };
  const edited = fc.constantFrom(...catalogue.presets.map(({ id }) => id)).chain((preset) =>
    fc
      .array(
        fc
          .constantFrom(...fields(form(preset)))
          .chain((field) => typed(field.option).map((v) => [field.path, v] as const)),
        { maxLength: 6 },
      )
      .map((edits) => form(preset, Object.fromEntries(edits)))
      // A value of one member may be none of another that is chosen after it.
      .filter((state) => fields(state).every(({ fault }) => fault === null)),
  );

  test('the form comes back from its text, whole or only what differs', () => {
    fc.assert(
      fc.property(edited, fc.boolean(), (state, whole) => {
        const before = fields(state);
        const text = toYaml('Any name: yes', state.preset, whole ? valuesOf(before) : changedValues(before));
        const { run, faults } = readRunText(catalogue, text);
        expect(faults).toEqual([]);
        expect(run.name).toBe('Any name: yes');
        const after = formFromValues(catalogue, { name: '', preset: run.preset, values: run.values });
        expect(valuesOf(fields(after))).toEqual(valuesOf(before));
        expect(changedValues(fields(after))).toEqual(changedValues(before));
      }),
      { numRuns: 60 },
    );
  });

  test('every fault is told, with its line', () => {
    const text = 'preset: grpo\nrollouts:\n  groupSize: many\n  nope: 3\nseeds: [1]\n';
    const { run, faults } = readRunText(catalogue, text);
    expect(faults.map(({ line }) => line).sort()).toEqual([3, 4, 5]);
    expect(faults.find(({ line }) => line === 3)?.message).toBe(
      'rollouts.groupSize: "many" is not a whole number from 1 to 256',
    );
    expect(run).toEqual({ name: undefined, preset: 'grpo', values: {} });
  });

  test('no text breaks it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        for (const { line } of readRunText(catalogue, text).faults) expect(line).toBeGreaterThan(0);
      }),
    );
  });
});

describe('finding', () => {
  test('presets by group, words and id; options by what they do', () => {
    expect(findPresets(catalogue.presets, 'aletheia raft').map(({ id }) => id)).toEqual(['aletheia-raft']);
    expect(findPresets(catalogue.presets, '')).toHaveLength(catalogue.presets.length);
    expect(findPresets(catalogue.presets, 'nothing-like-it')).toEqual([]);
    const paths = (query: string) => findFields(fields(form('grpo')), query).map(({ path }) => path);
    expect(paths('peak adamw')).toEqual(['optimiser.learningRate']);
    expect(paths('gspo')).toContain('objective.kind');
  });
});
