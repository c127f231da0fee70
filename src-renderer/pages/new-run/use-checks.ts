/** What is wrong, or unsound, with the form as it stands: from its descriptors, from the app, from the list of warnings. */
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { FlatValues } from '../../../src-shared/api.ts';
import { type Warning, warningsOf } from '../../../src-shared/warnings.ts';
import { useApi } from '../../data/api-context.tsx';
import type { Plan } from '../../lib/new-run/plan.ts';
import { type FieldState, valuesOf } from '../../lib/run-form.ts';

const CHECK_AFTER_MS = 300;
const NO_FAULTS: ReadonlyMap<string, string> = new Map();

/** What the app finds wrong with the values together, by path; asked a moment after the last change. */
export function useFaults(preset: string | null, values: FlatValues, sound: boolean): ReadonlyMap<string, string> {
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

export function useWarnings(fields: readonly FieldState[], plan: Plan): readonly Warning[] {
  return useMemo(() => {
    const values = valuesOf(fields);
    const kind = (own: FlatValues) => own['reward.kind'] ?? values['reward.kind'] ?? '';
    return warningsOf(values, { rewards: new Set([kind({}), ...plan.runs.map(({ own }) => kind(own))]) });
  }, [fields, plan]);
}
