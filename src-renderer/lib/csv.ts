/** Tables as CSV, to copy or to keep as a file. Names come from people: a spreadsheet must not take one for a formula. */

export type CsvCell = string | number | null;

/** @param rows the heading among them; null: an empty field */
export async function toCsv(rows: readonly (readonly CsvCell[])[]): Promise<string> {
  // Loaded only when one is asked for.
  const { stringify } = await import('csv-stringify/browser/esm/sync');
  return stringify(
    rows.map((row) => [...row]),
    { cast: { string: (text) => (FORMULA.test(text) ? `'${text}` : text) } },
  );
}
/** What a spreadsheet reads as one, where a text begins with it. Numbers are written as they are. */
const FORMULA = /^[=+\-@\t\r]/;

export function download(name: string, content: BlobPart, type = 'text/csv'): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
