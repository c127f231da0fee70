/** Options that a reader sets for all runs of a study: found by their path, read from text, checked by their descriptor. */
import type { Catalogue, FlatValues } from '../../../src-shared/api.ts';
import { type Option, problemWith, valueFromText } from '../../../src-shared/options.ts';

/** Every option by its path: the choice of a family's member, and the options of all members. */
export function optionsByPath(catalogue: Pick<Catalogue, 'groups'>): ReadonlyMap<string, Option> {
  const options = new Map<string, Option>();
  const add = (path: string, option: Option) => {
    if (!options.has(path)) options.set(path, option);
  };
  for (const { id, title, options: plain, members, defaultMember } of catalogue.groups) {
    if (members.length > 0)
      add(`${id}.kind`, {
        kind: 'choice',
        label: title,
        help: `Which ${title.toLowerCase()} the run uses.`,
        default: defaultMember ?? '',
        choices: members.map((member) => ({ value: member.id, label: member.title })),
      });
    for (const [key, option] of Object.entries(plain)) add(`${id}.${key}`, option);
    for (const member of members)
      for (const [key, option] of Object.entries(member.options)) add(`${id}.options.${key}`, option);
  }
  return options;
}

/** What is wrong with a value as it was typed; null where it is fine. */
export function problemOf(options: ReadonlyMap<string, Option>, path: string, text: string): string | null {
  const option = options.get(path);
  if (option === undefined) return path === '' ? 'Name an option' : `${path}: there is no such option`;
  const value = valueFromText(option, text);
  // A number that does not parse is told as it was typed.
  return problemWith(option, Number.isNaN(value) ? (text.trim() === '' ? undefined : text) : value);
}

/** @throws never: `problemOf` has been asked. */
export function withValue(
  options: ReadonlyMap<string, Option>,
  values: FlatValues,
  path: string,
  text: string,
): FlatValues {
  const option = options.get(path);
  return option === undefined ? values : { ...values, [path]: valueFromText(option, text) };
}

export const withoutValue = (values: FlatValues, path: string): FlatValues =>
  Object.fromEntries(Object.entries(values).filter(([other]) => other !== path));
