/** The head and the tail of text that may be too long to keep. */

const MOST_CHARS = 4000;
const HEAD_CHARS = 3000;
const TAIL_CHARS = 900;
const BUFFER_CHARS = 1 << 16;

/** Takes text in pieces, holds little of it. */
export class Excerpt {
  #head = '';
  #tail = '';
  #length = 0;

  write(piece: string): void {
    this.#length += piece.length;
    const room = MOST_CHARS - this.#head.length;
    this.#head += piece.slice(0, room);
    this.#tail += piece.slice(room);
    if (this.#tail.length > BUFFER_CHARS) this.#tail = this.#tail.slice(-TAIL_CHARS);
  }

  /** The text where it has at most 4,000 characters (UTF-16 units, as all here); else its first 3,000 and its last 900,
   * less one where that would split a surrogate pair, and a line between them that says how many were left out. */
  toString(): string {
    if (this.#length <= MOST_CHARS) return owned(this.#head);
    const head = this.#head.slice(0, HEAD_CHARS).replace(/[\ud800-\udbff]$/, '');
    const tail = (this.#head + this.#tail).slice(-TAIL_CHARS).replace(/^[\udc00-\udfff]/, '');
    return owned(`${head}\n… ${this.#length - head.length - tail.length} characters left out …\n${tail}`);
  }
}

/** At most 4,000 characters of the text, as Excerpt has it. */
export function excerpt(text: string): string {
  const kept = new Excerpt();
  kept.write(text);
  return kept.toString();
}

/** In one line of at most `most` characters; what is cut off shows as an ellipsis. */
export function oneLine(text: string, most: number): string {
  const line = text
    .slice(0, 4 * most)
    .replace(/\s+/g, ' ')
    .trim();
  if (line.length <= most) return owned(line);
  return owned(`${line.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`);
}

/** The same text in memory of its own: a slice would keep the whole that it is of, megabytes, from being freed. */
const owned = (text: string): string => Buffer.from(text, 'utf16le').toString('utf16le');
