/** A policy's tokenizer, read from the Hugging Face files tokenizer.json and tokenizer_config.json of its folder. */
import { join } from 'node:path';
import { Tokenizer as HfTokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { AssayError } from '../../src-shared/errors.ts';
import { writeFileAtomically } from './atomic-file.ts';
import type { TokenizerFiles } from './bpe-trainer.ts';
import { parseJson } from './json.ts';
import type { Companions } from './policy.ts';
import { policyCompanions } from './policy-files.ts';
import { PROMPT_TEMPLATES, type PromptTemplate } from './prompt.ts';

export interface Tokenizer {
  /** Largest id + 1. */
  readonly vocabSize: number;
  readonly eosId: number;
  /** How the policy wants to be asked. */
  readonly template: PromptTemplate;
  /** The Jinja template of a conversation; null for a policy that has none. */
  readonly chatTemplate: string | null;
  /** What a text begins with that no conversation's template makes; empty where that is nothing. */
  readonly opening: string;
  /** Of the tokens that chat templates name. */
  readonly special: { readonly bos_token: string; readonly eos_token: string };
  /** Adds nothing at either end. A special token's name in the text becomes that token. */
  encode(text: string): Int32Array;
  /** The inverse of `encode` for well-formed text. Special tokens are kept; ids without a token are left out. */
  decode(ids: ArrayLike<number>): string;
  /** One token for display: bytes that are no whole character are shown as U+FFFD. */
  tokenText(id: number): string;
}

const TOKENIZER_FILE = 'tokenizer.json';
const CONFIG_FILE = 'tokenizer_config.json';
const CHAT_FILE = 'chat_template.jinja';

const named = z.union([z.string(), z.object({ content: z.string() }).transform((token) => token.content)]);
/** Of several templates, the one for ordinary conversations. */
function defaultTemplate(templates: readonly { readonly name: string; readonly template: string }[]): string | null {
  return templates.find(({ name }) => name === 'default')?.template ?? null;
}
const fileSchema = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: z.number().int().nonnegative(), content: z.string() })),
  model: z.looseObject({ type: z.literal('BPE', 'must be "BPE"'), vocab: z.record(z.string(), z.number().int()) }),
});
const configSchema = z.looseObject({
  eos_token: named,
  bos_token: named.nullish(),
  // Policies from elsewhere do not name a template; those that were taught to converse have one of their own.
  prompt_template: z.enum(PROMPT_TEMPLATES).optional(),
  chat_template: z
    .union([z.string(), z.array(z.object({ name: z.string(), template: z.string() })).transform(defaultTemplate)])
    .nullish(),
});

/** @param path Of a policy. @throws AssayError naming the file, the field and what is allowed. */
export async function loadTokenizer(path: string): Promise<Tokenizer> {
  return tokenizerOf(await policyCompanions(path), path);
}

/** @param path Where the companions are from; named in errors. */
export function tokenizerOf(companions: Companions, path: string): Tokenizer {
  const text = (name: string) => {
    const found = companions.get(name);
    if (found !== undefined) return found;
    throw new AssayError('not-found', `${join(path, name)}: there is no such file; a policy folder needs it`);
  };
  return parseTokenizer(
    {
      tokenizerJson: text(TOKENIZER_FILE),
      tokenizerConfigJson: text(CONFIG_FILE),
      chatTemplate: companions.get(CHAT_FILE) ?? null,
    },
    path,
  );
}

/** Write both files into an existing folder. */
export async function saveTokenizer(folder: string, files: TokenizerFiles): Promise<void> {
  const encoder = new TextEncoder();
  await writeFileAtomically(join(folder, TOKENIZER_FILE), [encoder.encode(files.tokenizerJson)]);
  await writeFileAtomically(join(folder, CONFIG_FILE), [encoder.encode(files.tokenizerConfigJson)]);
}

/** @param folder Where the text came from; named in errors. */
export function parseTokenizer(
  files: TokenizerFiles & { readonly chatTemplate?: string | null },
  folder: string,
): Tokenizer {
  const file = parseJson(fileSchema, files.tokenizerJson, join(folder, TOKENIZER_FILE));
  const config = parseJson(configSchema, files.tokenizerConfigJson, join(folder, CONFIG_FILE));
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

  const chatTemplate = files.chatTemplate ?? config.chat_template ?? null;
  const bos = config.bos_token ?? '';
  const decode = (ids: ArrayLike<number>): string => {
    // The embedding of a larger model has rows without a token; nothing can be written for them.
    const known = Array.from(ids).filter((id) => tokenizer.id_to_token(id) !== undefined);
    if (known.length === 0) return '';
    return tokenizer.decode(known, { skip_special_tokens: false, clean_up_tokenization_spaces: false });
  };
  return {
    vocabSize,
    eosId,
    template: config.prompt_template ?? (chatTemplate === null ? 'plain' : 'chat'),
    chatTemplate,
    opening: tokenizer.encode('', { add_special_tokens: true }).ids.length > 0 ? bos : '',
    special: { bos_token: bos, eos_token: config.eos_token },
    encode: (text) => Int32Array.from(tokenizer.encode(text, { add_special_tokens: false }).ids),
    decode,
    tokenText: (id) => decode([id]),
  };
}
