/** The program inside a response. */

/**
 * The last closed ```python block after the last </think>, or of the whole text where there is no </think>; null
 * where there is none (ArcherCodeR, code_utils).
 */
export function extractCode(text: string): string | null {
  const answer = text.slice(text.lastIndexOf('</think>') + 1);
  const blocks = [...answer.matchAll(/```python[ \t\r]*\n([\s\S]*?)```/g)];
  return blocks.at(-1)?.[1]?.trimEnd() ?? null;
}
