/**
 * Fifty updates of GRPO on fixed rollouts of the embedded policy: the CPU kernels, which share prompts and fuse
 * everything, against an engine that shares no arithmetic with them. The rollouts are given, so nothing that is drawn
 * can differ: what does is rounding alone.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { datasets } from '../../src-main/datasets/index.ts';
import type { EngineFactory, Generated, PolicyEngine, TokenIds } from '../../src-main/engine/engine.ts';
import { engines } from '../../src-main/engine/index.ts';
import { promptText } from '../../src-main/model/prompt.ts';
import { loadTokenizer } from '../../src-main/model/tokenizer.ts';
import { objectives } from '../../src-main/objectives/index.ts';
import { resourcePath } from '../../src-main/resources.ts';
import { defaultsOf } from '../../src-shared/options.ts';
import { stream } from '../../src-shared/random.ts';

const UPDATES = 50;
const BATCHES = 10;
const PROBLEMS = 2;
const SAMPLES = 4;
const TEMPERATURE = 1;

interface Rollout extends Generated {
  readonly prompt: TokenIds;
  readonly advantage: number;
}

const baseline = factoryOf('tfjs-wasm');
const kernels = ['kernels-wasm', 'kernels-native'].map(factoryOf);

function factoryOf(id: string): EngineFactory {
  const factory = engines.find((engine) => engine.id === id);
  if (factory === undefined) throw new Error(`there is no engine ${id}`);
  return factory;
}

/** Groups of responses of the policy as it comes, with random advantages. */
async function rolloutsOf(engine: PolicyEngine): Promise<Rollout[][]> {
  const dataset = datasets.find(({ id }) => id === 'tinypy')?.open({});
  const problems = (await dataset?.load('train')) ?? [];
  const tokenizer = await loadTokenizer(resourcePath('policy'));
  const batches: Rollout[][] = [];
  for (let b = 0; b < BATCHES; b++) {
    const random = stream('fifty updates', b);
    const prompts = problems
      .slice(b * PROBLEMS, (b + 1) * PROBLEMS)
      .map((problem) => tokenizer.encode(promptText(problem, 'tinypy')))
      .flatMap((prompt) => new Array<TokenIds>(SAMPLES).fill(prompt));
    const generated = await engine.generate(prompts, {
      temperature: TEMPERATURE,
      topP: 1,
      topK: 0,
      maxNewTokens: 40,
      seed: b,
    });
    batches.push(
      generated.map((response, i) => ({ ...response, prompt: prompts[i] as TokenIds, advantage: random.normal() })),
    );
  }
  return batches;
}

/** Loss and gradient norm of each update. */
async function train(
  engine: PolicyEngine,
  batches: readonly Rollout[][],
): Promise<{ loss: number; gradNorm: number }[]> {
  const grpo = objectives.find(({ id }) => id === 'grpo');
  if (grpo === undefined) throw new Error('there is no objective grpo');
  const options = { ...defaultsOf(grpo.options), entropyCoefficient: 0.01 };
  const numbers: { loss: number; gradNorm: number }[] = [];
  for (let update = 0; update < UPDATES; update++) {
    const batch = batches[update % BATCHES] ?? [];
    const size = {
      sequences: batch.length,
      tokens: batch.reduce((sum, { tokens }) => sum + tokens.length, 0),
      maxNewTokens: 40,
    };
    const { loss } = await engine.accumulate(
      { sequences: batch.map(({ prompt, tokens }) => ({ prompt, response: tokens })), temperature: TEMPERATURE },
      (stats, offset) => {
        const parts = stats.map((s, i) => {
          const { advantage, stats: sampled } = batch[offset + i] as Rollout;
          return grpo.sequenceLoss(s, { advantage, oldLogprob: sampled.logprob, refLogprob: null }, size, options);
        });
        return { loss: parts.reduce((sum, part) => sum + part.loss, 0), derivatives: parts.map((p) => p.derivative) };
      },
    );
    const step = { learningRate: 2e-4, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 1 };
    numbers.push({ loss, ...(await engine.update(step)) });
  }
  return numbers;
}

/** Within a thousandth, or near 0 within a ten-thousandth. */
function expectNear(actual: number | undefined, expected: number, what: string): void {
  const tolerance = 1e-3 * Math.max(0.1, Math.abs(expected));
  if (!(Math.abs((actual ?? Number.NaN) - expected) <= tolerance))
    expect.fail(`${what} is ${actual}, expected ${expected} +- ${tolerance}`);
}

/** The rollouts and what the engine that shares no arithmetic makes of them. */
async function baselineRun() {
  const engine = await baseline.load(resourcePath('policy'));
  try {
    const batches = await rolloutsOf(engine);
    return { batches, expected: await train(engine, batches) };
  } finally {
    engine.dispose();
  }
}

const reason = await baseline.unavailable();

describe.skipIf(reason !== null)(`fifty updates, as ${baseline.id} makes them${reason ? ` (${reason})` : ''}`, () => {
  let made: Awaited<ReturnType<typeof baselineRun>>;
  beforeAll(async () => {
    made = await baselineRun();
  }, 120_000);

  for (const { id, load, unavailable } of kernels)
    test(`are those of ${id}`, async ({ skip }) => {
      const missing = await unavailable();
      if (missing !== null) skip(`${id}: ${missing}`);
      const { batches, expected } = made;
      const engine = await load(resourcePath('policy'));
      const actual = await train(engine, batches).finally(() => engine.dispose());
      for (const [i, { loss, gradNorm }] of expected.entries()) {
        expectNear(actual[i]?.loss, loss, `loss of update ${i + 1}`);
        // Later norms magnify what little the policies have come to differ by.
        if (i < BATCHES) expectNear(actual[i]?.gradNorm, gradNorm, `gradient norm of update ${i + 1}`);
      }
      // The updates are no formality: the policy gets better at what it was rewarded for.
      const passLoss = (pass: number) =>
        actual.slice(pass * BATCHES, (pass + 1) * BATCHES).reduce((sum, { loss }) => sum + loss, 0);
      expect(passLoss(UPDATES / BATCHES - 1)).toBeLessThan(passLoss(0) - 0.1);
    }, 120_000);
});
