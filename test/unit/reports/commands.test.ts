/** `assay report` and `assay verify` on a real store, and saved reports. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openApp } from '../../../src-main/app.ts';
import type { Io } from '../../../src-main/cli/io.ts';
import { runProgram } from '../../../src-main/cli/program.ts';
import { reportSchema } from '../../../src-shared/report.ts';
import { fixture } from './fixtures.ts';

async function assay(home: string, ...args: string[]): Promise<{ code: number; out: string[]; err: string[] }> {
  const [out, err]: [string[], string[]] = [[], []];
  const io: Io = {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    isTerminal: false,
    terminal: null,
    onInterrupt: () => () => {},
  };
  const code = await runProgram(['--home', home, ...args], {
    io,
    version: '0',
    openApp: (options) => openApp(options),
  });
  return { code, out, err };
}

test('a report is written, holds, and no longer does when the store has changed', async () => {
  const { home, ids, store } = await fixture();
  const folder = join(home, 'out');
  const made = await assay(
    home,
    'report',
    ...ids.grpo,
    '4',
    '#5',
    '6',
    '--format',
    'html,csv',
    '--title',
    'Mine',
    '--author',
    'A. Person',
    '--reference',
    '4',
    '--out',
    folder,
  );
  expect(made).toMatchObject({ code: 0, err: [] });
  expect(readdirSync(folder).sort()).toEqual(['csv', 'report.html', 'report.json']);
  expect(made.out).toContain(join(folder, 'report.html'));
  expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('A. Person, ');
  const held = await assay(home, 'verify', folder);
  expect(held.code).toBe(0);
  expect(held.out[0]).toBe('Mine');
  expect(held.out.at(-1)).toBe('Every number is what the store gives.');
  const page = join(folder, 'report.html');
  const text = readFileSync(page, 'utf8');
  writeFileSync(page, text.replace('72.0', '77.0'));
  const tampered = await assay(home, 'verify', page);
  expect(tampered.code).toBe(1);
  expect(tampered.out.join('\n')).toMatch(/differs: report\.html: b\S+ \(what is shown\): it says "77\.0/);
  writeFileSync(page, text);
  store.purgeRun(ids.grpo[1] ?? '');
  const gone = await assay(home, 'verify', page, '--json');
  expect(gone.code).toBe(1);
  expect(JSON.parse(gone.out[0] ?? '')).toMatchObject({ holds: false });
}, 120_000);

test('what is asked for wrongly is said in a line', async () => {
  const { home } = await fixture();
  expect(await assay(home, 'report', '1', '--format', 'docx')).toMatchObject({
    code: 2,
    err: [expect.stringContaining('html, pdf, md, tex, csv'), expect.any(String)],
  });
  expect(await assay(home, 'report', '99')).toMatchObject({
    code: 1,
    err: ['assay: run 99: there is none', expect.any(String)],
  });
  expect(await assay(home, 'report', 'training-dynamics')).toMatchObject({
    code: 1,
    err: [expect.stringContaining('no run of it has finished'), expect.any(String)],
  });
  expect(await assay(home, 'verify', join(home, 'nowhere'))).toMatchObject({
    code: 1,
    err: [expect.stringContaining('there is no such file or folder')],
  });
  expect(await assay(home, 'verify', join(home, 'assay.db'))).toMatchObject({
    code: 2,
    err: ['assay: assay.db: holds no report of Assay', expect.any(String)],
  });
});

test('a report is saved, listed, changed and deleted; several files come as one archive', async () => {
  const { home, ids, store } = await fixture();
  store.close();
  const app = await openApp({ home });
  onTestFinished(() => app.close());
  const report = await app.api.reportOf({ run: ids.grpo[0] ?? '' });
  const saved = await app.api.saveView({ kind: 'report', name: 'First', state: report });
  await app.api.saveView({ kind: 'runs', name: 'Other', state: null });
  expect(await app.api.views({ kind: 'report' })).toMatchObject([{ id: saved.id, name: 'First' }]);
  expect(reportSchema.parse((await app.api.views({ kind: 'report' }))[0]?.state)).toEqual(report);
  const again = await app.api.saveView({ id: saved.id, kind: 'report', name: 'Renamed', state: report });
  expect(again).toMatchObject({ id: saved.id, name: 'Renamed', createdAt: saved.createdAt });
  await app.api.deleteView({ id: saved.id });
  await app.api.deleteView({ id: saved.id });
  expect(await app.api.views({ kind: 'report' })).toEqual([]);
  expect(await app.api.views({ kind: 'runs' })).toHaveLength(1);
  const { files } = await app.api.exportReport({ report, format: 'md', packed: true });
  expect(files).toMatchObject([{ name: 'grpo-b-1-b-100-md.zip', type: 'application/zip' }]);
  expect(
    Buffer.from(files[0]?.base64 ?? '', 'base64')
      .subarray(0, 2)
      .toString(),
  ).toBe('PK');
});
