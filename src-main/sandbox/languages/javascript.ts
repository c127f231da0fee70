/** JavaScript, by Node.js. A stdin test is a process of its own that runs the program as a CommonJS module (or, where
 * Node.js sees its syntax, as an ES module); calls of a function are served by one process (resources/sandbox/
 * javascript.cjs). Node's permission model is on, to no purpose but that programs meet errors that say what is refused:
 * bubblewrap, seccomp and the limits are the wall. */
import { readFile } from 'node:fs/promises';
import { resourcePath } from '../../resources.ts';
import { BOX, type LanguageEntry, type Recipe, type Toolchain } from './language.ts';
import { finder, firstOf, onPath, outputOf, placeOf, showable } from './tools.ts';

const OLDEST = [20, 19] as const;
const INSTALL =
  '"apt install nodejs" (Debian, Ubuntu), "dnf install nodejs" (Fedora), "pacman -S nodejs" (Arch), "brew install node" (macOS) or from nodejs.org';
const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** Below the stack limit of 64 MiB, which bounds the kernel's stack and not V8's idea of it, in KiB. */
const STACK_KIB = 48 << 10;

async function find(): Promise<Toolchain> {
  const harness = await readFile(resourcePath('sandbox', 'javascript.cjs'), 'utf8');
  const own = 'electron' in process.versions ? [] : [process.execPath];
  const look = async (path: string): Promise<Toolchain | string> => {
    // What is on PATH may be the script of a version manager.
    const said = await outputOf(path, ['-p', 'process.versions.node + " " + process.execPath']);
    const [, version, real] = /^(\S+) (.+)\n$/.exec(said ?? '') ?? [];
    if (version === undefined || real === undefined) return 'does not run';
    const [major = 0, minor = 0] = version.split('.').map(Number);
    if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) return `is Node.js ${version}`;
    const binary = await showable(real);
    return binary === null ? "is out of a sandbox's reach" : toolchain(binary, version, major, harness);
  };
  return firstOf(`Node.js ${OLDEST.join('.')} or newer`, [...(await onPath('node')), ...own], look, INSTALL);
}

function toolchain(binary: string, version: string, major: number, harness: string): Toolchain {
  const young = major >= 24 ? ['--permission'] : ['--experimental-permission', '--experimental-detect-module'];
  const flags = [...young, `--allow-fs-read=${BOX}/*`, '--allow-fs-read=/tmp/*', '--no-warnings'];
  const machine = ['--max-old-space-size={memoryMb}', '--v8-pool-size=2', `--stack-size=${STACK_KIB}`];
  const { path, mounts } = placeOf(binary, '/opt/node');
  const node = [path, ...flags, ...machine];
  return {
    version: `Node.js ${version}`,
    mounts,
    recipe(code, functionName): Recipe {
      const called = functionName === null ? [] : [IDENTIFIER.test(functionName) ? functionName : 'undefined'];
      return {
        files: { 'program.js': code, 'javascript.cjs': harness },
        build: {
          command: [...node, '--experimental-vm-modules', 'javascript.cjs', 'check', 'program.js', ...called],
          cpuSeconds: 10,
          wallMs: 30_000,
          memoryMb: 1_024,
        },
        run: [...node, '--require', `${BOX}/javascript.cjs`, `${BOX}/program.js`],
        serve: {
          command: [...node, `${BOX}/javascript.cjs`, 'serve', `${BOX}/program.js`, ...called],
          kinds: ['functional'],
        },
        memoryErrors: ['out of memory'],
        memory: 'data',
        reservedMb: 1_024, // V8's tables and, at the stack limit of 64 MiB each, its threads
        threads: 16,
      };
    },
  };
}

export const JAVASCRIPT: LanguageEntry = {
  id: 'javascript',
  title: 'JavaScript',
  kinds: ['functional', 'stdin'],
  find: finder(find),
};
