/**
 * Everything the app can do, in one place: every call with its input and output, and every event. The desktop window
 * reaches it over IPC, a browser over HTTP and WebSocket, the command line directly.
 */
import { z } from 'zod';
import { comparisonCalls } from './comparison.ts';
import { deviceCalls } from './devices.ts';
import { errorSchema } from './errors.ts';
import { estimateSchema, planEstimateSchema } from './estimate.ts';
import { fingerprintsSchema } from './fingerprints.ts';
import { lineageCalls } from './lineage.ts';
import { memorySettingsSchema } from './memory.ts';
import { loggedMetricsSchema, metricSchema } from './metrics.ts';
import { modelCalls, modelEvents } from './models.ts';
import { optionSchema, optionValueSchema } from './options.ts';
import { organiseCalls, organiseEvents } from './organise.ts';
import { problemSetCalls } from './problem-sets.ts';
import { reportCalls } from './report.ts';
import { rolloutSchema, rolloutSummarySchema } from './rollout.ts';
import { rolloutCalls } from './rollouts.ts';
import { choiceSchema, RUN_STATUSES } from './run.ts';
import { seriesCalls } from './series.ts';
import { studyCalls, studyEvents } from './study.ts';
import { transferCalls } from './transfer.ts';
import { LANGUAGES, testSchema, VERDICTS } from './verdict.ts';
import { viewCalls } from './views.ts';

// The JIT of zod calls `new Function`, which the window's content-security policy forbids.
z.config({ jitless: true });

const id = z.string().min(1).max(64);
const step = z.number().int().nonnegative();
/** Milliseconds since 1970. */
const time = z.number();

/** Full path (`rollouts.groupSize`, `reward.kind`, `reward.options.credit`) to value. */
const flatValues = z.record(z.string(), optionValueSchema);
export type FlatValues = z.infer<typeof flatValues>;

const member = z.object({
  id: z.string(),
  title: z.string(),
  help: z.string(),
  options: z.record(z.string(), optionSchema),
});
export const catalogueSchema = z.object({
  /** Groups in the order of the form. A group has plain options, or a family whose member is chosen at `<id>.kind`. */
  groups: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      options: z.record(z.string(), optionSchema),
      members: z.array(member),
      defaultMember: z.string().nullable(),
    }),
  ),
  presets: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      help: z.string(),
      /** One sentence: the question that it answers. */
      when: z.string(),
      /** Heading that it is found under. */
      group: z.string(),
      values: flatValues,
      /** Where each value comes from, by its path. */
      sources: z.record(z.string(), z.string()).optional(),
    }),
  ),
  engines: z.array(z.object({ id: z.string(), title: z.string(), unavailable: z.string().nullable() })),
  metrics: z.array(metricSchema),
});
export type Catalogue = z.infer<typeof catalogueSchema>;

/** A resolved configuration as it was stored: group to values. */
const configSchema = z.object({
  name: z.string(),
  preset: z.string().nullable(),
  problems: choiceSchema,
  reward: choiceSchema,
  advantage: choiceSchema,
  objective: choiceSchema,
  policy: z.record(z.string(), optionValueSchema),
  /** Empty where a run was stored without it: nothing was shaped. */
  shaping: z.record(z.string(), optionValueSchema).default({}),
  rollouts: z.record(z.string(), optionValueSchema),
  optimiser: z.record(z.string(), optionValueSchema),
  evaluation: z.record(z.string(), optionValueSchema),
  limits: z.record(z.string(), optionValueSchema),
  seeds: z.record(z.string(), optionValueSchema),
  /** What another tool was configured with, by its own keys; only of imported runs. */
  other: z.record(z.string(), optionValueSchema).optional(),
});
export type StoredConfig = z.infer<typeof configSchema>;

export const runSummarySchema = z.object({
  id,
  /** Small whole number that people use: #14. */
  number: z.number().int(),
  name: z.string(),
  status: z.enum(RUN_STATUSES),
  preset: z.string().nullable(),
  reward: z.string(),
  /** Null where the tool that an imported run comes from does not say. */
  seed: z.number().nullable(),
  step,
  /** 0: an evaluation, which validates its policy once and does not train. */
  steps: step,
  createdAt: time,
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  /** Estimate of the training time left; null when unknown or not running. */
  secondsLeft: z.number().nullable(),
  engine: z.string().nullable(),
  /** Validation avg@k by step: at most 32 points, the first, last, lowest and highest among them. */
  accuracy: z.array(z.object({ step, value: z.number() })),
  /** One line; set when the run failed or was interrupted. */
  error: z.string().nullable(),
  /** Checkpoint that the policy started from; null for the embedded policy or a folder. */
  parentCheckpointId: id.nullable(),
  /** The run that this one is the matched control of: the same budget and seed, from the policy that its parent began with. */
  controlOf: id.nullable(),
  /** Trained on the problems that it is validated on: none of its accuracies is held out. */
  testTime: z.boolean(),
  /** Id of the study that had it launched. */
  study: z.string().nullable(),
  tags: z.array(z.string()),
  /** Where it was imported from; null for a run that was trained here. */
  origin: z.object({ format: z.string(), file: z.string() }).nullable(),
  /** First 12 hex digits of the SHA-256 of its configuration, name and preset left out. */
  configHash: z.string(),
});
export type RunSummary = z.infer<typeof runSummarySchema>;

/** Where a run collapsed (src-main/diagnostics/collapse.ts): responses shorten, run to the cap with trajectory entropy
 * near zero, or the reward rises while held-out accuracy falls. */
export const collapseMarkSchema = z.object({
  mode: z.enum(['short', 'cap', 'hacking']),
  /** First step that shows it. */
  onset: step,
  /** The evidence, in one line. */
  why: z.string(),
  /** Where to go back to: of the checkpoints up to the onset that were validated, the best, the earliest of equals; null
   * where there is none. */
  bestCheckpoint: z.object({ id, step, accuracy: z.number() }).nullable(),
});
export type CollapseMark = z.infer<typeof collapseMarkSchema>;

export const runDetailSchema = runSummarySchema.extend({
  config: configSchema,
  codeVersion: z.string(),
  datasetHash: z.string().nullable(),
  device: z.string().nullable(),
  precision: z.string().nullable(),
  parameters: z.number().nullable(),
  isolation: z.string().nullable(),
  /** Hashes of what it is measured with; null where they were not recorded. */
  fingerprints: fingerprintsSchema.nullable(),
  /** The first collapse that the watch found; null where there is none so far. */
  collapse: collapseMarkSchema.nullable(),
});
export type RunDetail = z.infer<typeof runDetailSchema>;

export const checkpointSchema = z.object({
  id,
  runId: id,
  step,
  /** The checkpoint that this one was trained from: the previous one of the run, or the one the run started from. */
  parentId: id.nullable(),
  folder: z.string(),
  bytes: z.number(),
  createdAt: time,
  /** Last validation accuracy at or before this step. */
  accuracy: z.number().nullable(),
});
export type Checkpoint = z.infer<typeof checkpointSchema>;

export const runNoteSchema = z.object({
  id: z.number().int(),
  runId: id,
  step,
  at: time,
  level: z.enum(['info', 'warning', 'error']),
  message: z.string(),
});
export type RunNote = z.infer<typeof runNoteSchema>;

export const statusSchema = z.object({
  version: z.string(),
  home: z.string(),
  /** Engine that `auto` stands for on this machine. */
  engine: z.string().nullable(),
  running: z.number().int(),
  queued: z.number().int(),
  /** Percent of one core, this process and its children. */
  cpuPercent: z.number(),
  memoryBytes: z.number(),
  isolation: z.object({ level: z.string(), detail: z.string() }).nullable(),
  testsPerSecond: z.number(),
});
export type AppStatus = z.infer<typeof statusSchema>;

/** The sandbox that is in force, what it promises, and what it can run. */
export const sandboxInfoSchema = z.object({
  isolation: z.object({ level: z.string(), detail: z.string(), network: z.boolean() }),
  /** Every promise that a sandbox can make; those that this one does not make are not claimed. */
  claims: z.array(z.object({ id: z.string(), title: z.string(), claimed: z.boolean() })),
  /** How to get the strongest isolation; null where it is in force. */
  advice: z.string().nullable(),
  languages: z.array(
    z.object({
      language: z.enum(LANGUAGES),
      title: z.string(),
      kinds: z.array(testSchema.shape.kind),
      version: z.string().nullable(),
      /** What is missing and how to install it; null where it can be run. */
      missing: z.string().nullable(),
    }),
  ),
});
export type SandboxInfo = z.infer<typeof sandboxInfoSchema>;

/** What the canaries, programs whose verdicts are known, say of a sandbox. */
export const canaryReportSchema = z.object({
  /** Level of isolation that they were run under. */
  isolation: z.string(),
  results: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      language: z.enum(LANGUAGES),
      /** Id of the claim that it puts to the test. */
      claim: z.string(),
      /** What the program tries, in one line. */
      tries: z.string(),
      /** Any of these shows that the sandbox holds. */
      expected: z.array(z.enum(VERDICTS)),
      /** Null where it was not run. */
      got: z.enum(VERDICTS).nullable(),
      detail: z.string().nullable(),
      /** Null where this isolation does not promise to hold it, so that it was not run. */
      held: z.boolean().nullable(),
      wallMs: z.number(),
    }),
  ),
  /** All that was run held. */
  held: z.boolean(),
});
export type CanaryReport = z.infer<typeof canaryReportSchema>;

/** What a program that a person tries may be and use. */
export const PROGRAM_BOUNDS = {
  codeChars: 1 << 20,
  tests: 200,
  /** Of all tests together, written as JSON. */
  testChars: 4 << 20,
  wallMs: { min: 50, max: 60_000 },
  memoryMb: { min: 64, max: 8192 },
} as const;

/** Limits of one test. */
export const programLimitsSchema = z.strictObject({
  wallMs: z.int().min(PROGRAM_BOUNDS.wallMs.min).max(PROGRAM_BOUNDS.wallMs.max).optional(),
  memoryMb: z.int().min(PROGRAM_BOUNDS.memoryMb.min).max(PROGRAM_BOUNDS.memoryMb.max).optional(),
});

export const programTestsSchema = z
  .array(testSchema)
  .min(1)
  .max(PROGRAM_BOUNDS.tests)
  .refine(
    (tests) => JSON.stringify(tests).length <= PROGRAM_BOUNDS.testChars,
    `Too big: all tests together may have ${PROGRAM_BOUNDS.testChars} characters`,
  );

const programSchema = z.strictObject({
  language: z.enum(LANGUAGES),
  code: z.string().max(PROGRAM_BOUNDS.codeChars),
  /** The function that functional tests and asserts call. */
  functionName: z.string().max(200).optional(),
  tests: programTestsSchema,
  stopAtFirstFailure: z.boolean().optional(),
  limits: programLimitsSchema.optional(),
});

export const programResultSchema = z.object({
  verdict: z.enum(VERDICTS),
  tests: z.array(
    z.object({
      verdict: z.enum(VERDICTS),
      got: z.string().nullable(),
      detail: z.string().nullable(),
      wallMs: z.number(),
      memoryMb: z.number().nullable(),
    }),
  ),
});

/** By default the sandbox of the runs; a level opens one of its own for this call. */
const isolation = z.string().max(32).optional();

const runRef = z.object({ runId: id });
export const optionErrorSchema = z.object({ path: z.string(), message: z.string() });

/** A configuration: what differs from a preset, or from the defaults. */
const requestSchema = z.object({ preset: z.string().nullable(), values: flatValues });

/** Calls. An input that does not parse is an error `usage` before the body runs. */
export const calls = {
  /** Everything that can be chosen: option descriptors, family members, presets, engines, metrics. */
  catalogue: { input: z.object({}), output: catalogueSchema },
  status: { input: z.object({}), output: statusSchema },
  /** Check values as `launchRun` would, without starting anything. All errors, each with its path. */
  checkRun: {
    input: requestSchema,
    output: z.object({ errors: z.array(optionErrorSchema) }),
  },
  /** What a run would take: memory by part, time, disk, and what would take less. An engine that has trained nothing
   * here yet is measured first, which takes seconds; with `wait` the answer comes after that. */
  estimateRun: { input: requestSchema.extend({ wait: z.boolean().default(false) }), output: estimateSchema },
  /** The same of runs that are made one after another. */
  estimateRuns: {
    input: z.object({ runs: z.array(requestSchema).min(1).max(10_000), wait: z.boolean().default(false) }),
    output: planEstimateSchema,
  },
  /** Resolve preset and values (by path) over the defaults, store the run and queue it. @throws `usage` where it needs
   * more memory than this machine has, or more disk than is free. */
  launchRun: {
    input: z.object({
      name: z.string().max(120).optional(),
      preset: z.string().nullable(),
      values: flatValues,
      study: z.string().max(64).optional(),
      controlOf: id.optional(),
    }),
    output: runRef,
  },
  /** All runs but those in the bin, newest first. */
  runs: { input: z.object({}), output: z.array(runSummarySchema) },
  run: { input: runRef, output: runDetailSchema },
  /** Pause after the current step; the worker keeps its memory. */
  pauseRun: { input: runRef, output: z.object({}) },
  /** Let a paused run go on, or queue a stopped, finished, failed or interrupted one from its last checkpoint, up to `steps`,
   * held in memory as `memory` says from now on. */
  resumeRun: {
    input: runRef.extend({ steps: z.number().int().positive().optional(), memory: memorySettingsSchema.optional() }),
    output: z.object({}),
  },
  /** Stop after the current step, writing a checkpoint; a queued run just leaves the queue. */
  stopRun: { input: runRef, output: z.object({}) },
  /** Metrics of the steps after `afterStep` (-1: all), in order. */
  metrics: {
    input: runRef.extend({ afterStep: z.number().int().min(-1) }),
    output: z.array(z.object({ step, metrics: loggedMetricsSchema })),
  },
  /** Rollouts of one step and split, in group order. */
  rollouts: {
    input: runRef.extend({ step, split: z.enum(['train', 'eval']) }),
    output: z.array(rolloutSummarySchema),
  },
  /** Steps that have rollouts. */
  rolloutSteps: {
    input: runRef,
    output: z.array(z.object({ step, split: z.enum(['train', 'eval']), count: z.number().int() })),
  },
  rollout: { input: z.object({ rolloutId: z.number().int() }), output: rolloutSchema },
  checkpoints: { input: runRef, output: z.array(checkpointSchema) },
  notes: { input: runRef, output: z.array(runNoteSchema) },
  sandboxInfo: { input: z.object({}), output: sandboxInfoSchema },
  /** Run a program on tests, in the sandbox that runs use. Whatever the program does is a verdict. */
  runProgram: { input: programSchema, output: programResultSchema },
  /** Try the canaries anew, and say what they were tried in. */
  checkSandbox: {
    input: z.object({ isolation }),
    output: z.object({ info: sandboxInfoSchema, report: canaryReportSchema }),
  },
  ...organiseCalls,
  ...seriesCalls,
  ...rolloutCalls,
  ...viewCalls,
  ...deviceCalls,
  ...reportCalls,
  ...comparisonCalls,
  ...lineageCalls,
  ...transferCalls,
  ...studyCalls,
  ...problemSetCalls,
  ...modelCalls,
} as const;

/** Events, published after the store has them. */
export const events = {
  /** A run was created or its summary changed. */
  run: runSummarySchema,
  step: runRef.extend({ step, metrics: loggedMetricsSchema }),
  progress: runRef.extend({
    step,
    phase: z.enum(['sampling', 'scoring', 'updating', 'validating', 'saving']),
    fraction: z.number(),
  }),
  note: runNoteSchema,
  checkpoint: checkpointSchema,
  ...organiseEvents,
  ...studyEvents,
  ...modelEvents,
} as const;

export type Calls = typeof calls;
export type CallName = keyof Calls;
export type EventName = keyof typeof events;
export type EventPayload<E extends EventName> = z.infer<(typeof events)[E]>;

export type Api = {
  [C in CallName]: (input: z.input<Calls[C]['input']>) => Promise<z.output<Calls[C]['output']>>;
} & {
  /** Listen to an event; returns the function that stops listening. */
  on<E extends EventName>(event: E, listener: (payload: EventPayload<E>) => void): () => void;
};

/** What crosses a process boundary in answer to a call. */
export const replySchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), error: errorSchema }),
]);
export type Reply = z.infer<typeof replySchema>;

/** The one seam between a client and the app: Electron IPC, WebSocket and tests each give one of these. */
export interface Transport {
  call(name: CallName, input: unknown): Promise<unknown>;
  /** Every event of every kind; the client sorts them. Returns the function that stops listening. */
  listen(listener: (event: string, payload: unknown) => void): () => void;
}
