/** Calls about the sandbox: what is in force, a program that a person tries in it, and whether it holds. */
import type { SandboxInfo } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import { checkCanaries, claimsOf } from '../sandbox/canaries.ts';
import { ISOLATION_LEVELS, type IsolationLevel } from '../sandbox/isolation.ts';
import { openSandbox, type Sandbox, type SandboxProgram } from '../sandbox/sandbox.ts';
import type { ApiContext, Bodies } from './context.ts';

type SandboxCalls = 'sandboxInfo' | 'runProgram' | 'checkSandbox';

/** @param open makes the sandbox of a call that asks for a level of its own, or of a process that has none. */
export function sandboxCalls({ sandbox: shared }: ApiContext, open = openSandbox): Bodies<SandboxCalls> {
  const inOwn = async <T>(
    level: IsolationLevel | undefined,
    body: (sandbox: Sandbox) => Promise<T> | T,
  ): Promise<T> => {
    const own = await open(level === undefined ? {} : { isolation: level }).catch((error: unknown) => {
      const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
      throw new AssayError('sandbox', `The sandbox cannot run: ${reason}`, { cause: error });
    });
    try {
      return await body(own);
    } finally {
      await own.close();
    }
  };
  const inShared = async <T>(body: (sandbox: Sandbox) => Promise<T> | T): Promise<T> =>
    shared === null ? inOwn(undefined, body) : body(await shared.open());

  return {
    sandboxInfo: () => inShared(infoOf),
    runProgram: ({ language, code, functionName, tests, stopAtFirstFailure, limits = {} }) => {
      const name = functionName?.trim() ?? '';
      if (name === '' && tests.some(({ kind }) => kind !== 'stdin'))
        throw new AssayError(
          'usage',
          'functionName: is empty; functional tests and asserts need the function that they call',
          {
            path: 'functionName',
          },
        );
      const program: SandboxProgram = {
        language,
        code,
        tests,
        stopAtFirstFailure: stopAtFirstFailure ?? false,
        ...(name === '' ? {} : { functionName: name }),
        limits: {
          ...(limits.wallMs === undefined
            ? {}
            : { wallMs: limits.wallMs, cpuSeconds: Math.ceil(limits.wallMs / 1000) }),
          ...(limits.memoryMb === undefined ? {} : { memoryMb: limits.memoryMb }),
        },
        // Whoever tries a program wants to see it run, with times of now.
        anew: true,
      };
      return inShared(async (sandbox) => {
        const { verdict, tests: results } = await sandbox.run(program).catch((error: unknown) => {
          // The language, the kind of test or a checker cannot be run here.
          if (error instanceof RangeError) throw new AssayError('usage', error.message, { cause: error });
          throw error;
        });
        return { verdict, tests: [...results] };
      });
    },
    checkSandbox: async ({ isolation }) => {
      const level = isolation === undefined ? undefined : checkedLevel(isolation);
      if (shared !== null) {
        const sandbox = await shared.open();
        // Kept, so that the next run does not try them again.
        if (level === undefined || level === sandbox.isolation.level)
          return { info: infoOf(sandbox), report: await shared.check(true) };
      }
      return inOwn(level, async (own) => ({ info: infoOf(own), report: await checkCanaries(own) }));
    },
  };
}

function infoOf({ isolation, languages }: Sandbox): SandboxInfo {
  const { level, detail, network } = isolation;
  return {
    isolation: { level, detail, network },
    claims: claimsOf(isolation),
    advice: level === 'bubblewrap' ? null : howToBubblewrap(),
    languages: languages.map(({ language, title, kinds, version, missing }) => ({
      language,
      title,
      kinds: [...kinds],
      version,
      missing,
    })),
  };
}

function howToBubblewrap(): string {
  if (process.platform !== 'linux')
    return 'The strongest isolation, bubblewrap, needs Linux; on Windows, Assay has it inside WSL 2.';
  return 'For the strongest isolation, install bubblewrap (apt install bubblewrap, dnf install bubblewrap or pacman -S bubblewrap) and allow unprivileged user namespaces; then start Assay again.';
}

function checkedLevel(level: string): IsolationLevel {
  const known = ISOLATION_LEVELS.find((l) => l === level);
  if (known !== undefined) return known;
  throw new AssayError('usage', `isolation: ${level} is unknown; allowed is ${ISOLATION_LEVELS.join(', ')}`, {
    path: 'isolation',
  });
}
