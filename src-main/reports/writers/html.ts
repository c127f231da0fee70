/**
 * One self-contained page: no network, no script, charts as inline SVG, every number with its provenance in data
 * attributes, and the whole resolved report as JSON in it. Whatever comes from a run is text and never markup.
 */
import MarkdownIt from 'markdown-it';
import type { Figure, ResolvedBlock, ResolvedReport, Samples, Table, Text, Value } from '../../../src-shared/report.ts';
import { drawFigure } from '../draw.ts';
import { formatValue, unitAfter } from '../format.ts';
import { sourceNames } from '../sources.ts';
import { STYLE } from './html-style.ts';
import { BASE, byline, numbered, provenanceOf, runsOf, type Writer } from './writer.ts';

export const ISLAND = 'assay-report';
/** `data:` of pictures is not among it: a report needs none. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
export const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (c) => ESCAPES[c] ?? c);

/** JSON that cannot end the element that it stands in. */
export const islandOf = (report: ResolvedReport): string =>
  JSON.stringify(report).replaceAll('<', '\\u003c').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');

const markdown = new MarkdownIt({ html: false, linkify: false }).disable('image');

export function htmlPage(report: ResolvedReport): string {
  const { report: asked, blocks } = report;
  const numbers = numbered(blocks);
  const body = blocks.map((block) => blockHtml(block, report, numbers.get(block) ?? 0)).join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(asked.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<article>
<header>
<h1>${escapeHtml(asked.title)}</h1>
<p class="byline">${escapeHtml(byline(report))}</p>
</header>
${body}
${sourcesHtml(report)}
</article>
<script type="application/json" id="${ISLAND}">${islandOf(report)}</script>
</body>
</html>
`;
}

function blockHtml(block: ResolvedBlock, report: ResolvedReport, number: number): string {
  switch (block.form) {
    case 'heading':
      return `<h2>${escapeHtml(block.text)}</h2>`;
    case 'markdown':
      return `<div class="prose">${markdown.render(block.markdown)}</div>`;
    case 'paragraphs':
      return block.paragraphs.map((text) => `<p>${textHtml(text, report, true)}</p>`).join('\n');
    case 'table':
      return tableHtml(block, report, number);
    case 'figure':
      return figureHtml(block, report, number);
    case 'samples':
      return samplesHtml(block, report);
    default:
      return block satisfies never;
  }
}

/** @param units Whether a value's unit stands behind it; in a table it stands in the head. */
function textHtml(text: Text, report: ResolvedReport, units: boolean): string {
  return text.map((part) => (typeof part === 'string' ? escapeHtml(part) : valueHtml(part, report, units))).join('');
}

function valueHtml(value: Value, report: ResolvedReport, units: boolean): string {
  const { main, interval } = formatValue(value);
  const unit = units ? unitAfter(value.unit) : '';
  const shown = `${escapeHtml(main + unit)}${interval === null ? '' : ` <span class="ci">${escapeHtml(interval)}</span>`}`;
  const state = value.unit === 'text' ? ` data-says="${escapeHtml(main.toLowerCase())}"` : '';
  return `<data value="${escapeHtml(String(value.value ?? ''))}"${state}${provenanceHtml(value, report)}>${shown}</data>`;
}

function provenanceHtml(value: Omit<Value, 'value' | 'low' | 'high' | 'unit'>, report: ResolvedReport): string {
  const runs = runsOf(report, value.sources);
  const attributes = {
    'data-id': value.id,
    'data-runs': runs.map(({ id }) => id).join(' '),
    'data-config': runs.map(({ configHash }) => configHash).join(' '),
    'data-metric': value.metric,
    'data-at': value.at,
    'data-estimator': value.estimator,
    title: provenanceOf(value),
  };
  return Object.entries(attributes)
    .map(([name, text]) => ` ${name}="${escapeHtml(text)}"`)
    .join('');
}

function tableHtml({ id, caption, columns, rows }: Table, report: ResolvedReport, number: number): string {
  const head = columns.map(({ title, kind }) => `<th scope="col" class="${kind}">${escapeHtml(title)}</th>`).join('');
  const body = rows.map((row) => {
    const cells = columns.map(({ kind }, i) => `<td class="${kind}">${textHtml(row[i] ?? [], report, false)}</td>`);
    return `<tr>${cells.join('')}</tr>`;
  });
  const titled = columns.some(({ title }) => title !== '');
  return `<figure class="table" id="${id}">
<figcaption><b>Table ${number}.</b> ${escapeHtml(caption)}</figcaption>
<div class="scroll"><table>
${titled ? `<thead><tr>${head}</tr></thead>\n` : ''}<tbody>
${body.join('\n')}
</tbody></table></div>
</figure>`;
}

function figureHtml(figure: Figure, report: ResolvedReport, number: number): string {
  const series = figure.series
    .map((line) => `<g${provenanceHtml({ ...line, at: 'every step shown' }, report)}></g>`)
    .join('');
  const svg = drawFigure(figure).replace(
    /^<svg width="\d+" height="\d+"/,
    `<svg role="img" aria-label="${escapeHtml(figure.title)}"`,
  );
  const sources = sourceNames(figure.series.flatMap((line) => line.sources));
  return `<figure id="${figure.id}">
${svg.replace(/<\/svg>$/, `${series}</svg>`)}
<figcaption><b>Figure ${number}.</b> ${escapeHtml(figure.caption)} <span class="from">Sources: ${sources}.</span></figcaption>
</figure>`;
}

function samplesHtml({ id, items }: Samples, report: ResolvedReport): string {
  const one = ({ title, facts, prompt, completion }: Samples['items'][number]) => `<section class="sample">
<h3>${textHtml(title, report, false)}</h3>
<p class="facts">${textHtml(facts, report, false)}</p>
<pre class="prompt">${escapeHtml(prompt)}</pre>
<pre>${escapeHtml(completion)}</pre>
</section>`;
  return `<div id="${id}">${items.map(one).join('\n')}</div>`;
}

function sourcesHtml({ sources }: ResolvedReport): string {
  const rows = sources.map(({ id, label, runs }) => {
    const list = runs.map(
      (run) =>
        `#${run.number} <code>${escapeHtml(run.id)}</code> seed ${run.seed ?? '–'} <code>${escapeHtml(run.configHash)}</code>`,
    );
    return `<tr><td>${id}</td><td>${escapeHtml(label)}</td><td class="runs">${list.map((run) => `<span>${run}</span>`).join(' ')}</td></tr>`;
  });
  return `<section class="sources">
<h2>Where the numbers come from</h2>
<p>Each number on this page carries the runs and the hashes of the configurations that it comes from, with its metric, step and estimator; pointing at it shows them. <code>assay verify</code> recomputes all of them from the store.</p>
<div class="scroll"><table>
<thead><tr><th>source</th><th>of</th><th>runs: number, id, seed, configuration</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table></div>
</section>`;
}

export const html: Writer = {
  format: 'html',
  title: 'One page of HTML',
  isExact: true,
  write: (report) => [{ name: `${BASE}.html`, type: 'text/html; charset=utf-8', content: htmlPage(report) }],
};
