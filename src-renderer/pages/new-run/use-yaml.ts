/** The form as YAML, in step both ways: what is typed and sound becomes the form, and a change of the form the text. */
import { useMemo, useState } from 'react';
import type { Catalogue } from '../../../src-shared/api.ts';
import { type RunText, type RunTextFault, readRunText } from '../../../src-shared/run-text.ts';
import { changedValues, type FieldState, type FormState, valuesOf } from '../../lib/run-form.ts';
import { toYaml } from '../../lib/run-yaml.ts';

export interface YamlState {
  readonly text: string;
  readonly faults: readonly RunTextFault[];
  /** Every option is listed, or only what differs from the preset. */
  readonly whole: boolean;
  readonly setWhole: (whole: boolean) => void;
  readonly change: (text: string) => void;
}

interface Typed {
  readonly text: string;
  /** The form that it stands beside: with another one it is out of date. */
  readonly form: FormState;
}

const isSameForm = (a: FormState, b: FormState) => a.edits === b.edits && a.name === b.name && a.preset === b.preset;

/**
 * @param catalogue As the command line knows it.
 * @param launched The form over a preset of that catalogue.
 * @param read Makes the form of a sound text, shows it, and returns it.
 */
export function useYaml(
  catalogue: Catalogue,
  form: FormState,
  launched: { readonly state: FormState; readonly fields: readonly FieldState[] },
  read: (run: RunText) => FormState,
): YamlState {
  const [whole, setWhole] = useState(false);
  const [typed, setTyped] = useState<Typed | null>(null);
  const written = useMemo(() => {
    const values = whole ? valuesOf(launched.fields) : changedValues(launched.fields);
    return toYaml(launched.state.name.trim(), launched.state.preset, values);
  }, [whole, launched]);
  const text = typed !== null && isSameForm(typed.form, form) ? typed.text : written;
  const faults = useMemo(
    () => readRunText(catalogue, text).faults.toSorted((a, b) => a.line - b.line),
    [catalogue, text],
  );
  return {
    text,
    faults,
    whole,
    setWhole: (next) => {
      setWhole(next);
      // Written anew, unless there is something in it that would be lost.
      if (faults.length === 0) setTyped(null);
    },
    change: (next) => {
      const { run, faults: found } = readRunText(catalogue, next);
      setTyped({ text: next, form: found.length === 0 ? read(run) : form });
    },
  };
}
