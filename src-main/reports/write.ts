/** A resolved report as files: those of its format, and the numbers with their provenance where the format has no room. */
import { ZipFile } from 'yazl';
import type { ReportFormat, ResolvedReport } from '../../src-shared/report.ts';
import { writers } from './writers/index.ts';
import { BASE, type WriterTools, type WrittenFile } from './writers/writer.ts';

/** Beside all but HTML, which has it inside. */
export const NUMBERS = `${BASE}.json`;

export async function writeReport(
  report: ResolvedReport,
  format: ReportFormat,
  tools: WriterTools,
): Promise<readonly WrittenFile[]> {
  const files = await writers[format].write(report, tools);
  return format === 'html' ? files : [...files, numbersFile(report)];
}

export const numbersFile = (report: ResolvedReport): WrittenFile => ({
  name: NUMBERS,
  type: 'application/json',
  content: `${JSON.stringify(report, null, 1)}\n`,
});

export const bytesOf = ({ content }: WrittenFile): Uint8Array =>
  typeof content === 'string' ? new TextEncoder().encode(content) : content;

/** Several files as one, for a download. */
export async function zipped(files: readonly WrittenFile[], name: string, time: number): Promise<WrittenFile> {
  const zip = new ZipFile();
  for (const file of files) zip.addBuffer(Buffer.from(bytesOf(file)), file.name, { mtime: new Date(time) });
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(Buffer.from(chunk));
  return { name, type: 'application/zip', content: Buffer.concat(chunks) };
}
