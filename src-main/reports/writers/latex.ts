/**
 * One LaTeX file that needs no other: booktabs tables, figures drawn by pgfplots from the series themselves. It compiles
 * with pdfLaTeX and the packages of texlive-latex-extra and texlive-pictures.
 */
import { lineLook } from '../../../src-shared/charts/palette.ts';
import { unitSuffix } from '../../../src-shared/format.ts';
import type {
  Figure,
  ResolvedBlock,
  ResolvedReport,
  Samples,
  Series,
  Table,
  Text,
} from '../../../src-shared/report.ts';
import { tickInterval } from '../axis.ts';
import { formatValue, unitAfter } from '../format.ts';
import { sourceNames } from '../sources.ts';
import { codeLatex, escapeLatex, markdownLatex } from './latex-text.ts';
import { BASE, byline, type Writer } from './writer.ts';

/** Characters that fit on a line of a table, at \\footnotesize and \\scriptsize. */
const LINE = 102;
const SMALL_LINE = 118;
/** A text of so many characters stays on one line. */
const SHORT = 22;
const MARKS: Readonly<Record<string, string>> = {
  circle: '*',
  rect: 'square*',
  triangle: 'triangle*',
  diamond: 'diamond*',
  emptyCircle: 'o',
  emptyRect: 'square',
  emptyTriangle: 'triangle',
};

const PREAMBLE = `\\documentclass[10pt,a4paper]{article}
\\usepackage[T1]{fontenc}
\\usepackage[utf8]{inputenc}
\\usepackage{lmodern,textcomp,microtype}
\\usepackage[margin=24mm]{geometry}
\\usepackage{amsmath,array,booktabs,longtable,xcolor,caption,enumitem,needspace}
\\usepackage{pgfplots}
\\pgfplotsset{compat=1.16,
  assay/.style={width=0.92\\linewidth,height=0.46\\linewidth,axis lines=left,axis line style={black!45},tick align=outside,
    tick style={black!45},ymajorgrids,grid style={black!10},xlabel={Step},xlabel style={font=\\footnotesize},
    tick label style={font=\\footnotesize},scaled ticks=false,xmin=0,enlarge x limits={upper,value=0.02},
    legend style={draw=none,fill=none,font=\\footnotesize,at={(0,1.03)},anchor=south west,
      /tikz/every even column/.append style={column sep=0.7em}},legend cell align=left}}
\\captionsetup{font=small,labelfont=bf,singlelinecheck=false}
\\setlist{nosep}
\\newenvironment{assaycode}{\\par\\smallskip\\begingroup\\footnotesize\\ttfamily\\raggedright\\setlength{\\parindent}{0pt}}{\\par\\endgroup\\smallskip}
\\newcommand{\\ci}[1]{{\\color{black!60}#1}}
\\setlength{\\LTleft}{0pt}\\setlength{\\LTpre}{1.2ex plus .3ex}\\setlength{\\LTpost}{1.2ex plus .3ex}
\\emergencystretch=2em
`;

function textLatex(text: Text, units: boolean): string {
  const parts = text.map((part) => {
    if (typeof part === 'string') return escapeLatex(part);
    const { main, interval } = formatValue(part);
    const unit = units ? unitAfter(part.unit) : '';
    return escapeLatex(main + unit) + (interval === null ? '' : ` \\ci{${escapeLatex(interval)}}`);
  });
  return parts.join('');
}

function labels(text: Text): string {
  const all = new Set(text.flatMap((part) => (typeof part === 'string' ? [] : part.sources)));
  return all.size === 0 ? '' : ` {\\footnotesize\\color{black!55}(${escapeLatex(sourceNames([...all]))})}`;
}

/** Capitals are wide. */
const widthOf = (text: string): number => text.length + 0.35 * (text.match(/[A-Z]/g)?.length ?? 0);

/** In characters; stacked: intervals stand under their values. */
function cellWidth(text: Text, stacked: boolean): number {
  return text.reduce((sum, part) => {
    if (typeof part === 'string') return sum + widthOf(part);
    const { main, interval } = formatValue(part);
    const below = interval === null ? 0 : interval.length;
    return sum + (stacked ? Math.max(widthOf(main), below) : widthOf(main) + (below === 0 ? 0 : below + 1));
  }, 0);
}

/** Titles break where they are longer than this. */
const TITLE = 14;

function titleLines(title: string): string[] {
  const lines: string[] = [];
  for (const word of title.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= TITLE) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

interface Layout {
  readonly spec: string;
  /** Intervals under their values. */
  readonly stacked: boolean;
  readonly size: 'footnotesize' | 'scriptsize';
}

/** Natural widths where all fits on a line, if need be with intervals stacked; else texts share what numbers leave. */
function layoutOf({ columns, rows }: Table): Layout {
  const natural = columns.map(({ kind }) => (kind === 'number' ? 'r' : 'l'));
  const gaps = 2 * (columns.length - 1);
  const widthsOf = (stacked: boolean) =>
    columns.map(({ title }, i) =>
      Math.max(...titleLines(title).map(widthOf), ...rows.map((row) => cellWidth(row[i] ?? [], stacked))),
    );
  const sum = (all: readonly number[]) => all.reduce((total, width) => total + width, gaps);
  const [plain, stacked] = [widthsOf(false), widthsOf(true)];
  if (sum(plain) <= LINE) return { spec: natural.join(''), stacked: false, size: 'footnotesize' };
  if (sum(stacked) <= LINE) return { spec: natural.join(''), stacked: true, size: 'footnotesize' };
  if (sum(stacked) <= SMALL_LINE) return { spec: natural.join(''), stacked: true, size: 'scriptsize' };
  const isFixed = (width: number, i: number) =>
    columns[i]?.kind === 'number' || (columns[i]?.kind !== 'wide' && width <= SHORT);
  const fixedSum = (all: readonly number[]) => sum(all.map((width, i) => (isFixed(width, i) ? width : 0)));
  const tight = fixedSum(plain) > LINE / 2;
  const all = tight ? stacked : plain;
  const size = fixedSum(all) > LINE / 2 ? 'scriptsize' : 'footnotesize';
  const line = size === 'scriptsize' ? SMALL_LINE : LINE;
  const left = Math.max(line / 6, line - fixedSum(all));
  // The square root: a column four times as long gets twice the width, and more lines.
  const weights = all.map((width, i) => (isFixed(width, i) ? 0 : Math.sqrt(width)));
  const weight = weights.reduce((total, each) => total + each, 0);
  const share = (i: number) => Math.max(0.05, (((weights[i] ?? 0) / weight) * left) / line).toFixed(3);
  const spec = natural.map((letter, i) =>
    isFixed(all[i] ?? 0, i) ? letter : `>{\\raggedright\\arraybackslash}p{${share(i)}\\linewidth}`,
  );
  return { spec: spec.join(''), stacked: tight, size };
}

const titleLatex = (title: string, kind: string): string => {
  const lines = titleLines(title).map(escapeLatex);
  const side = kind === 'number' ? 'r' : 'l';
  if (lines.length < 2) return kind === 'number' ? `\\multicolumn{1}{r}{${lines.join('')}}` : lines.join('');
  return `\\multicolumn{1}{${side}}{\\begin{tabular}[b]{@{}${side}@{}}${lines.join('\\\\')}\\end{tabular}}`;
};

/** A value above its interval. */
const stackedLatex = (text: Text): string => {
  const [only] = text;
  if (text.length !== 1 || only === undefined || typeof only === 'string') return textLatex(text, false);
  const { main, interval } = formatValue(only);
  if (interval === null) return escapeLatex(main);
  return `\\begin{tabular}[t]{@{}r@{}}${escapeLatex(main)}\\\\\\ci{${escapeLatex(interval)}}\\end{tabular}`;
};

function tableLatex(table: Table): string {
  const { caption, columns, rows } = table;
  const { spec, stacked, size } = layoutOf(table);
  const titles = columns.map(({ title, kind }) => titleLatex(title, kind));
  const head = columns.every(({ title }) => title === '') ? '' : `${titles.join(' & ')} \\\\\n\\midrule\n`;
  const gap = stacked || spec.includes('p{') ? '\\addlinespace[2.5pt]' : '';
  const cell = (text: Text) => (stacked ? stackedLatex(text) : textLatex(text, false));
  const line = (row: readonly Text[]) => `${columns.map((_, i) => cell(row[i] ?? [])).join(' & ')} \\\\${gap}`;
  return `{\\${size}\\setlength{\\tabcolsep}{4pt}
\\begin{longtable}{@{}${spec}@{}}
\\caption{${escapeLatex(caption)}}\\\\
\\toprule
${head}\\endfirsthead
\\toprule
${head}\\endhead
\\bottomrule
\\endlastfoot
${rows.map(line).join('\n')}
\\end{longtable}}`;
}

/** Shares are drawn in percent. */
const scaled = (unit: Figure['unit'], value: number): string =>
  Number((unit === 'fraction' ? 100 * value : value).toPrecision(6)).toString();

function lineLatex(series: Series, { unit, range, bands }: Figure): string {
  const { look, steps, values, low, high, label } = series;
  const { dash, marker } = lineLook(look, 'light');
  const point = (i: number, of: readonly (number | null)[]) => {
    const value = of[i];
    const cut = Math.min(range[1], Math.max(range[0], value ?? Number.NaN));
    return value === null || value === undefined ? [] : [`(${steps[i]},${scaled(unit, cut)})`];
  };
  const at = steps.map((_, i) => i);
  const band = [...at.flatMap((i) => point(i, low)), ...at.toReversed().flatMap((i) => point(i, high))];
  const line = at.map((i) => `(${steps[i]},${scaled(unit, values[i] ?? Number.NaN)})`);
  const every = Math.max(1, Math.ceil(steps.length / 12));
  const pattern =
    dash === 'solid'
      ? ''
      : `,dash pattern=${dash.map((length, i) => `${i % 2 === 0 ? 'on' : 'off'} ${(length * 0.6).toFixed(1)}pt`).join(' ')}`;
  return [
    ...(!bands || band.length < 4
      ? []
      : [
          `\\addplot[draw=none,fill=assay${look},fill opacity=0.13,forget plot] coordinates {${band.join('')}} -- cycle;`,
        ]),
    `\\addplot[assay${look},line width=0.9pt${pattern},mark=${MARKS[marker] ?? '*'},mark size=1.5pt,mark repeat=${every},mark options={solid}] coordinates {${line.join('')}};`,
    `\\addlegendentry{${escapeLatex(label)}}`,
  ].join('\n');
}

/** As many as fit beside one another. */
const legendColumns = (series: readonly Series[]): number =>
  Math.max(1, Math.min(4, Math.floor(LINE / (10 + Math.max(...series.map(({ label }) => label.length))))));

function figureLatex(figure: Figure): string {
  const { unit, range, series, caption, title } = figure;
  const suffix = unit === 'fraction' ? '%' : unitSuffix(unit);
  const name = suffix === '' ? title : `${title}, ${suffix}`;
  const [low, high, tick] = [range[0], range[1], tickInterval(range)].map((value) => scaled(unit, value));
  const sources = sourceNames(series.flatMap((line) => line.sources));
  return `\\begin{figure}[htbp]
\\begin{tikzpicture}
\\begin{axis}[assay,legend columns=${legendColumns(series)},ymin=${low},ymax=${high},ytick distance=${tick},ylabel={${escapeLatex(name)}},ylabel style={font=\\footnotesize}${series.length > 1 ? '' : ',legend style={at={(2,2)}},legend to name=none'}]
${series.map((line) => lineLatex(line, figure)).join('\n')}
\\end{axis}
\\end{tikzpicture}
\\caption{${escapeLatex(`${caption} Sources: ${sources}.`)}}
\\end{figure}`;
}

const sampleLatex = ({ title, facts, prompt, completion }: Samples['items'][number]): string =>
  `\\paragraph*{${textLatex(title, false)}} ${textLatex(facts, false)}${labels(facts)}
\\par\\noindent\\emph{Prompt}
${codeLatex(prompt)}
\\noindent\\emph{Completion}
${codeLatex(completion)}`;

function blockLatex(block: ResolvedBlock): string {
  switch (block.form) {
    case 'heading':
      return `\\needspace{9\\baselineskip}\\section*{${escapeLatex(block.text)}}`;
    case 'markdown':
      return markdownLatex(block.markdown);
    case 'paragraphs':
      return block.paragraphs.map((text) => `${textLatex(text, true)}${labels(text)}`).join('\n\n');
    case 'table':
      return tableLatex(block);
    case 'figure':
      return figureLatex(block);
    case 'samples':
      return block.items.map(sampleLatex).join('\n\n');
    default:
      return block satisfies never;
  }
}

function sourcesLatex({ sources }: ResolvedReport): string {
  const columns = ['source', 'of', 'run', 'id', 'seed', 'configuration'].map((title) => ({
    title,
    kind: 'text' as const,
  }));
  const rows = sources.flatMap(({ id, label, runs }) =>
    runs.map((run, i): Text[] => [
      [i === 0 ? id : ''],
      [i === 0 ? label : ''],
      ...[`#${run.number}`, run.id, String(run.seed ?? '–'), run.configHash].map((text): Text => [text]),
    ]),
  );
  const caption =
    'Runs by their labels: number, id, seed and the hash of the configuration. The file report.json beside this one holds every number with its metric, step and estimator; the command "assay verify" recomputes all of them.';
  return `\\section*{Where the numbers come from}\n${tableLatex({ form: 'table', id: 'sources', caption, columns, rows })}`;
}

export function latexText(report: ResolvedReport): string {
  const looks = new Set(
    report.blocks.flatMap((block) => (block.form === 'figure' ? block.series.map(({ look }) => look) : [])),
  );
  const colours = [...looks].map(
    (look) => `\\definecolor{assay${look}}{HTML}{${lineLook(look, 'light').colour.slice(1).toUpperCase()}}`,
  );
  return `${PREAMBLE}${colours.join('\n')}
\\title{${escapeLatex(report.report.title)}}
\\author{}
\\date{${escapeLatex(byline(report))}}
\\begin{document}
\\maketitle
${report.blocks.map(blockLatex).join('\n\n')}

${sourcesLatex(report)}
\\end{document}
`;
}

export const tex: Writer = {
  format: 'tex',
  title: 'LaTeX, one file',
  isExact: true,
  write: (report) => [{ name: `${BASE}.tex`, type: 'application/x-tex', content: latexText(report) }],
};
