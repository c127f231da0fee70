/** Every series that a run logs, as `family/name`, with what it means and how to draw it. */
import { z } from 'zod';
import { ACCURACY_METRICS } from './accuracy.ts';
import { DIAGNOSTIC_METRICS } from './diagnostics.ts';
import { SIGNAL_METRICS } from './signals.ts';
import { SYSTEM_METRICS } from './system-metrics.ts';

export const metricSchema = z.object({
  name: z.string(),
  title: z.string(),
  help: z.string(),
  unit: z.enum(['fraction', 'tokens', 'nats', 'words', 'seconds', 'count', 'bytes', 'per second', 'number']),
  /** Where the definition comes from. */
  source: z.string(),
});
export type Metric = z.infer<typeof metricSchema>;

const define = <const M extends readonly Metric[]>(metrics: M): M => metrics;

/**
 * `train/*` are over the training rollouts of the step, `eval/*` over validation samples. Certainty statistics are
 * token-level masked means at the sampling temperature: never compare them across temperatures. `reward/*` are means
 * over the training rollouts of the step of what the reward is made of.
 */
export const METRICS = define([
  {
    name: 'eval/avg@k',
    title: 'Validation accuracy',
    unit: 'fraction',
    help: 'Mean over problems of the mean over k samples that pass every test.',
    source: 'val-core/livecodebench/acc/mean@4 of the study',
  },
  {
    name: 'eval/avg@k-se',
    title: 'Standard error of validation accuracy',
    unit: 'fraction',
    help: 'Standard deviation of the per-problem means (n-1) over the square root of the number of problems.',
    source: 'own choice',
  },
  {
    name: 'eval/pass@k',
    title: 'Validation pass@k',
    unit: 'fraction',
    help: 'pass@k with k the samples of a problem: the share of problems with a sample that passes.',
    source: 'LiveCodeBench pass_k_utils',
  },
  ...ACCURACY_METRICS,
  {
    name: 'eval/length',
    title: 'Validation response length',
    unit: 'tokens',
    help: 'Mean response length of validation samples, truncated included.',
    source: 'val_response_length/mean of the study',
  },
  {
    name: 'eval/thinking-words',
    title: 'Thinking and reasoning words',
    unit: 'words',
    help: 'Count of the 25 words of the study (analyze, conclude, determine, think, ...) per validation response, mean.',
    source: 'val_token/thinking_and_reasoning of the study',
  },
  {
    name: 'eval/repetition',
    title: 'Repetition ratio',
    unit: 'fraction',
    help: 'Share of 20-grams of words already seen in the response, mean; 0 below 20 words.',
    source: 'val_token/repetition_ratio of the study',
  },
  {
    name: 'eval/reasoning',
    title: 'Responses with reasoning',
    unit: 'fraction',
    help: 'Validation responses with text inside <think>...</think>.',
    source: 'own choice',
  },
  {
    name: 'eval/truncated',
    title: 'Truncated validation responses',
    unit: 'fraction',
    help: 'Validation responses that ran into the length limit.',
    source: 'own choice',
  },
  {
    name: 'eval/token-entropy',
    title: 'Validation token entropy',
    unit: 'nats',
    help: 'Mean over tokens of validation samples of -sum p ln p, at the temperature of validation.',
    source: 'own choice; as train/token-entropy',
  },
  {
    name: 'eval/trajectory-entropy',
    title: 'Validation trajectory entropy',
    unit: 'nats',
    help: 'Mean over tokens of validation samples of -ln p(token), at the temperature of validation.',
    source: 'own choice; as train/trajectory-entropy',
  },
  {
    name: 'eval/self-certainty',
    title: 'Validation self-certainty',
    unit: 'nats',
    help: 'Mean over tokens of validation samples of KL(uniform || p), at the temperature of validation.',
    source: 'own choice; as train/self-certainty',
  },
  {
    name: 'eval/disparity',
    title: 'Validation probability disparity',
    unit: 'fraction',
    help: 'Mean over tokens of validation samples of the largest minus the second largest probability, at the temperature of validation.',
    source: 'own choice; as train/disparity',
  },
  {
    name: 'train/accuracy',
    title: 'Training accuracy',
    unit: 'fraction',
    help: 'Training rollouts that pass every test; measured for every reward, used only by unit tests.',
    source: 'own choice',
  },
  {
    name: 'train/reward',
    title: 'Reward',
    unit: 'number',
    help: 'Mean reward of the scored rollouts.',
    source: 'critic/rewards/mean of verl',
  },
  {
    name: 'train/reward-std',
    title: 'Reward spread',
    unit: 'number',
    help: 'Mean over groups of the standard deviation (n-1) of the reward.',
    source: 'reward_std of TRL',
  },
  {
    name: 'reward/source',
    title: 'Score of the reward',
    unit: 'number',
    help: 'Mean score of the chosen reward, before weight and flips.',
    source: 'own choice',
  },
  {
    name: 'reward/second',
    title: 'Score of the second reward',
    unit: 'number',
    help: 'Mean score of the second reward, before its weight. A gap where there is none.',
    source: 'own choice',
  },
  {
    name: 'reward/format',
    title: 'Format penalty',
    unit: 'number',
    help: 'Mean of -1 where a response has no code block, else 0, before its weight. A gap where it is off.',
    source: 'Aletheia',
  },
  {
    name: 'reward/overlong',
    title: 'Soft overlong penalty',
    unit: 'number',
    help: 'Mean penalty for length, -1 to 0, before its weight. A gap where it is off.',
    source: 'DAPO, arXiv 2503.14476',
  },
  {
    name: 'reward/length',
    title: 'Short length penalty',
    unit: 'number',
    help: 'Mean penalty for short responses, -1 to 0, before its weight. A gap where it is off.',
    source: 'ArcherCodeR, formula inferred',
  },
  {
    name: 'reward/flipped',
    title: 'Flipped scores',
    unit: 'fraction',
    help: 'Share of the scored rollouts whose score was turned into its opposite. A gap where nothing is flipped.',
    source: 'own choice',
  },
  {
    name: 'train/length',
    title: 'Response length',
    unit: 'tokens',
    help: 'Mean response length, truncated included.',
    source: 'response_length/mean of the study',
  },
  {
    name: 'train/truncated',
    title: 'Truncated responses',
    unit: 'fraction',
    help: 'Rollouts that ran into the length limit.',
    source: 'response_length/clip_ratio of verl',
  },
  {
    name: 'train/reasoning',
    title: 'Training responses with reasoning',
    unit: 'fraction',
    help: 'Training rollouts with text inside <think>...</think>.',
    source: 'own choice',
  },
  {
    name: 'train/thinking-words',
    title: 'Thinking and reasoning words (training)',
    unit: 'words',
    help: 'The same count as eval/thinking-words, over training rollouts.',
    source: 'the word list of the study',
  },
  {
    name: 'train/token-entropy',
    title: 'Token entropy',
    unit: 'nats',
    help: 'Mean over tokens of the entropy of the next-token distribution.',
    source: 'internal_metrics/token_entropy of the study',
  },
  {
    name: 'train/trajectory-entropy',
    title: 'Trajectory entropy',
    unit: 'nats',
    help: 'Mean over tokens of -ln p(token).',
    source: 'internal_metrics/trajectory_entropy of the study',
  },
  {
    name: 'train/self-certainty',
    title: 'Self-certainty',
    unit: 'nats',
    help: 'Mean over tokens of KL(uniform || p) = logsumexp(z) - mean z - ln V. The study logs the same plus the constant ln V.',
    source: 'internal_metrics/self_certainty of the study',
  },
  {
    name: 'train/disparity',
    title: 'Probability disparity',
    unit: 'fraction',
    help: 'Mean over tokens of the largest minus the second largest probability.',
    source: 'internal_metrics/probability_disparity of the study',
  },
  {
    name: 'train/action-reward',
    title: 'Action reward',
    unit: 'nats',
    help: 'Mean over rollouts of (sum of ln p) / longest response allowed. Not a reward; tends to 0 as responses shorten or sharpen.',
    source: 'actor/action_reward of the study',
  },
  {
    name: 'train/loss',
    title: 'Loss',
    unit: 'number',
    help: 'Objective, mean over the updates of the step.',
    source: 'actor/pg_loss of verl',
  },
  {
    name: 'train/kl',
    title: 'KL to reference',
    unit: 'nats',
    help: 'Mean over tokens of the k3 estimator against the reference policy. A gap where no reference policy is kept.',
    source: 'actor/kl_loss of verl',
  },
  {
    name: 'train/old-kl',
    title: 'KL to sampling policy',
    unit: 'nats',
    help: 'Mean over tokens of oldLogprob - logprob during the updates (k1).',
    source: 'actor/ppo_kl of verl',
  },
  {
    name: 'train/clip-fraction',
    title: 'Clipped tokens',
    unit: 'fraction',
    help: 'Share of tokens whose ratio was clipped and carries no gradient.',
    source: 'actor/pg_clipfrac of verl',
  },
  {
    name: 'train/grad-norm',
    title: 'Gradient norm',
    unit: 'number',
    help: 'Global gradient norm before clipping, mean over updates.',
    source: 'actor/grad_norm of verl',
  },
  {
    name: 'train/learning-rate',
    title: 'Learning rate',
    unit: 'number',
    help: 'Learning rate of the last update of the step.',
    source: 'actor/lr of verl',
  },
  {
    name: 'train/dropped-groups',
    title: 'Dropped groups',
    unit: 'count',
    help: 'Groups with too few scored rollouts to learn from: fewer than two, or none where the advantage takes single ones.',
    source: 'own choice',
  },
  {
    name: 'train/flat-groups',
    title: 'Groups without signal',
    unit: 'fraction',
    help: 'Groups whose rewards are all equal, so that no advantage is left.',
    source: 'frac_reward_zero_std of TRL',
  },
  {
    name: 'train/tokens',
    title: 'Tokens trained',
    unit: 'tokens',
    help: 'Response tokens of all rollouts so far.',
    source: 'own choice',
  },
  { name: 'sandbox/passed', title: 'Passed', unit: 'fraction', help: 'Rollouts by verdict.', source: 'own choice' },
  {
    name: 'sandbox/no-code',
    title: 'No code',
    unit: 'fraction',
    help: 'Rollouts without a code block, or without a final answer where one is asked for.',
    source: 'own choice',
  },
  {
    name: 'sandbox/wrong-answer',
    title: 'Wrong answer',
    unit: 'fraction',
    help: 'Rollouts by verdict.',
    source: 'own choice',
  },
  {
    name: 'sandbox/runtime-error',
    title: 'Runtime error',
    unit: 'fraction',
    help: 'Rollouts by verdict.',
    source: 'own choice',
  },
  {
    name: 'sandbox/compile-error',
    title: 'Compile error',
    unit: 'fraction',
    help: 'Rollouts by verdict.',
    source: 'own choice',
  },
  {
    name: 'sandbox/limits',
    title: 'Limit exceeded',
    unit: 'fraction',
    help: 'Rollouts stopped by the time, memory or output limit.',
    source: 'own choice',
  },
  {
    name: 'sandbox/sandbox-error',
    title: 'Sandbox error',
    unit: 'fraction',
    help: 'Rollouts that the sandbox could not judge; they score null.',
    source: 'own choice',
  },
  {
    name: 'time/step',
    title: 'Seconds per step',
    unit: 'seconds',
    help: 'Wall-clock time of the step, validation excluded.',
    source: 'own choice',
  },
  {
    name: 'time/rollouts',
    title: 'Seconds sampling',
    unit: 'seconds',
    help: 'Wall-clock time of generation.',
    source: 'own choice',
  },
  {
    name: 'time/rewards',
    title: 'Seconds scoring',
    unit: 'seconds',
    help: 'Wall-clock time of sandbox and rewards.',
    source: 'own choice',
  },
  {
    name: 'time/updates',
    title: 'Seconds updating',
    unit: 'seconds',
    help: 'Wall-clock time of the updates.',
    source: 'own choice',
  },
  {
    name: 'time/evaluation',
    title: 'Seconds validating',
    unit: 'seconds',
    help: 'Wall-clock time of validation.',
    source: 'own choice',
  },
  ...DIAGNOSTIC_METRICS,
  ...SIGNAL_METRICS,
  ...SYSTEM_METRICS,
] as const);

export type MetricName = (typeof METRICS)[number]['name'];
/** The metrics of one step. A metric that has no value at this step is absent: a gap, never 0. */
export type StepMetrics = { readonly [N in MetricName]?: number };
export const stepMetricsSchema = z.partialRecord(
  z.enum(METRICS.map((m) => m.name) as [MetricName, ...MetricName[]]),
  z.number(),
);
/** The metrics of one step as they are kept: those of an imported run may have any name. */
export const loggedMetricsSchema = z.record(z.string().min(1).max(200), z.number());
export type LoggedMetrics = Readonly<z.infer<typeof loggedMetricsSchema>>;
