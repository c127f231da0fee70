/** Series as a table: one row a step, one column a series; an empty field where a series has no value. */
import type { Bucket } from '../../src-shared/charts/buckets.ts';
import { toCsv } from '../../src-shared/charts/series.ts';

/** Rows that a clipboard and a spreadsheet take; longer series come as buckets. */
export const CSV_POINTS = 200_000;

/** Where a series comes in buckets: the mean at the first step of each, with its lowest and highest value. */
export function bucketsToCsv(
  series: readonly { readonly name: string; readonly buckets: readonly Bucket[] }[],
): string {
  return toCsv(
    series.flatMap(({ name, buckets }) => {
      const column = (title: string, of: (bucket: Bucket) => number) => ({
        name: title,
        points: buckets.map((bucket) => ({ step: bucket.first, value: of(bucket) })),
      });
      if (buckets.every(({ n }) => n === 1)) return [column(name, ({ mean }) => mean)];
      return [
        column(`${name} mean`, ({ mean }) => mean),
        column(`${name} low`, ({ low }) => low),
        column(`${name} high`, ({ high }) => high),
      ];
    }),
  );
}
