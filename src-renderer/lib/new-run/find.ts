/** What is found by typing: presets and options whose words hold every word of the query. */
import type { Catalogue } from '../../../src-shared/api.ts';
import type { FieldState } from '../run-form.ts';

function holds(query: string, texts: readonly string[]): boolean {
  const text = texts.join(' ').toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .every((word) => text.includes(word));
}

type Preset = Catalogue['presets'][number];

export function findPresets(presets: readonly Preset[], query: string): Preset[] {
  return presets.filter(({ id, title, when, help, group }) => holds(query, [id, title, when, help, group]));
}

/** By what an option is called, what it does, and what can be chosen. */
export function findFields(fields: readonly FieldState[], query: string): FieldState[] {
  return fields.filter(({ path, option }) =>
    holds(query, [
      path,
      option.label,
      option.help,
      ...(option.kind === 'choice' ? option.choices.flatMap(({ value, label }) => [value, label]) : []),
    ]),
  );
}
