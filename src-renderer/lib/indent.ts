/** What Tab, Shift+Tab and Enter do to code in a text field, as a replacement of part of the text. Pure. */

export interface Edit {
  /** The part that is replaced, in characters. */
  readonly from: number;
  readonly to: number;
  readonly text: string;
  /** What is selected afterwards. */
  readonly start: number;
  readonly end: number;
}

const STEP = '    ';

/** lastIndexOf takes a negative position for 0, where a line end may be. */
const lineStart = (code: string, at: number): number => (at === 0 ? 0 : code.lastIndexOf('\n', at - 1) + 1);

/** Without a selection of whole lines: spaces up to the next multiple of four. Else every line that it touches moves. */
export function indent(code: string, start: number, end: number): Edit {
  if (!code.slice(start, end).includes('\n')) {
    const text = ' '.repeat(STEP.length - ((start - lineStart(code, start)) % STEP.length));
    return { from: start, to: end, text, start: start + text.length, end: start + text.length };
  }
  return shiftLines(code, start, end, (line) => (line === '' ? line : STEP + line));
}

export function outdent(code: string, start: number, end: number): Edit {
  return shiftLines(code, start, end, (line) => line.replace(/^(?: {1,4}|\t)/, ''));
}

function shiftLines(code: string, start: number, end: number, shift: (line: string) => string): Edit {
  const from = lineStart(code, start);
  // A selection that ends at the start of a line does not touch that line.
  const last = end > start && code[end - 1] === '\n' ? end - 1 : end;
  const next = code.indexOf('\n', last);
  const to = next < 0 ? code.length : next;
  const lines = code.slice(from, to).split('\n');
  const shifted = lines.map(shift);
  const text = shifted.join('\n');
  const first = (shifted[0] ?? '').length - (lines[0] ?? '').length;
  return { from, to, text, start: Math.max(from, start + first), end: Math.max(from, end + text.length - (to - from)) };
}

/** A new line as far in as this one, and one step further after a colon or an opening bracket. */
export function newLine(code: string, start: number, end: number): Edit {
  const line = code.slice(lineStart(code, start), start);
  const [space = ''] = /^[ \t]*/.exec(line) ?? [];
  const text = `\n${space}${/[:{([]\s*$/.test(line) ? STEP : ''}`;
  return { from: start, to: end, text, start: start + text.length, end: start + text.length };
}
