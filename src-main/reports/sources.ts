/** Names of sources, S1 and on, as they are printed. */

/** Each once, in order, runs of three or more as `S2\u2013S8`. */
export function sourceNames(ids: readonly string[]): string {
  const numbers = [...new Set(ids)].map((id) => Number(id.slice(1))).sort((a, b) => a - b);
  const spans: [number, number][] = [];
  for (const number of numbers) {
    const last = spans.at(-1);
    if (last !== undefined && number === last[1] + 1) last[1] = number;
    else spans.push([number, number]);
  }
  const named = spans.flatMap(([from, to]) => {
    if (to - from >= 2) return [`S${from}\u2013S${to}`];
    return from === to ? [`S${from}`] : [`S${from}`, `S${to}`];
  });
  return named.join(', ');
}
