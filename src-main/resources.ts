/** Finds the files of the resources folder: from the source tree, from the bundle in out/main, in a packed app. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Path of a file under resources/, for example `resourcePath('sandbox', 'runner.py')`. It may lie inside an Electron
 * archive, which this process can read but others cannot: pass its contents to them. Throws where there is none. */
export function resourcePath(...parts: readonly string[]): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    const path = join(folder, 'resources', ...parts);
    // What a packed app keeps outside its archive lies beside it, under the same name.
    const unpacked = path.replace(/app\.asar(?=[\\/])/, 'app.asar.unpacked');
    if (existsSync(unpacked)) return unpacked;
    if (existsSync(path)) return path;
    if (dirname(folder) === folder) {
      throw new Error(`Resource ${parts.join('/')}: no folder above ${start} has it under resources/`);
    }
  }
}
