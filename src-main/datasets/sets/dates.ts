/** A window of days: options, their check, and whether a day is in it. Both ends are in it; an empty one is open. */
export const dateOptions = (what: string) =>
  ({
    from: {
      kind: 'text',
      format: 'name',
      optional: true,
      label: 'From day',
      default: '',
      help: `First day of ${what}, YYYY-MM-DD. Choose one after the policy's training data ends; empty: no bound.`,
    },
    to: {
      kind: 'text',
      format: 'name',
      optional: true,
      label: 'To day',
      default: '',
      help: `Last day of ${what}, YYYY-MM-DD; empty: no bound.`,
    },
  }) as const;

interface Window {
  readonly from: string;
  readonly to: string;
}

export function dateFault({ from, to }: Window): { option: string; message: string }[] {
  const faults = Object.entries({ from, to })
    .filter(([, day]) => day !== '' && !isDay(day))
    .map(([option, day]) => ({ option, message: `${JSON.stringify(day)} is no date; allowed is YYYY-MM-DD` }));
  if (faults.length > 0) return faults;
  return from !== '' && to !== '' && from > to
    ? [{ option: 'from', message: `${from} is after to ${to}; allowed is a day up to it` }]
    : [];
}

function isDay(day: string): boolean {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  // 2025-02-30 parses nowhere, or as another day.
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day);
}

/** @param date YYYY-MM-DD */
export const inWindow = (date: string, from: string, to: string): boolean =>
  (from === '' || date >= from) && (to === '' || date <= to);
