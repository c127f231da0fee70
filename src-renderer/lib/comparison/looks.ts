/** How the groups of a comparison are told apart: each has the colour of its first run where no other has it already. */
import { type LineLook, lineLook, RUN_COLOURS, type Scheme } from '../../../src-shared/charts/palette.ts';

interface Group {
  readonly key: string;
  readonly runIds: readonly string[];
}

/**
 * The look of each group by its key. As long as there are colours, no two groups have the same one; from then on dash and
 * marker tell them apart.
 * @param numberOf the number of a run; undefined where it is not known yet
 */
export function looksOf(
  groups: readonly Group[],
  numberOf: (runId: string) => number | undefined,
  scheme: Scheme,
): ReadonlyMap<string, LineLook> {
  const colours = RUN_COLOURS[scheme].length;
  const taken = new Set<string>();
  const places = new Set<number>();
  const looks = new Map<string, LineLook>();
  for (const [i, { key, runIds }] of groups.entries()) {
    let number = numberOf(runIds[0] ?? '') ?? i + 1;
    while (taken.size < colours && taken.has(lineLook(number, scheme).colour)) number++;
    // The looks of 140 numbers in a row are different ones.
    while (places.has(number % 140)) number++;
    const look = lineLook(number, scheme);
    places.add(number % 140);
    taken.add(look.colour);
    looks.set(key, look);
  }
  return looks;
}
