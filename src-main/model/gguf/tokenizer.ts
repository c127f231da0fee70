/**
 * The tokenizer inside a GGUF file as the files of Hugging Face's that it was made from. Only byte-level BPE: what a file
 * calls its pre-tokenizer stands for expressions that are listed here (llama-vocab.cpp of ggml-org/llama.cpp), in the
 * form that the published tokenizer.json of the same policies have.
 */
import type { Companions } from '../policy.ts';
import type { Metadata } from './metadata.ts';

const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
/** Llama 3's and Qwen 2's differ in the digits that stand together. */
const gpt4 = (digits: string) =>
  `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;

interface PreTokenizer {
  /** Each cuts what the one before it has left whole. */
  readonly splits: readonly string[];
  /** Unicode's composed form. */
  readonly isComposed?: boolean;
  /** A word that is a token is taken whole, whatever the merges say. */
  readonly ignoresMerges?: boolean;
  /** Where the file does not say whether a text begins with the first token. */
  readonly beginsWithBos?: boolean;
}

const LLAMA3: PreTokenizer = { splits: [gpt4('\\p{N}{1,3}')], ignoresMerges: true, beginsWithBos: true };
const QWEN2: PreTokenizer = { splits: [gpt4('\\p{N}')], isComposed: true };
const DEFAULT: PreTokenizer = {
  splits: ['[\\p{P}\\$\\+<=>\\^~\\|]+', GPT2, '\\p{N}+', '[0-9][0-9][0-9]'],
};
const PRE_TOKENIZERS: ReadonlyMap<string, PreTokenizer> = new Map([
  ['gpt-2', { splits: [GPT2] }],
  ['smollm', { splits: ['\\p{N}', GPT2] }],
  ['qwen2', QWEN2],
  ['deepseek-r1-qwen', QWEN2],
  ['llama-bpe', LLAMA3],
  ['llama3', LLAMA3],
  ['default', DEFAULT],
]);

/** ggml's kinds of tokens. */
const CONTROL = 3;
const USER_DEFINED = 4;

const id = (name: string) => `tokenizer.ggml.${name}_token_id`;

/** Tokens that end a response: of the text, of a turn, of a message. */
export function endIds(metadata: Metadata): [number, ...number[]] {
  const eos = metadata.optionalCount(id('eos')) ?? metadata.tokenId(id('eot'));
  const others = ['eot', 'eom'].map((name) => metadata.optionalCount(id(name))).filter((other) => other !== null);
  return [eos, ...new Set(others.filter((other) => other !== eos))];
}

/** @throws Error naming the file, the key, its value and what is allowed. */
export function ggufCompanions(metadata: Metadata): Companions {
  const { path } = metadata;
  metadata.oneOf('tokenizer.ggml.model', new Map([['gpt2', 'byte-level BPE']]));
  const pre = metadata.oneOf('tokenizer.ggml.pre', PRE_TOKENIZERS, 'default');
  const tokens = metadata.texts('tokenizer.ggml.tokens');
  const named = (name: string): string | null => {
    const found = metadata.optionalCount(id(name));
    if (found === null) return null;
    const token = tokens[found];
    if (token === undefined)
      throw new Error(`${path}: ${id(name)} is ${found}; the tokenizer has tokens 0 to ${tokens.length - 1}`);
    return token;
  };
  const ends = endIds(metadata);
  const end = tokens[ends[0]];
  if (end === undefined)
    throw new Error(`${path}: ${id('eos')} is ${ends[0]}; the tokenizer has tokens 0 to ${tokens.length - 1}`);
  const bos = named('bos');
  const addsBos = bos !== null && (metadata.flag('tokenizer.ggml.add_bos_token') ?? pre.beginsWithBos ?? false);
  const chat = metadata.optionalText('tokenizer.chat_template');
  const pad = named('padding');
  const config = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    add_bos_token: addsBos,
    ...(bos !== null && { bos_token: bos }),
    eos_token: end,
    ...(pad !== null && { pad_token: pad }),
    clean_up_tokenization_spaces: false,
    ...(chat !== null && { chat_template: chat }),
  };
  const generation = {
    ...(bos !== null && { bos_token_id: tokens.indexOf(bos) }),
    eos_token_id: ends.length > 1 ? ends : ends[0],
  };
  return new Map([
    ['tokenizer.json', JSON.stringify(tokenizerJson(metadata, tokens, pre, addsBos ? bos : null))],
    ['tokenizer_config.json', `${JSON.stringify(config, null, 2)}\n`],
    ['generation_config.json', `${JSON.stringify(generation, null, 2)}\n`],
  ]);
}

function tokenizerJson(metadata: Metadata, tokens: readonly string[], pre: PreTokenizer, bos: string | null) {
  const { path } = metadata;
  const types = metadata.numbers('tokenizer.ggml.token_type');
  if (types !== null && types.length !== tokens.length)
    throw new Error(`${path}: tokenizer.ggml.token_type has ${types.length} entries for ${tokens.length} tokens`);
  const vocab = Object.fromEntries(tokens.map((token, i) => [token, i]));
  const seen = new Set<string>();
  for (const token of tokens) {
    if (seen.has(token)) throw new Error(`${path}: tokenizer.ggml.tokens: ${JSON.stringify(token)} stands there twice`);
    seen.add(token);
  }
  const merges = metadata.texts('tokenizer.ggml.merges').map((merge, i) => {
    // A symbol may be a space only in the raw form of old files, which no byte-level vocabulary has.
    const [left, right, more] = merge.split(' ');
    if (!left || !right || more !== undefined)
      throw new Error(`${path}: tokenizer.ggml.merges: ${i}: ${JSON.stringify(merge)} is not two symbols`);
    return [left, right];
  });
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  const splits = pre.splits.map((pattern) => ({
    ...{ type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
  }));
  const added = tokens.flatMap((content, token) => {
    const type = types?.[token];
    if (type !== CONTROL && type !== USER_DEFINED) return [];
    const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
    return [{ id: token, content, ...flags, special: type === CONTROL }];
  });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: pre.isComposed ? { type: 'NFC' } : null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [...splits, byteLevel] },
    post_processor: bos === null ? { ...byteLevel, add_prefix_space: true } : beginsWith(bos, vocab[bos] as number),
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: pre.ignoresMerges ?? false,
      vocab,
      merges,
    },
  };
}

/** Text is preceded by a token. */
function beginsWith(token: string, tokenId: number) {
  const special = { SpecialToken: { id: token, type_id: 0 } };
  const sequence = (name: string, type: number) => ({ Sequence: { id: name, type_id: type } });
  return {
    type: 'TemplateProcessing',
    single: [special, sequence('A', 0)],
    pair: [special, sequence('A', 0), special, sequence('B', 1)],
    special_tokens: { [token]: { id: token, ids: [tokenId], tokens: [token] } },
  };
}
