/** Markdown with pipe tables and SVG files beside it. Whatever comes from a run is escaped: it is text, not markup. */
import type { Figure, ResolvedBlock, ResolvedReport, Samples, Table, Text, Value } from '../../../src-shared/report.ts';
import { drawFigure } from '../draw.ts';
import { unitAfter } from '../format.ts';
import { sourceNames } from '../sources.ts';
import { BASE, byline, numbered, plainValue, type Writer, type WrittenFile } from './writer.ts';

/** Text as text: every character that could begin markup, and line ends, which would end a row of a table. */
export const escapeMarkdown = (text: string): string =>
  text
    .replaceAll(/[\\`*_{}[\]<>()#+\-.!|~&$:@^=]/g, (c) => (/[.:()\-+=]/.test(c) ? c : `\\${c}`))
    .replaceAll(/\s+/g, ' ')
    // What means something only at the beginning of a line, and addresses that would become links.
    .replace(/^(\s*)([-+=])/, '$1\\$2')
    .replace(/^(\s*\d+)([.)])(?=\s|$)/, '$1\\$2')
    .replaceAll('://', '&#58;//')
    .replaceAll(/www\./gi, (w) => `${w.slice(0, 3)}&#46;`);

/** A fence that the code cannot close. */
export function fenced(code: string): string {
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${code.replaceAll('\r', '')}\n${fence}`;
}

const valueText = (value: Value, units: boolean): string => {
  const [main = '', ...interval] = plainValue(value).split(/ (?=\[)/);
  const unit = units ? unitAfter(value.unit) : '';
  return [
    escapeMarkdown(value.unit === 'text' ? plainValue(value) : main + unit),
    ...(value.unit === 'text' ? [] : interval),
  ].join(' ');
};

const textOf = (text: Text, units: boolean): string =>
  text.map((part) => (typeof part === 'string' ? escapeMarkdown(part) || part : valueText(part, units))).join('');

/** Labels of the sources of a text, behind it. */
function labels(text: Text): string {
  const all = new Set(text.flatMap((part) => (typeof part === 'string' ? [] : part.sources)));
  return all.size === 0 ? '' : ` (${sourceNames([...all])})`;
}

function tableText({ caption, columns, rows }: Table, number: number): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    `**Table ${number}.** ${escapeMarkdown(caption)}`,
    '',
    line(columns.map(({ title }) => escapeMarkdown(title))),
    line(columns.map(({ kind }) => (kind === 'number' ? '---:' : '---'))),
    ...rows.map((row) => line(columns.map((_, i) => textOf(row[i] ?? [], false)))),
  ].join('\n');
}

const figureName = ({ id }: Figure) => `figures/${id}.svg`;

function blockText(block: ResolvedBlock, number: number): string {
  switch (block.form) {
    case 'heading':
      return `## ${escapeMarkdown(block.text)}`;
    case 'markdown':
      return block.markdown;
    case 'paragraphs':
      return block.paragraphs.map((text) => textOf(text, true) + labels(text)).join('\n\n');
    case 'table':
      return tableText(block, number);
    case 'figure':
      return [
        `![${escapeMarkdown(block.title)}](${figureName(block)})`,
        '',
        `**Figure ${number}.** ${escapeMarkdown(block.caption)} (${sourceNames(block.series.flatMap((line) => line.sources))})`,
      ].join('\n');
    case 'samples':
      return block.items.map(sampleText).join('\n\n');
    default:
      return block satisfies never;
  }
}

const sampleText = ({ title, facts, prompt, completion }: Samples['items'][number]): string =>
  [
    `### ${textOf(title, false)}`,
    textOf(facts, false) + labels(facts),
    'Prompt',
    fenced(prompt),
    'Completion',
    fenced(completion),
  ].join('\n\n');

function sourcesText({ sources }: ResolvedReport): string {
  const rows = sources.flatMap(({ id, label, runs }) =>
    runs.map(
      (run) =>
        `| ${id} | ${escapeMarkdown(label)} | #${run.number} | \`${run.id}\` | ${run.seed ?? '–'} | \`${run.configHash}\` |`,
    ),
  );
  return [
    '## Where the numbers come from',
    '',
    'S1 and so on stand for the runs below. `report.json` holds every number with its metric, step and estimator; `assay verify` on this folder recomputes all of them from the store.',
    '',
    '| source | of | run | id | seed | configuration |',
    '| --- | --- | --- | --- | ---: | --- |',
    ...rows,
  ].join('\n');
}

export function markdownText(report: ResolvedReport): string {
  const numbers = numbered(report.blocks);
  const blocks = report.blocks.map((block) => blockText(block, numbers.get(block) ?? 0));
  return `${[`# ${escapeMarkdown(report.report.title)}`, `*${escapeMarkdown(byline(report))}*`, ...blocks, sourcesText(report)].join('\n\n')}\n`;
}

/** A drawing that stands by itself needs its own paper. */
const onPaper = (svg: string) => svg.replace(/(<rect [^>]*)fill="none"/, '$1fill="#ffffff"');

export const md: Writer = {
  format: 'md',
  title: 'Markdown with SVG files',
  isExact: true,
  write: (report) => [
    { name: `${BASE}.md`, type: 'text/markdown; charset=utf-8', content: markdownText(report) },
    ...report.blocks.flatMap((block): WrittenFile[] =>
      block.form === 'figure'
        ? [{ name: figureName(block), type: 'image/svg+xml', content: onPaper(drawFigure(block)) }]
        : [],
    ),
  ],
};
