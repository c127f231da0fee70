/** A suite under each isolation that works on this machine: its sandbox, its folder, and the proof that nothing is left. */
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { openSandbox, type Sandbox } from '../../src-main/sandbox/sandbox.ts';
import type { Limits, Test, TestResult } from '../../src-shared/verdict.ts';
import { absence, ProcessWatch, runOne, stdin } from './harness.ts';

/** In the environment of the test process, and nowhere that a program may look. */
export const SECRET = 'a secret of the test process';

export interface SandboxSuite {
  readonly level: 'bubblewrap' | 'rlimits';
  readonly isolated: boolean;
  /** Open while tests run. */
  sandbox(): Sandbox;
  /** Where temporary folders are made. */
  folder(): string;
  run(code: string, given?: Test, limits?: Partial<Limits>): Promise<TestResult>;
  /** The sandbox still answers as it should. */
  expectWell(): Promise<void>;
}

/** Declares `body` once a level; a level that is absent is skipped by name. */
export async function underEachIsolation(body: (suite: SandboxSuite) => void): Promise<void> {
  for (const level of ['bubblewrap', 'rlimits'] as const) {
    const absent = await absence(level);
    describe.skipIf(absent !== null)(`${level}${absent === null ? '' : ` (absent: ${absent})`}`, () => {
      const outside = process.env.TMPDIR;
      let sandbox: Sandbox;
      let watch: ProcessWatch;
      let folder: string;

      beforeAll(async () => {
        folder = mkdtempSync(join(tmpdir(), 'assay-test-'));
        chmodSync(folder, 0o711);
        process.env.TMPDIR = folder;
        process.env.ASSAY_TEST_SECRET = SECRET;
        watch = new ProcessWatch();
        sandbox = await openSandbox({ isolation: level, concurrency: 2 });
      });

      afterAll(async () => {
        watch.look();
        watch.stop();
        await sandbox.close();
        if (outside === undefined) delete process.env.TMPDIR;
        else process.env.TMPDIR = outside;
        delete process.env.ASSAY_TEST_SECRET;
        const left = readdirSync(folder);
        rmSync(folder, { recursive: true });
        expect(watch.count).toBeGreaterThan(0);
        expect(await watch.survivors()).toEqual([]);
        expect(left).toEqual([]);
      });

      const run = (code: string, given?: Test, limits?: Partial<Limits>) => runOne(sandbox, code, given, limits);

      body({
        level,
        isolated: level === 'bubblewrap',
        sandbox: () => sandbox,
        folder: () => folder,
        run,
        expectWell: async () =>
          expect((await run('print(input())', stdin('still well', 'still well'))).verdict).toBe('passed'),
      });
    });
  }
}
