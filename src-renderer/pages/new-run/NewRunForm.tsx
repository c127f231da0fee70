/** The form of a new run: its state, its faults from here and from the app, and the launch. */
import { useDebouncedValue, useHotkeys } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useCallback, useMemo, useState } from 'react';
import type { Catalogue } from '../../../src-shared/api.ts';
import { AssayError } from '../../../src-shared/errors.ts';
import { notifyFailure } from '../../components/ErrorView.tsx';
import { useApi } from '../../data/api-context.tsx';
import { changedValues, costOf, edit, type FieldState, type FormState, fieldStates } from '../../lib/run-form.ts';
import css from './NewRunForm.module.css';
import { inputId } from './OptionField.tsx';
import { OptionGroup } from './OptionGroup.tsx';
import { PresetList } from './PresetList.tsx';
import { SidePanel } from './SidePanel.tsx';

/** Groups that are open at first: what an experiment is usually about. */
const OPEN_AT_FIRST: ReadonlySet<string> = new Set(['problems', 'reward', 'rollouts', 'limits', 'seeds']);
const CHECK_AFTER_MS = 300;

interface NewRunFormProps {
  readonly catalogue: Catalogue;
  readonly initial: FormState;
}

export function NewRunForm({ catalogue, initial }: NewRunFormProps) {
  const api = useApi();
  const navigate = useNavigate();
  const [state, setState] = useState(initial);
  const [opened, setOpened] = useState<ReadonlySet<string>>(OPEN_AT_FIRST);
  const [moreOpened, setMoreOpened] = useState<ReadonlySet<string>>(new Set());

  const fields = useMemo(() => fieldStates(catalogue, state), [catalogue, state]);
  const values = useMemo(() => changedValues(fields), [fields]);
  const sound = fields.every((field) => field.fault === null);
  const faults = useFaults(state.preset, values, sound);
  const faulty = useMemo(
    () => fields.map((field) => (field.fault === null ? { ...field, fault: faults.get(field.path) ?? null } : field)),
    [fields, faults],
  );

  const show = useCallback((field: FieldState) => {
    setOpened((groups) => new Set(groups).add(field.group));
    if (field.option.advanced) setMoreOpened((groups) => new Set(groups).add(field.group));
    // After the group has opened.
    requestAnimationFrame(() => {
      const input = document.getElementById(inputId(field.path));
      input?.focus();
      input?.scrollIntoView({ block: 'center' });
    });
  }, []);

  const launch = useMutation({
    mutationFn: () =>
      api.launchRun({ ...(state.name.trim() === '' ? {} : { name: state.name.trim() }), preset: state.preset, values }),
    onSuccess: ({ runId }) => navigate({ to: '/runs/$runId', params: { runId } }),
    onError: (error) => {
      const field = error instanceof AssayError ? faulty.find((f) => f.path === error.path) : undefined;
      if (field !== undefined) show(field);
      notifyFailure('Launch', error);
    },
  });
  const submit = () => {
    if (launch.isPending) return;
    const first = faulty.find((field) => field.fault !== null);
    if (first !== undefined) show(first);
    else launch.mutate();
  };
  useHotkeys([['mod+Enter', submit]], []);

  const change = useCallback(
    (path: string, value: string | boolean) => setState((before) => edit(catalogue, before, path, value)),
    [catalogue],
  );
  const reset = useCallback((path: string) => {
    setState((before) => {
      const { [path]: _, ...edits } = before.edits;
      return { ...before, edits };
    });
  }, []);
  const toggle = (set: typeof setOpened) => (group: string) =>
    set((groups) => {
      const next = new Set(groups);
      if (!next.delete(group)) next.add(group);
      return next;
    });

  return (
    <form
      className={css.page}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <PresetList
        presets={catalogue.presets}
        chosen={state.preset}
        onChoose={(preset) => setState((before) => ({ ...before, preset }))}
      />
      <div className={`${css.form} scroll`}>
        {catalogue.groups.map((group) => (
          <OptionGroup
            key={group.id}
            group={group}
            fields={faulty.filter((field) => field.group === group.id)}
            catalogue={catalogue}
            opened={opened.has(group.id)}
            moreOpened={moreOpened.has(group.id)}
            onToggle={toggle(setOpened)}
            onToggleMore={toggle(setMoreOpened)}
            onChange={change}
            onReset={reset}
          />
        ))}
      </div>
      <SidePanel
        catalogue={catalogue}
        state={state}
        fields={faulty}
        cost={costOf(fields)}
        launching={launch.isPending}
        onName={(name) => setState((before) => ({ ...before, name }))}
        onShow={show}
        onReset={reset}
      />
    </form>
  );
}

const NO_FAULTS: ReadonlyMap<string, string> = new Map();

/** What the app finds wrong with the values together, by path; asked a moment after the last change. */
function useFaults(
  preset: string | null,
  values: ReturnType<typeof changedValues>,
  sound: boolean,
): ReadonlyMap<string, string> {
  const api = useApi();
  const request = useMemo(() => JSON.stringify({ preset, values }), [preset, values]);
  const [settled] = useDebouncedValue(request, CHECK_AFTER_MS);
  const check = useQuery({
    queryKey: ['check-run', settled],
    queryFn: () => api.checkRun(JSON.parse(settled)),
    enabled: sound,
    gcTime: 10_000,
  });
  return useMemo(() => {
    if (!sound || settled !== request || check.data === undefined) return NO_FAULTS;
    return new Map(check.data.errors.map(({ path, message }) => [path, withoutPath(message, path)]));
  }, [sound, settled, request, check.data]);
}

/** Beside its field, a message need not name the field again. */
function withoutPath(message: string, path: string): string {
  return message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message;
}
