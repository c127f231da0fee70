/**
 * Policies that a user brings: folders and GGUF files on this machine, what is known of each, and downloading them (and
 * data sets) from a Hugging Face hub. What the calls about them take and give.
 */
import { z } from 'zod';
import { errorSchema } from './errors.ts';

const bytes = z.number().int().nonnegative();
const count = z.number().int().nonnegative();
/** As a run's `policy.source` has it: `embedded`, or the path of a folder or GGUF file. */
const source = z.string().min(1).max(4096);
/** `owner/name`, `owner/name@revision`, `datasets/owner/name`, or the address of its page. */
const repo = z.string().trim().min(3).max(500);
/** A path inside a repository. */
const inside = z.string().min(1).max(1000);

/** Where a published policy came from: a commit is pinned, a revision (branch or tag) moves. */
export const originSchema = z.object({ repo: z.string(), revision: z.string(), commit: z.string() });

/** What a policy's authors sample it with; null where they do not say. */
export const samplingSchema = z.object({
  temperature: z.number().nullable(),
  topP: z.number().nullable(),
  topK: z.number().nullable(),
});

export const modelFactsSchema = z.object({
  format: z.enum(['safetensors', 'gguf']),
  /** As its files name it: `qwen2`, `llama`. */
  architecture: z.string(),
  parameters: count,
  /** How its numbers are written, those with most bytes first: `BF16`, `Q4_K`. */
  types: z.array(z.object({ name: z.string(), bytes })),
  layers: count,
  hiddenSize: count,
  /** Longest prompt and response together, in tokens. */
  context: count,
  vocabulary: count,
  chatTemplate: z.boolean(),
  /** Its template knows `enable_thinking`. */
  thinking: z.boolean(),
  /** Tokens that end a response. */
  endTokens: z.array(z.object({ id: count, text: z.string() })),
  /** Null where no `generation_config.json` is there. */
  sampling: samplingSchema.nullable(),
});
export type ModelFacts = z.infer<typeof modelFactsSchema>;

/** `embedded`: comes with Assay. `downloaded`: lies in the data folder. `used`: a run was launched from it. `opened`: was
 * looked at by its path. */
export const MODEL_KINDS = ['embedded', 'downloaded', 'used', 'opened'] as const;

export const modelSchema = z.object({
  source,
  name: z.string(),
  kind: z.enum(MODEL_KINDS),
  path: z.string(),
  origin: originSchema.nullable(),
  /** Of its files. */
  bytes,
  /** Null where it cannot be a policy. */
  facts: modelFactsSchema.nullable(),
  /** Why no run can start from it, in one line; null where one can. */
  refusal: z.string().nullable(),
  /** Runs that were launched from it. */
  runs: count,
});
export type Model = z.infer<typeof modelSchema>;

/** Memory of a run with default options, at its peak, in bytes. */
export const modelMemorySchema = z.object({
  engine: z.string(),
  /** All that this machine has. */
  machineBytes: bytes,
  /** Training all weights, training a LoRA adapter, and only drawing responses for a default group. */
  full: bytes,
  lora: bytes,
  generate: bytes,
  /** The engine computes on a device of its own, whose memory is not known here. */
  rough: z.boolean(),
});
export type ModelMemory = z.infer<typeof modelMemorySchema>;

/** What can be downloaded of a repository as one thing. */
export const repositoryChoiceSchema = z.object({
  /** A folder of the repository with a policy (`''`: the repository itself), or one file. */
  kind: z.enum(['folder', 'file']),
  path: z.string(),
  title: z.string(),
  bytes,
  files: z.array(z.object({ path: z.string(), bytes })),
  /** Why it cannot be used; null where it can. */
  refusal: z.string().nullable(),
});
export type RepositoryChoice = z.infer<typeof repositoryChoiceSchema>;

export const repositorySchema = z.object({
  repo: z.string(),
  kind: z.enum(['model', 'dataset']),
  revision: z.string(),
  commit: z.string(),
  /** Its owner lets in only those who agreed to conditions. */
  gated: z.boolean(),
  choices: z.array(repositoryChoiceSchema),
  /** On the disk of the data folder. */
  freeBytes: bytes,
});
export type Repository = z.infer<typeof repositorySchema>;

/** `starting`: what there is is listed and checked. `stopped` and `failed` go on where they were when asked for again. */
export const DOWNLOAD_STATES = ['starting', 'downloading', 'finished', 'stopped', 'failed'] as const;

export const downloadSchema = z.object({
  id: z.string(),
  repo: z.string(),
  revision: z.string(),
  /** What was asked for: a folder, or files; both null for what the repository offers by itself. */
  folder: z.string().nullable(),
  files: z.array(z.string()).nullable(),
  state: z.enum(DOWNLOAD_STATES),
  /** Null until it is known. */
  commit: z.string().nullable(),
  bytes,
  totalBytes: bytes,
  filesDone: count,
  filesTotal: count,
  /** The one that is under way. */
  file: z.object({ path: z.string(), bytes, totalBytes: bytes }).nullable(),
  bytesPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  error: errorSchema.nullable(),
  /** What it became, as `policy.source` has it or as a folder of data; null until it is finished. */
  path: z.string().nullable(),
});
export type Download = z.infer<typeof downloadSchema>;

const request = z.object({
  repo,
  /** Branch, tag or commit; one after an @ in `repo` counts too. */
  revision: z.string().trim().min(1).max(200).optional(),
  folder: inside.optional(),
  files: z.array(inside).min(1).max(1000).optional(),
});
export type DownloadRequest = z.infer<typeof request>;

export const modelCalls = {
  /** Every policy that is known here, and downloads that go on or could. */
  models: {
    input: z.object({}),
    output: z.object({ folder: z.string(), models: z.array(modelSchema), downloads: z.array(downloadSchema) }),
  },
  /** Look at a folder or a GGUF file. What is wrong with it is its `refusal`. */
  checkModel: { input: z.object({ path: source }), output: modelSchema },
  /** What runs of a policy take of this machine. @throws AssayError where it cannot be read. */
  modelMemory: { input: z.object({ source }), output: modelMemorySchema },
  /** What a hub's repository offers. @throws AssayError `network`, `not-found` or `usage`, with what to do. */
  repository: { input: request.pick({ repo: true, revision: true }), output: repositorySchema },
  /** Start a download, or go on with one; how it goes is told by `modelProgress`. @throws `conflict` where it goes on already. */
  fetchModel: { input: request, output: z.object({ id: z.string() }) },
  /** Stop a download. What is there stays, so that it can go on, unless it is discarded. */
  cancelFetch: { input: z.object({ id: z.string(), discard: z.boolean().default(false) }), output: z.object({}) },
  /** Take a downloaded policy away: for good at once, or after a minute, within which `restoreModel` brings it back. @throws
   * `conflict` where a run that is not over needs it. */
  removeModel: {
    input: z.object({ source, forGood: z.boolean().default(false) }),
    output: z.object({ undo: z.string(), bytes }),
  },
  restoreModel: { input: z.object({ undo: z.string().max(64) }), output: z.object({}) },
} as const;

export const modelEvents = {
  /** A download as it stands, at most four times a second. */
  modelProgress: downloadSchema,
} as const;
