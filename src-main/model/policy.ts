/** What every form of a policy on disk gives: its shape, where its weights lie, and the files that go with them. */
import type { ModelConfig } from './config.ts';
import type { StoredTensor } from './stored-tensor.ts';

export interface PolicyFiles {
  /** A folder or a file, as it was given. */
  readonly path: string;
  readonly config: ModelConfig;
  /** Every tensor of `weightShapes(config)`, in that order and of those shapes. Read them with `streamRows`. */
  readonly tensors: readonly StoredTensor[];
  readonly companions: Companions;
}

/** Text of the files that stand beside configuration and weights in a policy folder, by name. */
export type Companions = ReadonlyMap<string, string>;

/** Names of companions; a policy needs the first two. */
export const companionNames = [
  'tokenizer.json',
  'tokenizer_config.json',
  'chat_template.jinja',
  'special_tokens_map.json',
  'generation_config.json',
] as const;
