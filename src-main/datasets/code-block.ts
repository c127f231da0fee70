/** The program and the answer inside a response. */

/** Characters [from, to) of a text. */
export type Span = readonly [number, number];

const THINK_END = '</think>';

/**
 * The program: inside the last closed ```python block after the last </think>, or of the whole text where there is no
 * </think>, without white space at its end; null where there is none (ArcherCodeR, code_utils).
 */
export function codeSpan(text: string): Span | null {
  const [start] = answerSpan(text);
  const block = [...text.slice(start).matchAll(/```python[ \t\r]*\n([\s\S]*?)```/dg)].at(-1);
  const [code, range] = [block?.[1], block?.indices?.[1]];
  if (code === undefined || range === undefined) return null;
  return [start + range[0], start + range[0] + code.trimEnd().length];
}

/** All that follows the last </think>; the whole text where there is no </think>. */
export function answerSpan(text: string): Span {
  const end = text.lastIndexOf(THINK_END);
  return [end < 0 ? 0 : end + THINK_END.length, text.length];
}
