import { expect, test } from 'vitest';
import { commandsOf, findCommands } from '../../../src-renderer/lib/commands.ts';
import { runSummary } from '../api/fake-shell.ts';

const runs = [
  runSummary({ id: 'a1', number: 1, name: 'grpo baseline', tags: ['paper'], configHash: 'abcdef' }),
  runSummary({ id: 'b2', number: 2, name: 'self-certainty', configHash: 'feedfacebeef', seed: 7 }),
];
const presets = [
  {
    id: 'dapo',
    title: 'DAPO',
    help: 'Clip-higher and dynamic sampling',
    values: {},
    when: 'Long responses',
    group: 'grpo-family',
  },
];
const commands = commandsOf(runs, presets);
const idsFor = (query: string) => findCommands(commands, query).map(({ id }) => id);

test('a run is found by its name, number, tag, fingerprint and seed', () => {
  for (const query of ['grpo base', '#1', 'paper', 'A1']) expect(idsFor(query), query).toContain('run a1');
  expect(idsFor('feedface')).toEqual(['run b2']);
  expect(idsFor('seed 7')).toEqual(['run b2']);
});

test('every word must be there', () => {
  expect(idsFor('grpo feedface')).toEqual([]);
  expect(idsFor('clip-higher')).toEqual(['preset dapo']);
});

test('what begins with the word comes before what only mentions it', () => {
  expect(idsFor('run').slice(0, 2)).toEqual(['page /runs', 'page /new-run']);
  expect(idsFor('sand')[0]).toBe('page /sandbox');
});

test('without a word, pages come first; a preset opens its form', () => {
  expect(idsFor('')[0]).toBe('page /runs');
  expect(findCommands(commands, 'dapo')[0]?.href).toBe('/new-run?preset=dapo');
});
