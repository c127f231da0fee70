/** Calls that make, show, write and check reports. Files cross the boundary as bytes: nobody names a path here. */
import { AssayError } from '../../src-shared/errors.ts';
import type { reportCalls as described, Report, ReportFile } from '../../src-shared/report.ts';
import { comparedRun, groupRuns } from '../comparison/grouping.ts';
import { reportOf } from '../reports/compose.ts';
import { resolveReport } from '../reports/resolve.ts';
import type { ReportSource } from '../reports/runs.ts';
import type { WrittenFile } from '../reports/writers/writer.ts';
import { detailOf } from '../runs/summary.ts';
import { codeVersion } from '../version.ts';
import type { ApiContext, Bodies } from './context.ts';

export function reportCalls(context: ApiContext): Bodies<keyof typeof described> {
  const source = reportSource(context);
  const resolved = async (report: Report) => resolveReport(report, source, { program: await codeVersion() });
  return {
    reportOf: (of) => reportOf(of, source, Date.now()),
    resolveReport: ({ report }) => resolved(report),
    exportReport: async ({ report, format, packed }) => {
      // Late: what draws charts takes a while to load, and most commands draw none.
      const { bytesOf, writeReport, zipped } = await import('../reports/write.ts');
      const files = await writeReport(await resolved(report), format, { printPdf: context.printPdf });
      const name = `${fileName(report.title)}-${format}.zip`;
      const given = packed && files.length > 1 ? [await zipped(files, name, report.created)] : files;
      return { files: given.map((file) => toReportFile(file, bytesOf(file))) };
    },
    verifyReport: async ({ files }) => {
      const { verifyReport } = await import('../reports/verify.ts');
      return verifyReport(files.map(toGiven), source, await codeVersion());
    },
  };
}

/** What a report reads, from the store. */
export function reportSource({ store, control }: Pick<ApiContext, 'store' | 'control'>): ReportSource {
  return {
    runIds: () => store.runs.all().map(({ id }) => id),
    run: (id) => {
      const run = store.runs.find(id);
      return run === null ? null : detailOf(store, control.present(run));
    },
    steps: (runId) => store.steps.after(runId, -1),
    checkpoint: (id) => store.checkpoints.find(id),
    rollout: (id) => orNull(() => store.rollouts.get(id)),
    samples: (runId, step) => store.rollouts.summaries(runId, step, 'eval'),
    group: (runIds) =>
      groupRuns(
        [...new Set(runIds)].map((id) => comparedRun(store, store.runs.get(id))),
        { by: 'config' },
      ).map(({ label, runIds: runs }) => ({ label: label.slice(0, 200), runs })),
  };
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof AssayError && error.code === 'not-found') return null;
    throw error;
  }
}

const toReportFile = (file: WrittenFile, bytes: Uint8Array): ReportFile => ({
  name: file.name,
  type: file.type,
  base64: Buffer.from(bytes).toString('base64'),
});

const TEXTS = /\.(html?|json|md|svg|tex|csv)$/;
const toGiven = ({ name, base64 }: ReportFile) => ({
  name,
  text: TEXTS.test(name) ? Buffer.from(base64, 'base64').toString('utf8') : null,
});

/** A title as the name of a file, on any system. */
const fileName = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 60) || 'report';
