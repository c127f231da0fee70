/** Every way in which the form is changed. */
import { useMemo, useRef } from 'react';
import type { Catalogue } from '../../../src-shared/api.ts';
import type { RunText } from '../../../src-shared/run-text.ts';
import type { Draft } from '../../lib/new-run/draft.ts';
import type { OwnPreset } from '../../lib/new-run/own-presets.ts';
import { edit, type FormState, fieldStates, formFromValues, valuesOf } from '../../lib/run-form.ts';

const STEPS = 'limits.steps';
const NAME_CHARS = 120;
type Update = (update: (before: Draft) => Draft) => void;

/** @param catalogue With own presets. */
export function useEdits(catalogue: Catalogue, own: readonly OwnPreset[], set: Update) {
  const steps = useRef<string | null>(null);
  return useMemo(() => {
    const reset = (before: Draft, paths: readonly string[]): Draft => ({
      ...before,
      edits: Object.fromEntries(Object.entries(before.edits).filter(([path]) => !paths.includes(path))),
    });
    const put = (before: Draft, path: string, value: string | boolean): Draft => ({
      ...before,
      edits: edit(catalogue, before, path, value).edits,
    });
    return {
      change: (path: string, value: string | boolean) => set((before) => put(before, path, value)),
      reset: (path: string) => set((before) => reset(before, [path])),
      resetAll: () => set((before) => ({ ...before, edits: {} })),
      choose: (preset: string | null) => set((before) => ({ ...before, preset })),
      /** Another form in place of this one; several runs and tags stay. */
      replace: (form: FormState) => set((before) => ({ ...before, ...form })),
      /** Training needs steps, and an evaluation none, but validation. */
      evaluate: (evaluates: boolean) =>
        set((before) => {
          const value = (draft: Draft, path: string) => fieldStates(catalogue, draft).find((f) => f.path === path);
          if (!evaluates) {
            const back = steps.current === null ? reset(before, [STEPS]) : put(before, STEPS, steps.current);
            return value(back, STEPS)?.value === 0 ? put(back, STEPS, '100') : back;
          }
          steps.current = typeof before.edits[STEPS] === 'string' ? before.edits[STEPS] : null;
          let next = put(before, STEPS, '0');
          if (value(next, 'evaluation.every')?.value === 0) next = put(next, 'evaluation.every', '10');
          return put(next, 'evaluation.testTime', false);
        }),
      /** The form that a text stands for. An own preset stays chosen where the text is written over the same one. */
      fromText: (form: FormState, { name = '', preset, values }: RunText): FormState => {
        const shown = name.trim().slice(0, NAME_CHARS);
        const plain = formFromValues(catalogue, { name: shown, preset, values });
        const chosen = own.find(({ id }) => id === form.preset);
        if (chosen === undefined || chosen.preset !== preset) return plain;
        const all = valuesOf(fieldStates(catalogue, plain));
        return formFromValues(catalogue, { name: shown, preset: chosen.id, values: all });
      },
    };
  }, [catalogue, own, set]);
}
