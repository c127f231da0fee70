/** Entry of the command line: `npm run assay -- <command>`. */
import { processIo } from './cli/io.ts';
import { runProgram } from './cli/program.ts';
import { VERSION } from './version.ts';

const LEAVE_AFTER_MS = 2_000;

// Set, not exit(): what was written to a pipe must still arrive.
process.exitCode = await runProgram(process.argv.slice(2), {
  io: processIo(),
  version: VERSION,
  openApp: async (options) => (await import('./app.ts')).openApp(options),
});
// Whatever still keeps the process alive has had its time.
setTimeout(() => process.exit(), LEAVE_AFTER_MS).unref();
