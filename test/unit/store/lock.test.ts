import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isOwned, lockFolder } from '../../../src-main/store/lock.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';

const lockModule = join(import.meta.dirname, '../../../src-main/store/lock.ts');

/** Processes that take the lock, print whether they got it, and keep it until they are killed. */
function contender(home: string) {
  const body = `
    import { lockFolder } from ${JSON.stringify(lockModule)};
    try { lockFolder(${JSON.stringify(home)}); console.log('mine'); setInterval(() => {}, 1000); }
    catch (error) { console.log(error.code + ' ' + error.message); }`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', body], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.setEncoding('utf8');
  return { child, said: once(child.stdout, 'data').then(([text]) => String(text).trim()) };
}

test('a second owner is told who the first is', async () => {
  const home = await temporaryFolder();
  expect(isOwned(home)).toBe(false);
  const lock = lockFolder(home);
  expect(isOwned(home)).toBe(true);
  const said = await contender(home).said;
  expect(said).toBe(`locked Data folder ${home} is in use by another Assay (process ${process.pid})`);
  lock.release();
  expect(isOwned(home)).toBe(false);
  lockFolder(home).release();
});

test('of many at once exactly one gets it, and its death frees it', async () => {
  const home = await temporaryFolder();
  const contenders = Array.from({ length: 4 }, () => contender(home));
  const said = await Promise.all(contenders.map((c) => c.said));
  expect(said.filter((text) => text === 'mine')).toHaveLength(1);
  const winner = contenders[said.indexOf('mine')]?.child;
  expect(readFileSync(join(home, 'owner.pid'), 'utf8').trim()).toBe(String(winner?.pid));
  winner?.kill('SIGKILL');
  if (winner !== undefined) await once(winner, 'exit');
  expect(isOwned(home)).toBe(false);
  lockFolder(home).release();
});
