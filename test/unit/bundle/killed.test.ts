/** An import that is killed at any moment leaves store and folders as they were, or is complete. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { clearAbandoned } from '../../../src-main/bundle/staging.ts';
import { openStore } from '../../../src-main/store/store.ts';
import { freshStore, picture } from '../imports/harness.ts';
import { addRun, bundleOf } from './harness.ts';

test('killed by the system while it unpacks, checks, inserts or moves', { timeout: 120_000 }, async () => {
  const from = await freshStore();
  const ids: string[] = [];
  for (let i = 0; i < 4; i++) ids.push(await addRun(from.store, { steps: 60, checkpoint: from }));
  const path = await bundleOf(from.store, ids, true);
  const outcomes = new Set<string>();
  for (const share of [0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.2]) {
    const { home, store } = await freshStore();
    await addRun(store, { name: 'Mine', steps: 1, checkpoint: { home } });
    store.close();
    const before = picture(home);
    const child = spawn(process.execPath, [join(import.meta.dirname, 'importing-owner.ts'), home, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // From now on: a quick machine may be done before it is killed.
    const closed = once(child, 'close');
    await once(child.stdout, 'data');
    // An import of this bundle takes about a second.
    await delay(1000 * share);
    child.kill('SIGKILL');
    await closed;
    const again = openStore(home, 'owner');
    await clearAbandoned(home, again);
    const complete = ids.every((id) => again.runs.find(id) !== null);
    outcomes.add(complete ? 'complete' : 'undone');
    if (complete) for (const id of ids) expect(existsSync(again.checkpoints.last(id)?.folder ?? '')).toBe(true);
    again.close();
    if (!complete) expect(picture(home)).toEqual(before);
    expect(existsSync(join(home, 'incoming'))).toBe(false);
  }
  expect(outcomes).toContain('undone');
});

test('a folder that was moved without a row is taken away at the next start; one with a row stays', async () => {
  const { home, store } = await freshStore();
  const mine = await addRun(store, { checkpoint: { home } });
  const before = picture(home);
  const incoming = join(home, 'incoming', 'import-abc');
  mkdirSync(incoming, { recursive: true });
  writeFileSync(join(incoming, 'moves.json'), JSON.stringify([mine, 'zzzzzzzz']));
  mkdirSync(join(home, 'runs', 'zzzzzzzz', 'checkpoints'), { recursive: true });
  // A list that was torn, or that names no run, moves nothing.
  for (const [name, text] of [
    ['torn', '["zzzz'],
    ['hostile', '["../../x"]'],
  ] as const) {
    mkdirSync(join(home, 'incoming', name));
    writeFileSync(join(home, 'incoming', name, 'moves.json'), text);
  }
  await clearAbandoned(home, store);
  expect(picture(home)).toEqual(before);
  mkdirSync(join(home, 'incoming'));
  await clearAbandoned(home, store);
  expect(picture(home)).toEqual(before);
});
