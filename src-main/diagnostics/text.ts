/** What can be read off the text of a response: reasoning words, repetition, presence of reasoning. */

/** The 25 words that the study counts (ArcherCodeR, wizard.py). "wait" and "hmm" are not among them. */
const THINKING_WORDS = new Set(
  (
    'analyze analyzing analysis cogitate cogitation conclude conclusion deduce deduction determine determining ' +
    'determination hypothesize infer inference logic logical reason reasoning speculate speculation think thinking ' +
    'thought theorize'
  ).split(' '),
);
const GRAM = 20;

/**
 * Number of thinking words: lowercase, every character that is neither a word character nor white space becomes a
 * space, split on white space, exact matches (ArcherCodeR, wizard.py).
 */
export function thinkingWords(text: string): number {
  const words = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_\s]/gu, ' ')
    .split(/\s+/);
  return words.filter((word) => THINKING_WORDS.has(word)).length;
}

/**
 * Share of 20-grams of lowercase white-space words that the response already contained; 0 below 20 words
 * (ArcherCodeR, wizard.py). 0..1.
 */
export function repetitionRatio(text: string): number {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const grams = words.length - GRAM + 1;
  if (grams <= 0) return 0;
  const seen = new Set<string>();
  for (let i = 0; i < grams; i++) seen.add(words.slice(i, i + GRAM).join(' '));
  return (grams - seen.size) / grams;
}

/** Is there anything but white space and tags inside <think>...</think>? An unclosed tag counts as reasoning. */
export function hasReasoning(text: string): boolean {
  const start = text.indexOf('<think>');
  if (start < 0) return false;
  const end = text.indexOf('</think>', start);
  return text.slice(start + '<think>'.length, end < 0 ? undefined : end).trim() !== '';
}
