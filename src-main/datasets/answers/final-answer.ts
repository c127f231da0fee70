/** The final answer inside a response to a problem that asks for an answer, not for a program. */
import { answerSpan, type Span } from '../code-block.ts';

/**
 * Where the answer stands, after the last </think> (in the whole text where there is none): inside the last \boxed{} or
 * \fbox{} whose braces are balanced; else, on its line, behind the last `####` (GSM8K), `final answer is`, `answer is` or
 * `answer:`, in this order. Null where there is none of them, or nothing in it. Departure from graders that then take
 * the last number of the text: an answer must be said to be one.
 */
export function finalAnswerSpan(text: string): Span | null {
  const [start, end] = answerSpan(text);
  const said = boxed(text, start, end) ?? announced(text.slice(start), start);
  return said === null ? null : trimmed(text, said);
}

/** The text of `finalAnswerSpan`. */
export function finalAnswer(text: string): string | null {
  const span = finalAnswerSpan(text);
  return span === null ? null : text.slice(...span);
}

const BOX = /\\(?:boxed|fbox)\s*\{/g;

/** One pass from the left: a stack of open braces, each knowing whether it opens a box. */
function boxed(text: string, start: number, end: number): Span | null {
  const opens = new Set<number>();
  for (const found of text.slice(start).matchAll(BOX)) opens.add(start + found.index + found[0].length - 1);
  if (opens.size === 0) return null;
  const stack: number[] = [];
  let last: Span | null = null;
  for (let i = start; i < end; i++) {
    const char = text[i];
    if (char === '\\') i++;
    else if (char === '{') stack.push(i);
    else if (char === '}') {
      const open = stack.pop();
      // Of boxes inside one another the inner one closes first, and begins last.
      if (open !== undefined && opens.has(open) && (last === null || open > last[0])) last = [open + 1, i];
    }
    // `\boxed {` and the like: the backslash above skips one letter only.
  }
  return last;
}

const CUES = [/####/g, /final answer is/gi, /answer is/gi, /answer:/gi] as const;

function announced(text: string, offset: number): Span | null {
  for (const cue of CUES) {
    let from = -1;
    for (const found of text.matchAll(cue)) from = found.index + found[0].length;
    if (from < 0) continue;
    const line = text.indexOf('\n', from);
    return [offset + from, offset + (line < 0 ? text.length : line)];
  }
  return null;
}

const EDGE = /[\s:*]/;
/** What ends a sentence or its emphasis, and no answer. */
const END = /[\s.*]/;

function trimmed(text: string, [from, to]: Span): Span | null {
  let [start, end] = [from, to];
  while (start < end && EDGE.test(text[start] as string)) start++;
  while (end > start && END.test(text[end - 1] as string)) end--;
  return start < end ? [start, end] : null;
}
