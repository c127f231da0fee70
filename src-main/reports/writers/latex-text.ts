/** Any text as LaTeX that prints it and does nothing else. For pdfLaTeX with T1 fonts and UTF-8 input. */
import MarkdownIt from 'markdown-it';

const SPECIAL: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  _: '\\_',
  '%': '\\%',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': '\\textquotedbl{}',
  '`': '\\textasciigrave{}',
  "'": '\\textquotesingle{}',
  // A pair of these, or this and a question mark, would be drawn as another sign.
  '-': '-{}',
  ',': ',{}',
  '?': '?{}',
  '!': '!{}',
  '\u00a0': '~',
  '\u202f': '\\,',
  '\u2009': '\\,',
  '\u2013': '\\textendash{}',
  '\u2014': '\\textemdash{}',
  '\u2018': '\\textquoteleft{}',
  '\u2019': '\\textquoteright{}',
  '\u201c': '\\textquotedblleft{}',
  '\u201d': '\\textquotedblright{}',
  '\u2026': '\\textellipsis{}',
  '\u2022': '\\textbullet{}',
  '\u2212': '\\ensuremath{-}',
  '\u00b1': '\\ensuremath{\\pm}',
  '\u00d7': '\\ensuremath{\\times}',
  '\u00b7': '\\ensuremath{\\cdot}',
  '\u2264': '\\ensuremath{\\leq}',
  '\u2265': '\\ensuremath{\\geq}',
  '\u2260': '\\ensuremath{\\neq}',
  '\u2248': '\\ensuremath{\\approx}',
  '\u2192': '\\ensuremath{\\rightarrow}',
  '\u2190': '\\ensuremath{\\leftarrow}',
  '\u221e': '\\ensuremath{\\infty}',
  '\u03b1': '\\ensuremath{\\alpha}',
  '\u03b2': '\\ensuremath{\\beta}',
  '\u03b4': '\\ensuremath{\\delta}',
  '\u03b5': '\\ensuremath{\\varepsilon}',
  '\u03bb': '\\ensuremath{\\lambda}',
  '\u03bc': '\\ensuremath{\\mu}',
  '\u03c0': '\\ensuremath{\\pi}',
  '\u03c3': '\\ensuremath{\\sigma}',
};
/** Letters that T1 fonts have, beside ASCII. */
const LETTERS = /[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff]/;

function character(c: string): string {
  const known = SPECIAL[c];
  if (known !== undefined) return known;
  if ((c >= ' ' && c <= '~') || LETTERS.test(c)) return c;
  const code = (c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return `\\textsf{\\scriptsize U+${code}}`;
}

/** White space of any kind is one space: no line of the source is ever blank. */
export const escapeLatex = (text: string): string =>
  [...text.replaceAll(/[ \t\r\n\f\v]+/g, ' ')].map(character).join('');

/** Program text: a line a line, its spaces kept, broken where it is too long. */
export function codeLatex(text: string): string {
  const lines = text.replaceAll('\t', '    ').replaceAll(/\r\n?/g, '\n').replace(/\n+$/, '').split('\n');
  const escaped = lines.map((line) => {
    const indent = /^ */.exec(line)?.[0].length ?? 0;
    return `\\mbox{}${'~'.repeat(indent)}${[...line.slice(indent)].map(character).join('')}`;
  });
  return `\\begin{assaycode}\n${escaped.join('\\\\\n')}\n\\end{assaycode}`;
}

const markdown = new MarkdownIt({ html: false, linkify: false }).disable(['image', 'table']);
const wrap = (open: string, close: string) => ({ open: () => open, close: () => close });

/** The renderer's rules: each token as LaTeX. */
const tags: Readonly<Record<string, { open: () => string; close: () => string }>> = {
  paragraph: wrap('', '\n\n'),
  heading: wrap('\\paragraph*{', '}\n'),
  strong: wrap('\\textbf{', '}'),
  em: wrap('\\emph{', '}'),
  s: wrap('', ''),
  bullet_list: wrap('\\begin{itemize}\n', '\\end{itemize}\n'),
  ordered_list: wrap('\\begin{enumerate}\n', '\\end{enumerate}\n'),
  list_item: wrap('\\item ', '\n'),
  blockquote: wrap('\\begin{quote}\n', '\\end{quote}\n'),
  link: wrap('', ''),
};
for (const [name, { open, close }] of Object.entries(tags)) {
  markdown.renderer.rules[`${name}_open`] = open;
  markdown.renderer.rules[`${name}_close`] = close;
}
const content = (tokens: readonly { content: string }[], i: number) => tokens[i]?.content ?? '';
Object.assign(markdown.renderer.rules, {
  text: (tokens, i) => escapeLatex(content(tokens, i)),
  code_inline: (tokens, i) => `\\texttt{${escapeLatex(content(tokens, i))}}`,
  code_block: (tokens, i) => `${codeLatex(content(tokens, i))}\n`,
  fence: (tokens, i) => `${codeLatex(content(tokens, i))}\n`,
  softbreak: () => '\n',
  hardbreak: () => '\\\\\n',
  hr: () => '\\medskip\\hrule\\medskip\n',
} satisfies typeof markdown.renderer.rules);

/** Markdown of a person; links keep their text, pictures and tables are text. */
export const markdownLatex = (text: string): string => markdown.render(text).trim();
