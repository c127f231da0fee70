/** `assay import`: runs of a bundle, or of another tool, become runs here. */
import { type Command, Option } from 'commander';
import { IMPORT_FORMATS, type ImportFormat, type ImportReport } from '../../src-shared/transfer.ts';
import type { OwnedShell } from '../api/shell.ts';
import type { Io } from './io.ts';

interface Surroundings {
  readonly io: Io;
  readonly withApp: (readonly: boolean, body: (app: OwnedShell) => Promise<number>) => Promise<void>;
}

export function addImportCommand(program: Command, { io, withApp }: Surroundings): void {
  program
    .command('import')
    .description(
      'take runs in: an .assay bundle, or logs of TensorBoard, Weights & Biases, Trackio, TRL and transformers',
    )
    .argument('<file|folder>', 'what to import')
    .addOption(new Option('--format <format>', 'what it is (default: found by looking)').choices(IMPORT_FORMATS))
    .option('--json', 'one JSON object on standard output')
    .action((path: string, given: { format?: ImportFormat; json?: boolean }) =>
      withApp(false, async ({ api }) => {
        const report = await api.importRuns({ path, ...(given.format === undefined ? {} : { format: given.format }) });
        for (const line of given.json ? [JSON.stringify(report)] : reportLines(report)) io.out(line);
        return report.refused.length > 0 ? 1 : 0;
      }),
    );
}

function reportLines({ format, imported, skipped, refused, notes }: ImportReport): string[] {
  return [
    ...imported.map(({ number, name, runId }) => `imported: run #${number} ${name} (${runId}) from ${format}`),
    ...skipped.map(({ name, reason }) => `skipped:  ${name}: ${reason}`),
    ...refused.map(({ name, reason }) => `refused:  ${name}: ${reason}`),
    ...notes.map((note) => `note:     ${note}`),
  ];
}
