/** C++, by g++: compiled once, then a process a test. The compiler runs where its program will, behind the same walls:
 * what it can include, and how much time and memory a template may take, is for the sandbox to say, not for its flags. */
import { BOX, type LanguageEntry, type Recipe, type Toolchain } from './language.ts';
import { finder, firstOf, onPath, outputOf, showable } from './tools.ts';

const INSTALL =
  '"apt install g++" (Debian, Ubuntu), "dnf install gcc-c++" (Fedora), "pacman -S gcc" (Arch) or "xcode-select --install" (macOS)';
const OLDEST = 8;

/** `gnu++20` as on Codeforces; GCC 8 and 9 have none. */
const dialectOf = (major: number): string => `-std=${major >= 10 ? 'gnu++20' : 'gnu++17'}`;

async function find(): Promise<Toolchain> {
  return firstOf(`g++ ${OLDEST} or newer`, await onPath('g++'), look, INSTALL);
}

async function look(path: string): Promise<Toolchain | string> {
  const compiler = await showable(path);
  if (!compiler?.startsWith('/usr/')) return 'is outside /usr';
  const version = (await outputOf(path, ['-dumpfullversion']))?.trim() ?? '';
  const major = Number.parseInt(version, 10);
  if (!(major >= OLDEST)) return `is g++ ${version}`;
  const dialect = dialectOf(major);
  const trial = ['-x', 'c++', dialect, '-fsyntax-only', '-include', 'iostream', '/dev/null'];
  return (await outputOf(path, trial)) === null ? 'does not compile' : toolchain(compiler, version, dialect);
}

function toolchain(compiler: string, version: string, dialect: string): Toolchain {
  const flags = ['-O2', dialect, '-DONLINE_JUDGE', '-w', '-fmax-errors=1'];
  return {
    version: `g++ ${version}`,
    mounts: {},
    recipe: (code): Recipe => ({
      files: { 'program.cpp': code },
      build: {
        command: [compiler, ...flags, '-o', 'program', 'program.cpp'],
        cpuSeconds: 10,
        wallMs: 30_000,
        memoryMb: 1_024,
      },
      run: [`${BOX}/program`],
      serve: null,
      memoryErrors: ['std::bad_alloc', 'std::bad_array_new_length'],
      memory: 'data', // each thread reserves 128 MiB of addresses for what it allocates
      reservedMb: 0,
      threads: 4, // the compiler's driver, the compiler and the linker
    }),
  };
}

export const CPP: LanguageEntry = { id: 'cpp', title: 'C++', kinds: ['stdin'], find: finder(find) };
