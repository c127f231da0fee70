/** That each format shows the report and nothing that a run could smuggle in, in tools that are not ours. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import MarkdownIt from 'markdown-it';
import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { fromBuffer } from 'yauzl';
import { findBrowser } from '../../../src-main/browsers.ts';
import { drawFigure } from '../../../src-main/reports/draw.ts';
import { printWithBrowser } from '../../../src-main/reports/print.ts';
import { resolveReport } from '../../../src-main/reports/resolve.ts';
import { writeReport, zipped } from '../../../src-main/reports/write.ts';
import { cell } from '../../../src-main/reports/writers/csv.ts';
import { htmlPage, ISLAND } from '../../../src-main/reports/writers/html.ts';
import { codeLatex, escapeLatex, markdownLatex } from '../../../src-main/reports/writers/latex-text.ts';
import { escapeMarkdown, fenced, markdownText } from '../../../src-main/reports/writers/markdown.ts';
import type { WrittenFile } from '../../../src-main/reports/writers/writer.ts';
import { type ResolvedReport, resolvedReportSchema } from '../../../src-shared/report.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';
import { CREATED, fixture, HOSTILE, PROGRAM } from './fixtures.ts';

const tools = { printPdf: () => Promise.reject(new Error('not asked for')) };
const has = (program: string) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
const browser = findBrowser();
const missing = (what: string) => `, skipped: there is no ${what} here`;

/** Every kind of block, and in every text of a run what would do harm if it were taken for markup. */
async function hostileReport(): Promise<ResolvedReport> {
  const { source, ids, rollouts } = await fixture();
  const conditions = [
    { label: `grpo ${HOSTILE}`.slice(0, 200), runs: [...ids.grpo] },
    { label: 'a_random & <i>control</i> 100%', runs: [...ids.random] },
  ];
  const report = {
    title: `T ${HOSTILE}`.slice(0, 200),
    author: '</header><script>1</script> \\input{x}',
    created: CREATED,
    conditions,
    reference: conditions[1]?.label ?? null,
    study: null,
    blocks: [
      { kind: 'summary' as const },
      { kind: 'heading' as const, text: HOSTILE },
      {
        kind: 'text' as const,
        markdown: `A **bold** word, a [link](https://example.org), 5 % of $x_1$\n\n- one\n- two & three\n\n\`\`\`\n${HOSTILE.replaceAll('`', '')}\n\`\`\`\n\n<script>alert(2)</script>`,
      },
      { kind: 'chart' as const, metric: 'eval/avg@k' },
      { kind: 'comparison' as const, metric: 'eval/avg@k' },
      { kind: 'differences' as const },
      { kind: 'samples' as const, rollouts: [...rollouts] },
      { kind: 'lineage' as const },
      { kind: 'facts' as const },
    ],
  };
  return resolveReport(report, source, { program: PROGRAM });
}

async function save(files: readonly WrittenFile[]): Promise<string> {
  const folder = await temporaryFolder();
  for (const { name, content } of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

test('the page carries its numbers as JSON and as attributes, and no markup of a run', async () => {
  const report = await hostileReport();
  const page = htmlPage(report);
  expect(page.match(/<script/g)).toHaveLength(1);
  expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  expect(page).not.toMatch(/<(img|iframe|object|link|i|b>alert)[ >]/);
  expect(page).not.toMatch(/ on\w+="/);
  const island = page.split(`id="${ISLAND}">`)[1]?.split('</script>')[0] ?? '';
  expect(resolvedReportSchema.parse(JSON.parse(island))).toEqual(report);
  const shown = [
    ...page.matchAll(/<data value="([^"]*)"[^>]* data-id="([^"]+)" data-runs="([^"]+)" data-config="([^"]+)"/g),
  ];
  const ids = new Set(
    [...JSON.stringify(report.blocks).matchAll(/\{"id":"([^"]+)","sources":[^{}]*?"value":/g)].map(([, id]) => id),
  );
  expect(ids.size).toBeGreaterThan(30);
  expect(new Set(shown.map(([, , id]) => id))).toEqual(ids);
  const hashes = new Set(report.sources.flatMap(({ runs }) => runs.map(({ configHash }) => configHash)));
  for (const [, , , runs = '', config = ''] of shown) {
    expect(runs.split(' ')).toHaveLength(config.split(' ').length);
    for (const hash of config.split(' ')) expect(hashes).toContain(hash);
  }
});

test.skipIf(browser === null)(
  `a browser without a network shows it and runs nothing${browser === null ? missing('browser') : ''}`,
  async () => {
    const folder = await save(await writeReport(await hostileReport(), 'html', tools));
    const window = await chromium.launch({ executablePath: browser ?? '', args: ['--no-sandbox'] });
    try {
      const page = await (await window.newContext({ offline: true })).newPage();
      const seen: string[] = [];
      page.on('request', (request) => seen.push(request.url()));
      page.on('console', (message) => seen.push(message.text()));
      page.on('dialog', (dialog) => seen.push(dialog.message()));
      const address = pathToFileURL(join(folder, 'report.html')).href;
      await page.goto(address);
      expect(seen).toEqual([address]);
      expect(await page.locator('script').count()).toBe(1);
      expect(await page.locator('img, iframe, object, embed').count()).toBe(0);
      expect(await page.locator('pre').nth(2).textContent()).toContain('<script>alert(1)</script>');
      const svg = page.locator('figure svg').first();
      expect((await svg.boundingBox())?.width).toBeGreaterThan(500);
      expect(await svg.locator('text').filter({ hasText: '<script>' }).count()).toBe(1);
      // Nothing is wider than the page; wide tables scroll by themselves.
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    } finally {
      await window.close();
    }
  },
  120_000,
);

test.skipIf(browser === null)(
  `it prints${browser === null ? missing('browser') : ''}`,
  async () => {
    const pdf = await printWithBrowser(htmlPage(await hostileReport()));
    expect(Buffer.from(pdf.slice(0, 5)).toString()).toBe('%PDF-');
    expect(pdf.length).toBeGreaterThan(20_000);
  },
  180_000,
);

test('without a browser, printing says what to do', async () => {
  await expect(printWithBrowser('<p>', null)).rejects.toMatchObject({
    code: 'not-found',
    hint: expect.stringContaining('ASSAY_CHROMIUM'),
  });
});

const tex = has('pdflatex');
test.skipIf(!tex)(
  `LaTeX compiles, and prints what a run wrote${tex ? '' : missing('pdflatex')}`,
  async () => {
    const files = await writeReport(await hostileReport(), 'tex', tools);
    const text = String(files.find(({ name }) => name === 'report.tex')?.content);
    expect(text).not.toMatch(/\\(input|include|write|openin|includegraphics)\b/);
    const folder = await save(files);
    const compiled = spawnSync(
      'pdflatex',
      ['-no-shell-escape', '-interaction=nonstopmode', '-halt-on-error', 'report.tex'],
      { cwd: folder, encoding: 'utf8' },
    );
    expect(compiled.stdout.split('\n').filter((line) => line.startsWith('!'))).toEqual([]);
    expect(compiled.status).toBe(0);
    expect(existsSync(join(folder, 'report.pdf'))).toBe(true);
    if (!has('pdftotext')) return;
    const printed = execFileSync('pdftotext', ['-layout', join(folder, 'report.pdf'), '-'], { encoding: 'utf8' });
    expect(printed).toContain('<script>alert(1)</script>');
    expect(printed).toContain('U+4E2D');
    expect(printed).toMatch(/72\.0\s+\[67\.0, 77\.0\]/);
  },
  180_000,
);

test('whatever the text, LaTeX gets no command, group or comment of it', () => {
  const ours =
    /\\(textbackslash|textasciitilde|textasciicircum|textless|textgreater|textbar|textquotedbl|textasciigrave|textquotesingle|text(en|em)dash|textquote(dbl)?(left|right)|textellipsis|textbullet)\{\}|\\[{}$&#_%,]|[-,?!]\{\}|\\ensuremath\{(-|\\[a-z]+)\}|\\textsf\{\\scriptsize U\+[0-9A-F]+\}/g;
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...'\\{}$&#_%~^<>|"`\'-,?!\n a') })),
      (text) => {
        expect(escapeLatex(text).replaceAll(ours, '')).toMatch(/^[A-Za-z0-9 ~.:;()[\]/@*+=\u00c0-\u00ff]*$/);
        expect(codeLatex(text)).not.toMatch(/\n\n/);
      },
    ),
  );
  expect(markdownLatex('**a** & `b_c`\n\n- x')).toBe(
    '\\textbf{a} \\& \\texttt{b\\_c}\n\n\\begin{itemize}\n\\item x\n\n\n\\end{itemize}',
  );
});

test('Markdown shows a run’s text as it is and makes nothing of it', async () => {
  const reader = new MarkdownIt({ html: true, linkify: true });
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'\\`*_{}[]<>()#+-.!|~&$:/w1 a') })),
      (text) => {
        const tokens = reader.parse(`x ${escapeMarkdown(text)} x`, {});
        const plain = tokens
          .flatMap(({ children }) => children ?? [])
          .map(({ type, content }) => {
            expect(['text', 'text_special']).toContain(type);
            return content;
          });
        const visible = text.replaceAll(/\s+/g, ' ').replaceAll('\0', '\ufffd');
        expect(plain.join('').replaceAll(/\s+/g, ' ')).toBe(`x ${visible} x`.replaceAll(/\s+/g, ' '));
      },
    ),
  );
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'`~ \na') }), (code) => {
      const tokens = reader.parse(fenced(code), {});
      expect(tokens.map(({ type }) => type)).toEqual(['fence']);
      expect(tokens[0]?.content).toBe(`${code}\n`);
    }),
  );
  const text = markdownText(await hostileReport());
  const html = reader.render(text.replaceAll('<script>alert(2)</script>', ''));
  expect(html).not.toMatch(/<script|<img(?! src="figures\/)|href="(?!https:\/\/example\.org)/);
  expect(html.match(/<table>/g)?.length).toBe(6);
});

test('CSV reads back in full precision, and no cell is a formula', async () => {
  const report = await hostileReport();
  const files = await writeReport(report, 'csv', tools);
  const read = (name: string): Record<string, string>[] =>
    parse(String(files.find((file) => file.name === name)?.content), { columns: true });
  const figure = report.blocks.find((block) => block.form === 'figure');
  const points = read(`csv/figure-${figure?.id}.csv`);
  expect(points.map((point) => Number(point.value))).toEqual(figure?.series.flatMap((line) => line.values));
  expect(points[0]).toMatchObject({ step: '0', n: '3', metric: 'eval/avg@k', sources: expect.stringMatching(/^S\d$/) });
  expect(points[0]?.runs?.split(' ')).toHaveLength(3);
  const rows = read('csv/table-b5.csv');
  expect(rows.find(({ column, row }) => column === 'at end' && row?.startsWith('grpo'))).toMatchObject({
    value: expect.stringMatching(/^0\.72/),
    configurations: expect.stringMatching(/^[0-9a-f]{12} [0-9a-f]{12} [0-9a-f]{12}$/),
  });
  expect(['=1+1', '+1', '-1', '@a', '\tx', 'a=1'].map(cell)).toEqual(["'=1+1", "'+1", "'-1", "'@a", "'\tx", 'a=1']);
});

test('the same report gives the same bytes, in a folder and in one archive', async () => {
  const report = await hostileReport();
  for (const format of ['html', 'md', 'tex', 'csv'] as const) {
    const [one, two] = [await writeReport(report, format, tools), await writeReport(report, format, tools)];
    expect(two).toEqual(one);
    expect(one.some(({ name }) => name === 'report.json')).toBe(format !== 'html');
  }
  const files = await writeReport(report, 'csv', tools);
  const [a, b] = [await zipped(files, 'x.zip', CREATED), await zipped(files, 'x.zip', CREATED)];
  expect(Buffer.compare(Buffer.from(a.content), Buffer.from(b.content))).toBe(0);
  const names = await new Promise<string[]>((resolve, reject) => {
    fromBuffer(Buffer.from(a.content), {}, (error, zip) => {
      if (error) return reject(error);
      const found: string[] = [];
      zip.on('entry', ({ fileName }: { fileName: string }) => found.push(fileName)).on('end', () => resolve(found));
    });
  });
  expect(names).toEqual(files.map(({ name }) => name));
});

test('a drawing is whole XML with the labels as text', async () => {
  const figure = (await hostileReport()).blocks.find((block) => block.form === 'figure');
  if (figure === undefined) throw new Error('no figure');
  const svg = drawFigure(figure);
  expect(svg).toMatch(/^<svg [^>]*viewBox="0 0 720 \d+"/);
  expect(svg).not.toMatch(/<(script|style|img|a )/);
  expect(svg).toContain('&lt;script');
  expect(svg.match(/id="(?!b4-)/g)).toBeNull();
  const folder = await temporaryFolder();
  writeFileSync(join(folder, 'a.svg'), svg);
  // libxml, where it is there, has the last word.
  if (has('xmllint')) execFileSync('xmllint', ['--noout', '--nonet', join(folder, 'a.svg')]);
  expect(readFileSync(join(folder, 'a.svg'), 'utf8').match(/<path/g)?.length).toBeGreaterThan(6);
});
