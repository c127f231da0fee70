/**
 * Trains a byte-level BPE tokenizer (Sennrich et al. 2016; bytes as in GPT-2) and writes it as a Hugging Face
 * tokenizer.json. Deterministic: the most frequent pair is merged, the lexicographically first of equals.
 */
import { Tokenizer as HfTokenizer } from '@huggingface/tokenizers';
import type { PromptTemplate } from './prompt.ts';

/** Text of the two files of a tokenizer. */
export interface TokenizerFiles {
  readonly tokenizerJson: string;
  readonly tokenizerConfigJson: string;
}

export interface TokenizerRecipe {
  readonly corpus: Iterable<string>;
  /** Upper bound of the vocabulary, special tokens and 256 bytes included; smaller where no pair is left to merge. */
  readonly vocabSize: number;
  readonly template: PromptTemplate;
}

const EOS = '<eos>';
/** Ids 0, 1, 2. Only the end of the sequence is "special": the tags are part of a response's text. */
const ADDED_TOKENS = [EOS, '<think>', '</think>'];
/** A pair that occurs less often is no unit of the language. */
const LEAST_COUNT = 2;

/**
 * Where text is cut before pairs are counted. Digits stand alone, so that numbers keep their places. White space goes
 * with the word behind it (two letters or backticks at least), else a single space goes with what is before it, and a
 * call's name ends with its parenthesis: so `x+` is one token wherever it stands. A line that a colon opens stays
 * together with its colon.
 */
const SPLIT =
  '\\p{N}|\\s*\\p{L}{2,}\\(|(?:\\s+(?=[\\p{L}`]{2}))?[^\\s\\p{N}]+(?:(?<=:)\\n *(?=[\\p{L}`]{2})[^\\s\\p{N}]+)*(?: (?![\\p{L}`]{2}|\\s))?|\\s+';

export function trainTokenizer({ corpus, vocabSize, template }: TokenizerRecipe): TokenizerFiles {
  const least = ADDED_TOKENS.length + 256;
  if (vocabSize < least) throw new RangeError(`vocabSize: ${vocabSize} is too small; allowed is ${least} or more`);
  const words = countWords(corpus);
  const merges: [string, string][] = [];
  const tokens = [...ADDED_TOKENS, ...byteAlphabet()];
  while (tokens.length < vocabSize) {
    const pair = bestPair(words);
    if (pair === null) break;
    merges.push(pair);
    // Two pairs can spell the same token; it has one id.
    if (!tokens.includes(pair.join(''))) tokens.push(pair.join(''));
    for (const word of words) merge(word.symbols, pair);
  }
  return {
    tokenizerJson: `${JSON.stringify(tokenizerJson(tokens, merges), null, 1)}\n`,
    tokenizerConfigJson: `${JSON.stringify(tokenizerConfig(template), null, 2)}\n`,
  };
}

interface Word {
  readonly symbols: string[];
  readonly count: number;
}

function countWords(corpus: Iterable<string>): Word[] {
  const untrained = new HfTokenizer(tokenizerJson([...ADDED_TOKENS, ...byteAlphabet()], []), tokenizerConfig('plain'));
  const tags = new RegExp(ADDED_TOKENS.join('|'));
  const counts = new Map<string, number>();
  for (const text of corpus)
    for (const part of text.split(tags))
      for (const word of untrained.pre_tokenizer?.pre_tokenize(part) ?? [])
        counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => ({ symbols: Array.from(word), count }));
}

function bestPair(words: readonly Word[]): [string, string] | null {
  const counts = new Map<string, number>();
  for (const { symbols, count } of words)
    for (let i = 1; i < symbols.length; i++) {
      // No symbol holds a space: the byte alphabet writes it as another character.
      const pair = `${symbols[i - 1]} ${symbols[i]}`;
      counts.set(pair, (counts.get(pair) ?? 0) + count);
    }
  let best: string | null = null;
  let most = LEAST_COUNT - 1;
  for (const [pair, count] of counts)
    if (count > most || (count === most && best !== null && pair < best)) {
      best = pair;
      most = count;
    }
  return best === null ? null : (best.split(' ') as [string, string]);
}

function merge(symbols: string[], [left, right]: readonly [string, string]): void {
  for (let i = 0; i + 1 < symbols.length; i++)
    if (symbols[i] === left && symbols[i + 1] === right) symbols.splice(i, 2, left + right);
}

/** GPT-2's printable stand-ins for the bytes 0..255: a byte stands for itself where it can be seen. */
function byteAlphabet(): string[] {
  let hidden = 0;
  return Array.from({ length: 256 }, (_, byte) => {
    const visible = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
    return String.fromCodePoint(visible ? byte : 256 + hidden++);
  });
}

function tokenizerJson(tokens: readonly string[], merges: readonly (readonly [string, string])[]) {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: ADDED_TOKENS.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: content === EOS,
    })),
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: SPLIT }, behavior: 'Isolated', invert: false },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: merges.map((pair) => pair.join(' ')),
    },
  };
}

function tokenizerConfig(template: PromptTemplate) {
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: null,
    eos_token: EOS,
    pad_token: EOS,
    unk_token: null,
    clean_up_tokenization_spaces: false,
    /** Ours: other programs ignore it. */
    prompt_template: template,
  };
}
