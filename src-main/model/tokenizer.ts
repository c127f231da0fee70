/** A policy's tokenizer, read from the Hugging Face files tokenizer.json and tokenizer_config.json of its folder. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer as HfTokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { AssayError } from '../../src-shared/errors.ts';
import { writeFileAtomically } from './atomic-file.ts';
import type { TokenizerFiles } from './bpe-trainer.ts';
import { PROMPT_TEMPLATES, type PromptTemplate } from './prompt.ts';

export interface Tokenizer {
  /** Largest id + 1. */
  readonly vocabSize: number;
  readonly eosId: number;
  /** How the policy wants to be asked. */
  readonly template: PromptTemplate;
  /** Adds nothing at either end. A special token's name in the text becomes that token. */
  encode(text: string): Int32Array;
  /** The inverse of `encode` for well-formed text. Special tokens are kept; ids without a token are left out. */
  decode(ids: ArrayLike<number>): string;
  /** One token for display: bytes that are no whole character are shown as U+FFFD. */
  tokenText(id: number): string;
}

const TOKENIZER_FILE = 'tokenizer.json';
const CONFIG_FILE = 'tokenizer_config.json';

const named = z.union([z.string(), z.object({ content: z.string() }).transform((token) => token.content)]);
const fileSchema = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: z.number().int().nonnegative(), content: z.string() })),
  model: z.looseObject({ type: z.literal('BPE', 'must be "BPE"'), vocab: z.record(z.string(), z.number().int()) }),
});
const configSchema = z.looseObject({
  eos_token: named,
  // Policies from elsewhere do not name a template.
  prompt_template: z.enum(PROMPT_TEMPLATES).default('plain'),
});

/** @throws AssayError naming the file, the field and what is allowed. */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const [tokenizerPath, configPath] = [join(folder, TOKENIZER_FILE), join(folder, CONFIG_FILE)];
  const [tokenizerJson, tokenizerConfigJson] = await Promise.all([readText(tokenizerPath), readText(configPath)]);
  return parseTokenizer({ tokenizerJson, tokenizerConfigJson }, folder);
}

/** Write both files into an existing folder. */
export async function saveTokenizer(folder: string, files: TokenizerFiles): Promise<void> {
  const encoder = new TextEncoder();
  await writeFileAtomically(join(folder, TOKENIZER_FILE), [encoder.encode(files.tokenizerJson)]);
  await writeFileAtomically(join(folder, CONFIG_FILE), [encoder.encode(files.tokenizerConfigJson)]);
}

/** @param folder Where the text came from; named in errors. */
export function parseTokenizer(files: TokenizerFiles, folder: string): Tokenizer {
  const file = parse(files.tokenizerJson, fileSchema, join(folder, TOKENIZER_FILE));
  const config = parse(files.tokenizerConfigJson, configSchema, join(folder, CONFIG_FILE));
  const tokenizer = new HfTokenizer(file, config);
  const eosId = tokenizer.token_to_id(config.eos_token);
  if (eosId === undefined)
    throw new AssayError(
      'corrupt',
      `${join(folder, CONFIG_FILE)}: eos_token: ${config.eos_token} is not a token of ${TOKENIZER_FILE}`,
    );
  let vocabSize = 0;
  for (const id of Object.values(file.model.vocab)) vocabSize = Math.max(vocabSize, id + 1);
  for (const { id } of file.added_tokens) vocabSize = Math.max(vocabSize, id + 1);

  const decode = (ids: ArrayLike<number>): string => {
    // The embedding of a larger model has rows without a token; nothing can be written for them.
    const known = Array.from(ids).filter((id) => tokenizer.id_to_token(id) !== undefined);
    if (known.length === 0) return '';
    return tokenizer.decode(known, { skip_special_tokens: false, clean_up_tokenization_spaces: false });
  };
  return {
    vocabSize,
    eosId,
    template: config.prompt_template,
    encode: (text) => Int32Array.from(tokenizer.encode(text, { add_special_tokens: false }).ids),
    decode,
    tokenText: (id) => decode([id]),
  };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new AssayError('not-found', `${path}: there is no such file; a policy folder needs it`, { cause: error });
  }
}

function parse<S extends z.ZodType>(text: string, schema: S, path: string): z.output<S> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new AssayError('corrupt', `${path}: not JSON (${(error as Error).message})`, { cause: error });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AssayError('corrupt', `${path}: ${issue?.path.join('.') || 'file'}: ${issue?.message ?? 'malformed'}`);
}
