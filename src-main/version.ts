/** Which Assay this is: the version of the package and, in a source tree, the commit. Recorded with every run. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import manifest from '../package.json' with { type: 'json' };
import { resourcePath } from './resources.ts';

export const VERSION: string = manifest.version;

/** `0.1.0`, or in a source tree `0.1.0+8df617c`, with `-dirty` where files differ from the commit. */
export async function codeVersion(): Promise<string> {
  const root = join(resourcePath(), '..');
  if (!existsSync(join(root, '.git'))) return VERSION;
  try {
    const args = ['describe', '--always', '--dirty', '--exclude', '*'];
    const { stdout } = await promisify(execFile)('git', args, { cwd: root, timeout: 5000 });
    return `${VERSION}+${stdout.trim()}`;
  } catch (error) {
    // No git on this machine, or not our repository to read: then the version has to do.
    console.error(`The commit of this source tree cannot be read: ${(error as Error).message.split('\n')[0]}`);
    return VERSION;
  }
}
