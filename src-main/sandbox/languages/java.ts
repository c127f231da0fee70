/** Java, by a JDK: compiled once, then one virtual machine (resources/sandbox/serve-java.java) runs all stdin tests. What a
 * program does that a shared machine would show, it has a machine of its own for: streams that go past System.in and
 * System.out, and what happens at the machine's end. The machine's flags are for speed: the wall is the sandbox. */
import { existsSync } from 'node:fs';
import { readdir, readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { resourcePath } from '../../resources.ts';
import { BOX, type LanguageEntry, type Recipe, type Toolchain } from './language.ts';
import { finder, firstOf, onPath, outputOf, placeOf, showable } from './tools.ts';

const OLDEST = 17;
const INSTALL =
  '"apt install default-jdk-headless" (Debian, Ubuntu), "dnf install java-latest-openjdk-devel" (Fedora), "pacman -S jdk-openjdk" (Arch) or "brew install openjdk" (macOS)';

/** /proc is hidden, so that there are no containers to look for; two processors keep the number of threads small. */
const MACHINE = [
  ...['-XX:+UseSerialGC', '-Xshare:auto', '-XX:-UsePerfData', '-XX:-UseContainerSupport', '-XX:ActiveProcessorCount=2'],
  ...['-XX:+DisplayVMOutputToStderr', '-Xlog:disable', '-XX:-CreateCoredumpOnCrash', '-XX:ErrorFile=/dev/null'],
  '-Dfile.encoding=UTF-8',
];
/** What a machine that lives on after the test, or that has its input from elsewhere, would show. */
const NEEDS_ITS_OWN = /FileDescriptor|addShutdownHook|deleteOnExit|\bhalt\b|\/dev\/std|inheritedChannel/;
const MOST_NAME_CHARACTERS = 60;

async function find(): Promise<Toolchain> {
  const harness = await readFile(resourcePath('sandbox', 'serve-java.java'), 'utf8');
  const look = async (path: string): Promise<Toolchain | string> => {
    const said = await outputOf(path, ['-version']);
    const version = /^javac (\S+)/.exec(said ?? '')?.[1] ?? '';
    if (!(Number.parseInt(version, 10) >= OLDEST)) return version === '' ? 'does not run' : `is javac ${version}`;
    const compiler = await showable(path);
    if (compiler === null) return "is out of a sandbox's reach";
    const home = dirname(dirname(compiler));
    return existsSync(join(home, 'bin', 'java')) && existsSync(join(home, 'lib', 'jvm.cfg'))
      ? toolchain(home, version, harness)
      : 'does not lie in a JDK';
  };
  const own = process.env.JAVA_HOME === undefined ? [] : [join(process.env.JAVA_HOME, 'bin', 'javac')];
  return firstOf(`A JDK ${OLDEST} or newer`, [...own, ...(await onPath('javac'))], look, INSTALL);
}

async function toolchain(home: string, version: string, harness: string): Promise<Toolchain> {
  // Where /proc is hidden the loader cannot tell where a tool lies, and so not where its libraries are.
  const { path, mounts } = placeOf(home, '/opt/java');
  const tool = (name: string) => ['/usr/bin/env', `LD_LIBRARY_PATH=${join(path, 'lib')}`, join(path, 'bin', name)];
  const java = [...tool('java'), ...MACHINE, '-XX:MaxRAM={memoryMb}m', '-XX:MaxRAMPercentage=80'];
  const classes = ['--add-opens=java.base/java.io=ALL-UNNAMED', '-cp', `${BOX}/classes`, 'sandbox.Serve'];
  const forCompiler = [...MACHINE, '-XX:TieredStopAtLevel=1', '-Xmx512m'].map((flag) => `-J${flag}`);
  const compile = [
    ...tool('javac'),
    ...forCompiler,
    ...['-proc:none', '-nowarn', '-Xmaxerrs', '1', '-encoding', 'UTF-8'],
    '-XDstringConcat=inline', // each concatenation would cost milliseconds of the program's start
  ];
  return {
    version: `javac ${version}`,
    mounts: { ...mounts, ...(await configurationOf(home)) },
    recipe(code): Recipe {
      const name = publicClass(code) ?? 'Main';
      return {
        files: { [`${name}.java`]: code, 'serve-java.java': harness },
        build: {
          command: [...compile, '-d', 'classes', '-cp', 'classes', `${name}.java`, 'serve-java.java'],
          cpuSeconds: 10,
          wallMs: 30_000,
          memoryMb: 1_024,
        },
        run: [...java, ...classes, 'run', name],
        serve: NEEDS_ITS_OWN.test(code) ? null : { command: [...java, ...classes, 'serve', name], kinds: ['stdin'] },
        memoryErrors: ['java.lang.OutOfMemoryError', 'insufficient memory for the Java Runtime', 'Could not reserve'],
        memory: 'data',
        reservedMb: 128, // stacks and tables of the machine's threads
        threads: 32,
      };
    },
  };
}

/** Folders of /etc that the JDK's links lead to: distributions keep its settings, without which it does not start, there. */
async function configurationOf(home: string): Promise<Toolchain['mounts']> {
  const folders: Record<string, string> = {};
  const look = async (folder: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) await look(path);
      if (!entry.isSymbolicLink()) continue;
      const target = await realpath(path).catch(() => ''); // a link to nothing, as to sources that are not installed
      const [, found] = /^(\/etc\/java[^/]*)\//.exec(`${target}/`) ?? [];
      if (found !== undefined) folders[found] = found;
    }
  };
  await look(home);
  return folders;
}

const COMMENTS_AND_TEXT =
  '/\\*(?:[\\s\\S]*?\\*/|[\\s\\S]*)|//.*|"""(?:[\\s\\S]*?"""|[\\s\\S]*)|"(?:\\\\.|[^"\\\\\\n])*"?|\'(?:\\\\.|[^\'\\\\\\n])*\'?';
const PUBLIC_TYPE =
  '\\bpublic\\s+(?:(?:final|abstract|strictfp|sealed|non-sealed)\\s+)*(?:class|interface|enum|record)\\s+([\\p{L}_$][\\p{L}\\p{N}_$]*)';
const TOKENS = new RegExp(`${COMMENTS_AND_TEXT}|[{}]|${PUBLIC_TYPE}`, 'gu');

/** The name of the program's public class, which its file must have; null where it has none. */
export function publicClass(code: string): string | null {
  let depth = 0;
  for (const [token, name] of code.matchAll(TOKENS)) {
    if (token === '{') depth += 1;
    else if (token === '}') depth -= 1;
    else if (name !== undefined && depth === 0) return name.length <= MOST_NAME_CHARACTERS ? name : null;
  }
  return null;
}

export const JAVA: LanguageEntry = { id: 'java', title: 'Java', kinds: ['stdin'], find: finder(find) };
