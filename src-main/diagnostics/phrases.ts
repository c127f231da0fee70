/** Runs of words and signs that some texts share and others do not. */

export interface Text {
  readonly problemId: string;
  readonly completion: string;
}

export interface Phrase {
  /** As it stands in the first text that has it, white space as one space. */
  readonly text: string;
  /** Texts of each kind that have it. */
  readonly chosen: number;
  readonly others: number;
  readonly correct: number;
  /** Problems of the chosen texts that have it. */
  readonly problems: number;
}

const WORD = /[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu;
const GRAM = 4;
/** Words and signs of each text that are read, and of a phrase at most: a step of long texts stays a matter of a second. */
const READ = 1000;
const LONGEST = 40;
/** Chosen texts whose phrases are looked at: the others are only counted. */
const SOURCES = 64;
/** Phrases that are counted exactly, and shown. */
const COUNTED = 60;
const SHOWN = 10;
/** A difference of shares below this is not worth a line. */
const LEAST = 0.1;

interface ReadText {
  readonly problemId: string;
  readonly text: string;
  readonly words: readonly { readonly word: string; readonly from: number; readonly to: number }[];
  /** Words between single spaces, one at each end: a phrase is in it where its words are. */
  readonly line: string;
}

/**
 * The phrases of four words and signs or more whose share among the chosen exceeds that among the correct most, largest
 * first; where there is no correct text, that among the others. One that only a single problem's texts have says something
 * of the problem, and is left out where the chosen have several.
 */
export function commonPhrases(
  chosenTexts: readonly Text[],
  otherTexts: readonly Text[],
  correctTexts: readonly Text[],
): Phrase[] {
  const [chosen, others, correct] = [chosenTexts.map(read), otherTexts.map(read), correctTexts.map(read)];
  const problems = new Set(chosen.map(({ problemId }) => problemId)).size;
  const against = correct.length > 0 ? correct : others;
  const counted = candidates(chosen.slice(0, SOURCES), Math.min(2, problems)).map(({ text, line }): Phrase => {
    const having = (texts: readonly ReadText[]) => texts.filter((t) => t.line.includes(line));
    return {
      text,
      chosen: having(chosen).length,
      others: having(others).length,
      correct: having(correct).length,
      problems: new Set(having(chosen).map(({ problemId }) => problemId)).size,
    };
  });
  const excess = (phrase: Phrase) =>
    phrase.chosen / chosen.length -
    (against.length === 0 ? 0 : (correct.length > 0 ? phrase.correct : phrase.others) / against.length);
  const shown: Phrase[] = [];
  for (const phrase of counted.sort((a, b) => excess(b) - excess(a) || b.text.length - a.text.length)) {
    if (shown.length === SHOWN || excess(phrase) < LEAST) break;
    if (!shown.some(({ text }) => text.includes(phrase.text) || phrase.text.includes(text))) shown.push(phrase);
  }
  return shown;
}

function read({ problemId, completion }: Text): ReadText {
  const words: ReadText['words'][number][] = [];
  for (const match of completion.matchAll(WORD)) {
    if (words.length === READ) break;
    words.push({ word: match[0], from: match.index, to: match.index + match[0].length });
  }
  return { problemId, text: completion, words, line: ` ${words.map(({ word }) => word).join(' ')} ` };
}

/** Runs of grams that the same texts have, the commonest first: longer phrases instead of each of their pieces. */
function candidates(texts: readonly ReadText[], leastProblems: number): { text: string; line: string }[] {
  const found = new Map<string, { readonly texts: Set<number>; readonly problems: Set<string> }>();
  const gramAt = ({ words }: ReadText, at: number) =>
    words
      .slice(at, at + GRAM)
      .map(({ word }) => word)
      .join(' ');
  texts.forEach((text, t) => {
    for (let at = 0; at + GRAM <= text.words.length; at++) {
      const gram = gramAt(text, at);
      const entry = found.get(gram) ?? { texts: new Set(), problems: new Set() };
      found.set(gram, entry);
      entry.texts.add(t);
      entry.problems.add(text.problemId);
    }
  });
  const least = Math.max(2, Math.ceil(texts.length * LEAST));
  /** The texts that have a gram; null where they are too few. */
  const owners = (gram: string): string | null => {
    const entry = found.get(gram);
    if (entry === undefined || entry.texts.size < least || entry.problems.size < leastProblems) return null;
    return [...entry.texts].join(' ');
  };
  const used = new Set<string>();
  const runs: { text: string; line: string; texts: number }[] = [];
  for (const text of texts) {
    for (let at = 0; at + GRAM <= text.words.length; at++) {
      const first = gramAt(text, at);
      const key = owners(first);
      if (key === null || used.has(first)) continue;
      let end = at;
      for (let gram = first; ; gram = gramAt(text, ++end)) {
        used.add(gram);
        const next = end + 1 + GRAM <= text.words.length ? gramAt(text, end + 1) : null;
        if (next === null || used.has(next) || owners(next) !== key || end - at + 1 + GRAM > LONGEST) break;
      }
      const words = text.words.slice(at, end + GRAM);
      runs.push({
        text: text.text.slice(words[0]?.from, words.at(-1)?.to).replace(/\s+/g, ' '),
        line: ` ${words.map(({ word }) => word).join(' ')} `,
        texts: found.get(first)?.texts.size ?? 0,
      });
    }
  }
  return runs.sort((a, b) => b.texts - a.texts).slice(0, COUNTED);
}
