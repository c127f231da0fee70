/** A bundle with random damage is either taken as valid or leaves everything as it was, with an error of ours. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { importBundle } from '../../../src-main/bundle/import.ts';
import { AssayError } from '../../../src-shared/errors.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';
import { freshStore, picture } from '../imports/harness.ts';
import { addRun, bundleOf, readContents, withTrueManifest, writeContents } from './harness.ts';

const RUNS = 150;

/** Take the bundle; what came in goes again, so that each attempt meets the same store. */
async function attempt(
  home: string,
  store: Awaited<ReturnType<typeof freshStore>>['store'],
  path: string,
): Promise<boolean> {
  const before = picture(home);
  try {
    const { imported } = await importBundle(store, home, path);
    for (const { runId } of imported) {
      expect(store.runs.get(runId).origin?.format).toBe('assay');
      store.purgeRun(runId);
      await rm(join(home, 'runs', runId), { recursive: true });
    }
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(AssayError);
    expect((error as AssayError).message).not.toContain('\n');
    expect(picture(home)).toEqual(before);
    return false;
  }
}

async function setting() {
  const from = await freshStore();
  const path = await bundleOf(from.store, [await addRun(from.store, { steps: 1, checkpoint: from })], true);
  const to = await freshStore();
  await addRun(to.store, { name: 'Mine', steps: 1, checkpoint: to });
  return { ...to, path, folder: await temporaryFolder() };
}

test('bytes of the file changed, cut out, doubled', { timeout: 120_000 }, async () => {
  const { home, store, path, folder } = await setting();
  const good = await readFile(path);
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  const damage = fc.oneof(
    fc.tuple(fc.constant('flip' as const), place, fc.integer({ min: 1, max: 255 })),
    fc.tuple(fc.constant('cut' as const), place, fc.integer({ min: 1, max: 400 })),
    fc.tuple(fc.constant('double' as const), place, fc.integer({ min: 1, max: 400 })),
  );
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 4 }), async (damages) => {
      let bytes = Buffer.from(good);
      for (const [kind, share, amount] of damages) {
        const at = Math.floor(share * (bytes.length - 1));
        if (kind === 'flip') bytes[at] = (bytes[at] ?? 0) ^ amount;
        else {
          const part = kind === 'cut' ? [] : [bytes.subarray(at, at + amount), bytes.subarray(at, at + amount)];
          bytes = Buffer.concat([bytes.subarray(0, at), ...part, bytes.subarray(at + amount)]);
        }
      }
      const target = join(folder, 'fuzz.assay');
      await writeFile(target, bytes);
      if (await attempt(home, store, target)) accepted++;
    }),
    { numRuns: RUNS },
  );
  // Bytes that nothing reads, as dates of entries, are few.
  expect(accepted).toBeLessThan(RUNS / 2);
});

test('contents changed behind a manifest that tells the truth', { timeout: 120_000 }, async () => {
  const { home, store, path } = await setting();
  const good = await readContents(path);
  const names = [...good.keys()].filter((name) => name !== 'manifest.json');
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...names),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.oneof(
        fc.constantFrom(
          '0',
          '-1',
          '1e999',
          'null',
          '""',
          '[]',
          '{}',
          '"',
          '}',
          '\n',
          '\u0000',
          '9'.repeat(40),
          '__proto__',
        ),
        fc.string(),
        fc.json(),
      ),
      fc.integer({ min: 0, max: 40 }),
      async (name, share, put, gone) => {
        const bytes = good.get(name) as Buffer;
        const at = Math.floor(share * bytes.length);
        const changed = Buffer.concat([bytes.subarray(0, at), Buffer.from(put), bytes.subarray(at + gone)]);
        await attempt(home, store, await writeContents(withTrueManifest(new Map(good).set(name, changed))));
      },
    ),
    { numRuns: RUNS },
  );
});
