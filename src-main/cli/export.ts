/** `assay export`: runs go into a bundle, or into tables for other programs. */
import { extname } from 'node:path';
import { type Command, Option } from 'commander';
import { AssayError } from '../../src-shared/errors.ts';
import { EXPORT_FORMATS, type ExportFormat, ROLLOUT_CHOICES, type RolloutChoice } from '../../src-shared/transfer.ts';
import type { OwnedShell } from '../api/shell.ts';
import type { Io } from './io.ts';
import { findRun } from './run-reference.ts';

interface Surroundings {
  readonly io: Io;
  readonly withApp: (readonly: boolean, body: (app: OwnedShell) => Promise<number>) => Promise<void>;
}

interface Given {
  readonly out: string;
  readonly format?: ExportFormat;
  readonly rollouts?: RolloutChoice;
  readonly checkpoints?: boolean;
  readonly json?: boolean;
}

export function addExportCommand(program: Command, { io, withApp }: Surroundings): void {
  program
    .command('export')
    .description('write runs to an .assay bundle, or their metrics and rollout summaries to Parquet or CSV tables')
    .argument('<runs...>', 'numbers (#14 or 14), ids, or starts of ids')
    .requiredOption('--out <path>', 'file to write; the rollouts of tables go beside it')
    .addOption(new Option('--format <format>', 'default: by the ending of the file').choices(EXPORT_FORMATS))
    .addOption(
      new Option('--rollouts <which>', 'of a bundle; samples: one of each of the first eight problems of a step')
        .choices(ROLLOUT_CHOICES)
        .default('samples'),
    )
    .option('--checkpoints', 'of a bundle: take the checkpoints along')
    .option('--json', 'one JSON object on standard output')
    .action((texts: string[], { out, format, rollouts, checkpoints, json }: Given) =>
      withApp(true, async ({ api }) => {
        const runs = await api.runs({});
        const { files } = await api.exportRuns({
          runIds: texts.map((text) => findRun(runs, text).id),
          format: format ?? formatOf(out),
          path: out,
          rollouts,
          checkpoints,
        });
        for (const line of json
          ? [JSON.stringify({ files })]
          : files.map(({ path, bytes }) => `${path}  ${bytes} bytes`))
          io.out(line);
        return 0;
      }),
    );
}

function formatOf(path: string): ExportFormat {
  const found = EXPORT_FORMATS.find((format) => extname(path) === `.${format}`);
  if (found !== undefined) return found;
  throw new AssayError('usage', `--out ${path}: its ending tells no format; allowed is ${EXPORT_FORMATS.join(', ')}`, {
    hint: 'Or say it with --format.',
  });
}
