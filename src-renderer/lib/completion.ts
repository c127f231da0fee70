/** Cuts a completion into what the model thought, said and programmed. It never changes a character. */

export interface CompletionPart {
  readonly kind: 'reasoning' | 'text' | 'code';
  readonly text: string;
}

const FENCE = /```[^\n`]*\n[\s\S]*?(?:```|$)/g;
const END_OF_REASONING = '</think>';

/** The parts in order; joined they are the completion. Reasoning ends with `</think>`; without one there is none. */
export function splitCompletion(completion: string): CompletionPart[] {
  const end = completion.lastIndexOf(END_OF_REASONING);
  const unfinished = end < 0 && completion.trimStart().startsWith('<think>');
  const cut = unfinished ? completion.length : end < 0 ? 0 : end + END_OF_REASONING.length;
  const parts: CompletionPart[] = [];
  const add = (kind: CompletionPart['kind'], text: string) => {
    if (text !== '') parts.push({ kind, text });
  };
  add('reasoning', completion.slice(0, cut));
  let at = cut;
  for (const match of completion.slice(cut).matchAll(FENCE)) {
    const start = cut + match.index;
    add('text', completion.slice(at, start));
    add('code', match[0]);
    at = start + match[0].length;
  }
  add('text', completion.slice(at));
  return parts;
}

/** Which of the parts was judged: the last block with the text of the program; for an answer, which stands in no block,
 * the last text with it. -1: none was. */
export function judgedPart(parts: readonly CompletionPart[], code: string | null): number {
  if (code === null) return -1;
  const lastOf = (wanted: CompletionPart['kind']) =>
    parts.findLastIndex(({ kind, text }) => kind === wanted && text.includes(code));
  const block = lastOf('code');
  return block >= 0 ? block : lastOf('text');
}
