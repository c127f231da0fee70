/** Every option of the catalogue at its full path, and which members of the families a set of values chooses. */
import type { Catalogue, FlatValues } from './api.ts';
import type { Option } from './options.ts';

type Group = Catalogue['groups'][number];

/** An option at its full path. Options of a family's member apply only while that member is chosen. */
export interface Place {
  readonly path: string;
  readonly option: Option;
  readonly member: { readonly group: string; readonly id: string } | null;
}

/** The descriptor of a family's choice, so that it is checked and shown like every other option. */
export function kindOption(group: Group): Option {
  return {
    kind: 'choice',
    label: group.title,
    help: `Which ${group.title.toLowerCase()} the run uses.`,
    default: group.defaultMember ?? '',
    choices: group.members.map(({ id, title, help }) => ({ value: id, label: title, help })),
  };
}

export function places(catalogue: Catalogue): Place[] {
  return catalogue.groups.flatMap((group) => {
    const plain = Object.entries(group.options).map(([key, option]) => ({
      path: `${group.id}.${key}`,
      option,
      member: null,
    }));
    if (group.members.length === 0) return plain;
    const ofMembers = group.members.flatMap((member) =>
      Object.entries(member.options).map(([key, option]) => ({
        path: `${group.id}.options.${key}`,
        option,
        member: { group: group.id, id: member.id },
      })),
    );
    return [...plain, { path: `${group.id}.kind`, option: kindOption(group), member: null }, ...ofMembers];
  });
}

/** Which member of each family a set of values chooses. */
export type Chosen = ReadonlyMap<string, string>;

export function chosenMembers(catalogue: Catalogue, preset: string | null, values: FlatValues): Chosen {
  const presetValues = catalogue.presets.find((p) => p.id === preset)?.values ?? {};
  return new Map(
    catalogue.groups.flatMap((group) => {
      const path = `${group.id}.kind`;
      const kind = values[path] ?? presetValues[path] ?? group.defaultMember;
      return group.members.length === 0 || kind === null ? [] : [[group.id, String(kind)] as const];
    }),
  );
}
