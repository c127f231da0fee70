/** Presets that a person made: a form under a name. The app knows them as views; a run is launched from the preset beneath. */
import { z } from 'zod';
import type { Catalogue } from '../../../src-shared/api.ts';
import { optionValueSchema } from '../../../src-shared/options.ts';
import type { SavedView } from '../../../src-shared/views.ts';
import { changedValues, type FieldState, type FormState, fieldStates } from '../run-form.ts';

export const OWN_GROUP = 'Your own';
const PREFIX = 'own:';

export const ownPresetSchema = z.object({
  /** The preset beneath; null: the defaults. */
  preset: z.string().nullable(),
  /** Where it differs from that one. */
  values: z.record(z.string(), optionValueSchema),
  note: z.string().max(500),
});
export type OwnPresetState = z.infer<typeof ownPresetSchema>;
export interface OwnPreset extends OwnPresetState {
  /** As `FormState.preset` has it. */
  readonly id: string;
  /** Of the view. */
  readonly viewId: string;
  readonly name: string;
}

/** One that another version kept and that cannot be read is not offered. */
export function ownPresets(views: readonly SavedView[]): OwnPreset[] {
  return views.flatMap(({ id, name, state }) => {
    const parsed = ownPresetSchema.safeParse(state);
    return parsed.success ? [{ id: `${PREFIX}${id}`, viewId: id, name, ...parsed.data }] : [];
  });
}

/** The catalogue as the form sees it: own presets are presets like any other. */
export function withOwnPresets(catalogue: Catalogue, own: readonly OwnPreset[]): Catalogue {
  const presets = own.map(({ id, name, note, preset, values }) => {
    const beneath = catalogue.presets.find((p) => p.id === preset);
    const isOther = (group: string) =>
      values[`${group}.kind`] !== undefined && values[`${group}.kind`] !== beneath?.values[`${group}.kind`];
    // Options of a member that was left are not of the one that is chosen.
    const kept = Object.entries(beneath?.values ?? {}).filter(
      ([path]) => !(path.includes('.options.') && isOther(path.slice(0, path.indexOf('.')))),
    );
    return {
      id,
      title: name,
      help: `From ${beneath?.title ?? 'the defaults'}.`,
      when: note,
      group: OWN_GROUP,
      values: { ...Object.fromEntries(kept), ...values },
    };
  });
  return { ...catalogue, presets: [...presets, ...catalogue.presets] };
}

/** The same form over the preset that the app knows. @param catalogue With own presets. */
export function asLaunched(
  catalogue: Catalogue,
  own: readonly OwnPreset[],
  state: FormState,
  fields: readonly FieldState[],
): { state: FormState; fields: readonly FieldState[] } {
  const chosen = own.find(({ id }) => id === state.preset);
  if (chosen === undefined) return { state, fields };
  const beneath = catalogue.presets.some((p) => p.id === chosen.preset) ? chosen.preset : null;
  const name = state.name.trim() === '' ? chosen.name : state.name;
  const same = { name, preset: beneath, edits: Object.fromEntries(fields.map((f) => [f.path, f.shown])) };
  return { state: same, fields: fieldStates(catalogue, same) };
}

/** What is kept of a form. @param launched As `asLaunched` gives it. */
export function ownPresetOf(
  launched: { state: FormState; fields: readonly FieldState[] },
  note: string,
): OwnPresetState {
  return { preset: launched.state.preset, values: changedValues(launched.fields), note };
}
