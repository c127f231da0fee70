// `npm run assay -- ...`: the command line, built first when it is out of date. Prints nothing to standard output of
// its own: that belongs to --json.
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { root, runScript } from './node.mjs';

const args = process.argv.slice(2);
// Only `serve` shows the window.
const part = args.includes('serve') ? 'all' : 'main';

if (await ensureBuilt(part)) await runScript(join(root, 'out', 'main', 'cli.js'), args);
else process.exitCode = 1;
