/** Problems whose tests wait on disk are the problems that they were, and leave nothing behind. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { charactersHeld, TextsOnDisk } from '../../../src-main/datasets/texts-on-disk.ts';
import type { Problem } from '../../../src-shared/problem.ts';
import type { Test } from '../../../src-shared/verdict.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';

const problemOf = (visibleTests: readonly Test[], hiddenTests: readonly Test[]): Problem => ({
  ...{ id: 'p', statement: 'Add.', functionName: '', starterCode: '', difficulty: '', meaning: 'add' },
  ...{ visibleTests, hiddenTests },
});

// Short and long, in one byte a character and more, and half pairs that are no Unicode.
const text = fc
  .tuple(fc.string({ unit: 'binary' }), fc.constantFrom('', '', '\ud800'), fc.constantFrom(1, 100, 30_000))
  .map(([part, half, times]) => part.repeat(times) + half);
const tests = fc.array(
  fc.record<Test>({ kind: fc.constant('stdin'), input: text, expected: text, accepted: fc.array(text) }),
  { maxLength: 3 },
);

test('any problem reads as before, also in another process and as JSON', () => {
  const texts = new TextsOnDisk();
  fc.assert(
    fc.property(tests, tests, (visible, hidden) => {
      const problem = problemOf(visible, hidden);
      const kept = texts.problem(problem);
      expect(kept).toEqual(problem);
      expect(structuredClone(kept)).toEqual(problem);
      expect(JSON.stringify(kept)).toBe(JSON.stringify(problem));
    }),
    { numRuns: 60 },
  );
});

test('a long text takes no memory, a short one does', () => {
  const long = 'x'.repeat(100_000);
  const [first, second] = new TextsOnDisk()
    .problem(
      problemOf(
        [{ kind: 'stdin', input: long, expected: 'short' }],
        [{ kind: 'stdin', input: '\ud800'.repeat(20_000), expected: long }],
      ),
    )
    .visibleTests.concat([{ kind: 'stdin', input: 'ab', expected: long }]);
  expect(charactersHeld(first as Test)).toBe('short'.length);
  expect(charactersHeld(second as Test)).toBe(2 + long.length);
});

/** A problem of 4 MB, kept by a process of its own in `folder`. */
const SCRIPT = `
  import { readdirSync } from 'node:fs';
  import { TextsOnDisk } from ${JSON.stringify(join(import.meta.dirname, '../../../src-main/datasets/texts-on-disk.ts'))};
  const long = 'x'.repeat(4_000_000);
  const test = { kind: 'stdin', input: long, expected: '' };
  const problem = { visibleTests: [test], hiddenTests: [] };
  try {
    const kept = new TextsOnDisk().problem(problem);
    console.log(JSON.stringify({ same: kept.visibleTests[0].input === long, names: readdirSync(process.env.TMPDIR) }));
  } catch ({ code, message, hint }) {
    console.log(JSON.stringify({ code, message, hint }));
  }
`;

test.skipIf(process.platform === 'win32')(
  'the file has no name while it is read, and is gone with the process',
  async () => {
    const folder = await temporaryFolder();
    const out = execFileSync(process.execPath, ['--input-type=module', '--eval', SCRIPT], {
      env: { ...process.env, TMPDIR: folder },
    });
    expect(JSON.parse(String(out))).toEqual({ same: true, names: [] });
    expect(readdirSync(folder)).toEqual([]);
  },
);

const noSmallDisk =
  spawnSync('bwrap', [
    '--size',
    '1000000',
    '--tmpfs',
    '/tmp',
    '--ro-bind',
    '/usr',
    '/usr',
    '--ro-bind-try',
    '/lib',
    '/lib',
    '--ro-bind-try',
    '/lib64',
    '/lib64',
    '/usr/bin/true',
  ]).status !== 0;

test.skipIf(noSmallDisk)(
  `a full disk is said to be full${noSmallDisk ? ' (bubblewrap makes no small disk here)' : ''}`,
  () => {
    const root = join(import.meta.dirname, '../../..');
    const out = execFileSync(
      'bwrap',
      [
        ...['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--size', '1000000', '--tmpfs', '/tmp'],
        // Wherever they are: what was covered is there again.
        ...['--ro-bind', root, root, '--ro-bind', dirname(process.execPath), dirname(process.execPath)],
        ...[process.execPath, '--input-type=module', '--eval', SCRIPT],
      ],
      { env: { ...process.env, TMPDIR: '/tmp' } },
    );
    expect(JSON.parse(String(out))).toEqual({
      code: 'disk-full',
      message: expect.stringMatching(/^The tests of the problems do not fit in \/tmp: ENOSPC/),
      hint: expect.stringContaining('TMPDIR'),
    });
  },
);
