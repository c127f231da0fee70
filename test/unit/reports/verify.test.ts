/** That nothing in a written report can differ from the store unseen. */
import { expect, test } from 'vitest';
import { reportOf } from '../../../src-main/reports/compose.ts';
import { resolveReport } from '../../../src-main/reports/resolve.ts';
import { type GivenFile, verifyReport } from '../../../src-main/reports/verify.ts';
import { writeReport } from '../../../src-main/reports/write.ts';
import type { ReportFormat, Verification } from '../../../src-shared/report.ts';
import { CREATED, type Fixture, fixture, PROGRAM } from './fixtures.ts';

const tools = { printPdf: async () => new Uint8Array([37, 80, 68, 70]) };

async function written({ source, ids }: Fixture, ...formats: ReportFormat[]): Promise<GivenFile[]> {
  const report = reportOf({ runs: [...ids.grpo, ...ids.random] }, source, CREATED);
  const resolved = resolveReport(report, source, { program: PROGRAM });
  const files = new Map<string, GivenFile>();
  for (const format of formats)
    for (const { name, content } of await writeReport(resolved, format, tools))
      files.set(name, { name, text: typeof content === 'string' ? content : null });
  return [...files.values()];
}

const change = (files: readonly GivenFile[], name: string, from: string | RegExp, to: string): GivenFile[] =>
  files.map((file) => {
    if (file.name !== name) return file;
    expect(file.text).toMatch(from);
    return { name, text: file.text?.replace(from, to) ?? null };
  });

const wrong = ({ checks }: Verification) => checks.filter(({ status }) => status !== 'same');
const statuses = (found: Verification) => [...new Set(wrong(found).map(({ status }) => status))];

test('an untouched report holds, in every format', async () => {
  const of = await fixture();
  const found = verifyReport(await written(of, 'html', 'pdf', 'md', 'tex', 'csv'), of.source, PROGRAM);
  expect(wrong(found)).toEqual([]);
  expect(found).toMatchObject({ holds: true, title: expect.stringContaining(' vs. ') });
  expect(found.read).toEqual(expect.arrayContaining(['report.html', 'report.md', 'report.tex', 'csv/text.csv']));
  expect(found.unread.map(({ name }) => name)).toEqual(['report.pdf']);
  expect(found.checks.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(100);
});

test('a number changed in the JSON, in an attribute or in what is shown is found, and named', async () => {
  const of = await fixture();
  const page = await written(of, 'html');
  const check = (from: string | RegExp, to: string) =>
    verifyReport(change(page, 'report.html', from, to), of.source, PROGRAM);
  const inJson = check(/("id":"b3\.1\.end"[^{}]*"value":)0\.72\d*/, '$10.77');
  expect(inJson.holds).toBe(false);
  expect(inJson.checks.find(({ id }) => id === 'b3.1.end')).toMatchObject({
    status: 'differs',
    what: expect.stringContaining('eval/avg@k, last step'),
    why: expect.stringMatching(/^value 0\.77, the store gives 0\.72/),
  });
  const shown = check(/(data-id="b3\.1\.end"[^>]*>)72\.0/, '$177.0');
  expect(wrong(shown)).toMatchObject([
    { id: 'report.html: b3.1.end', why: 'it says "77.0 [67.0, 77.0]", its numbers give "72.0 [67.0, 77.0]"' },
  ]);
  const attribute = check(/(<data value=")[^"]*("[^>]*data-id="b3\.1\.end")/, '$10.99$2');
  expect(wrong(attribute)).toMatchObject([
    { id: 'report.html: b3.1.end', why: 'its attributes are not those of its numbers' },
  ]);
  const point = check(/("values":\[0\.5,)0\.61\d*/, '$10.66');
  expect(wrong(point)[0]).toMatchObject({
    status: 'differs',
    why: expect.stringMatching(/^values at step 10 0\.66, the store gives 0\.61/),
  });
  const gone = check(/<data [^>]*data-id="b3\.1\.end"[\s\S]*?<\/data>/, '72.0');
  expect(wrong(gone)[0]).toMatchObject({ id: 'report.html: b3.1.end', why: 'the page does not show it' });
  const drawing = check(/<path d="M/, '<path d="M1 1M');
  expect(wrong(drawing)).toMatchObject([{ id: expect.stringMatching(/^report\.html, line \d+$/), status: 'differs' }]);
  const sentence = check('nothing but that seeds are alike', 'nothing at all');
  expect(sentence.holds).toBe(false);
});

test('a hash that was changed is found on each number of its run', async () => {
  const of = await fixture();
  const page = await written(of, 'html');
  const hash = of.source.run(of.ids.grpo[0] ?? '')?.configHash ?? '';
  const tampered = page.map(({ name, text }) => ({ name, text: text?.replaceAll(hash, '0123456789ab') ?? null }));
  const found = verifyReport(tampered, of.source, PROGRAM);
  expect(found.holds).toBe(false);
  const changed = wrong(found).filter(({ status }) => status === 'configuration changed');
  expect(changed.length).toBeGreaterThan(5);
  expect(changed[0]?.why).toBe(`run ${of.ids.grpo[0]} (#1) has configuration ${hash}, the report says 0123456789ab`);
  // The other condition's numbers are untouched.
  expect(found.checks.find(({ id }) => id === 'b3.2.end')?.status).toBe('same');
});

test('a run that is gone costs its own numbers and no others', async () => {
  const of = await fixture();
  const page = await written(of, 'html', 'csv');
  of.store.purgeRun(of.ids.random[2] ?? '');
  const found = verifyReport(page, of.source, PROGRAM);
  expect(found.holds).toBe(false);
  expect(statuses(found)).toEqual(['run missing']);
  expect(found.checks.find(({ id }) => id === 'b3.2.end')).toMatchObject({
    status: 'run missing',
    why: `there is no run ${of.ids.random[2]} (#6)`,
  });
  expect(found.checks.find(({ id }) => id === 'b3.1.end')?.status).toBe('same');
  for (const id of [...of.ids.grpo, ...of.ids.random.slice(0, 2)]) of.store.purgeRun(id);
  expect(statuses(verifyReport(page, of.source, PROGRAM))).toEqual(['run missing']);
});

test('a store that changed is found: another value, a further step, another configuration', async () => {
  const of = await fixture();
  const page = await written(of, 'html');
  const [id = ''] = of.ids.grpo;
  const save = (step: number, accuracy: number) =>
    of.store.saveStep(id, {
      kind: 'step',
      step,
      metrics: { 'eval/avg@k': accuracy, 'eval/avg@k-se': 0.02, 'eval/length': 23, 'train/token-entropy': 0.3 / 3 },
      rollouts: [],
    });
  save(20, 0.7000001);
  const touched = wrong(verifyReport(page, of.source, PROGRAM));
  expect(touched.map(({ id: of }) => of)).toEqual(expect.arrayContaining(['b3.1.end', 'b3.2.difference']));
  expect(touched.every(({ status }) => status === 'differs')).toBe(true);
  save(20, 0.7);
  expect(wrong(verifyReport(page, of.source, PROGRAM))).toEqual([]);
  save(30, 0.7);
  expect(wrong(verifyReport(page, of.source, PROGRAM)).length).toBeGreaterThan(0);
  of.store.rewind(id, 20);
  of.store.runs.setSteps(id, 900);
  expect(statuses(verifyReport(page, of.source, PROGRAM))).toContain('configuration changed');
});

test('files beside the numbers are held against them, line by line', async () => {
  const of = await fixture();
  const files = await written(of, 'md', 'tex', 'csv');
  const check = (name: string, from: string | RegExp, to: string) =>
    wrong(verifyReport(change(files, name, from, to), of.source, PROGRAM));
  expect(check('report.md', /72\.0 \[67\.0/, '78.0 [67.0')).toMatchObject([
    { id: expect.stringMatching(/^report\.md, line \d+$/) },
  ]);
  expect(check('report.tex', /0\.72|72\.0/, '79.0')).toMatchObject([
    { id: expect.stringMatching(/^report\.tex, line \d+$/) },
  ]);
  expect(check('csv/table-b3.csv', /0\.72\d*/, '0.79')).toHaveLength(1);
  expect(check('figures/b4.svg', /<path d="M/, '<path d="M1 1M')).toHaveLength(1);
  expect(check('report.json', /"value": 0\.72\d*/, '"value": 0.79').length).toBeGreaterThan(1);
});

test('what another version of Assay laid out is checked by its numbers alone', async () => {
  const of = await fixture();
  const page = await written(of, 'html');
  const older = change(page, 'report.html', /<h2>/, '<h2 class="old">');
  expect(verifyReport(older, of.source, PROGRAM).holds).toBe(false);
  const found = verifyReport(older, of.source, '10.0.0');
  expect(found.holds).toBe(true);
  expect(found.unread[0]?.why).toBe('written by Assay 9.9.9');
  expect(verifyReport(change(older, 'report.html', />72\.0/, '>77.0'), of.source, '10.0.0').holds).toBe(false);
});

test('what is no report is said to be none', async () => {
  const { source } = await fixture();
  const verify = (name: string, text: string | null) => () => verifyReport([{ name, text }], source, PROGRAM);
  expect(verify('a.html', '<p>')).toThrow(/a\.html: holds no report of Assay/);
  expect(verify('a.pdf', null)).toThrow(/holds no report/);
  expect(verify('report.json', '{')).toThrow(/its numbers are not JSON/);
  expect(verify('report.json', '{"version":2}')).toThrow(/report\.json: its numbers are damaged: version/);
});
