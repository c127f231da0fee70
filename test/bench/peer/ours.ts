/**
 * Assay's side of engine.bench.ts, the counterpart of torch_peer.py: `node ours.ts train|generate|memory <folder>
 * <seconds> <engine>`. The threads are as many as the cores that this process may use.
 */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Objective, OptimizerStep, PolicyEngine, Scored } from '../../../src-main/engine/engine.ts';
import { findEngine } from '../../../src-main/engine/index.ts';
import { mean } from '../../../src-main/stats/describe.ts';
import type { FirstStepLine, MemoryLine, RateLine } from './figures.ts';
import type { BatchFile } from './workloads.ts';

const step: OptimizerStep = {
  learningRate: 1e-4,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  maxGradNorm: 1,
};

function say(line: FirstStepLine | RateLine | MemoryLine | { ready: true }): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** A field of /proc/self/status in bytes: VmRSS (resident now) or VmHWM (its peak). */
function statusBytes(field: 'VmRSS' | 'VmHWM'): number {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(match?.[1]) * 1024;
}

/** GRPO's loss at the first update, -sum(advantage * logprob) / predicted tokens, and its step. */
function trainer(engine: PolicyEngine, { tokens, advantages }: BatchFile): () => Promise<FirstStepLine> {
  const sequences = tokens.map(
    (sequence): Scored => ({
      prompt: Int32Array.from(sequence.slice(0, 1)),
      response: Int32Array.from(sequence.slice(1)),
    }),
  );
  const predicted = predictedTokens(tokens);
  const objective: Objective = (stats, offset) => {
    let loss = 0;
    const derivatives = stats.map(({ logprob }, s) => {
      const weight = -(advantages[offset + s] as number) / predicted;
      for (const value of logprob) loss += weight * value;
      return { logprob: new Float32Array(logprob.length).fill(weight) };
    });
    return { loss, derivatives };
  };
  return async () => {
    const { loss } = await engine.accumulate({ sequences, temperature: 1 }, objective);
    return { loss, gradNorm: (await engine.update(step)).gradNorm };
  };
}

function predictedTokens(sequences: readonly (readonly number[])[]): number {
  return sequences.reduce((sum, { length }) => sum + length - 1, 0);
}

function generator(engine: PolicyEngine, { prompts, newTokens }: BatchFile): () => Promise<RateLine> {
  const promptTokens = prompts.map((prompt) => Int32Array.from(prompt));
  let seed = 0;
  return async () => {
    const started = performance.now();
    const sampling = { temperature: 1, topP: 1, topK: 0, maxNewTokens: newTokens, seed: seed++ };
    const responses = await engine.generate(promptTokens, sampling);
    const seconds = (performance.now() - started) / 1000;
    for (const [i, { tokens }] of responses.entries())
      if (tokens.length !== newTokens)
        throw new Error(`response ${i} has ${tokens.length} tokens; without an end it must have ${newTokens}`);
    const entropy = mean(responses.map(({ stats }) => mean([...stats.entropy])));
    return { tokens: responses.length * newTokens, seconds, entropy };
  };
}

/** Repeat until `seconds` have passed, at least once. */
async function repeat(seconds: number, work: () => Promise<RateLine>): Promise<RateLine> {
  const lines: RateLine[] = [];
  const started = performance.now();
  do lines.push(await work());
  while (performance.now() - started < seconds * 1000);
  const total = (of: (line: RateLine) => number) => lines.reduce((sum, line) => sum + of(line), 0);
  const entropies = lines.flatMap(({ entropy }) => entropy ?? []);
  return {
    tokens: total((line) => line.tokens),
    seconds: total((line) => line.seconds),
    ...(entropies.length > 0 && { entropy: mean(entropies) }),
  };
}

const [figure, folder = '', seconds, id = ''] = process.argv.slice(2);
const factory = await findEngine(id);
const before = statusBytes('VmRSS');
const batch = JSON.parse(await readFile(join(folder, 'batch.json'), 'utf8')) as BatchFile;
const engine = await factory.load(folder);
let measure: (() => Promise<RateLine>) | undefined;
if (figure === 'generate') {
  measure = generator(engine, batch);
  await measure();
  say({ ready: true });
} else if (figure === 'train' || figure === 'memory') {
  const train = trainer(engine, batch);
  const first = await train();
  if (figure === 'train') {
    say(first);
    const tokens = predictedTokens(batch.tokens);
    measure = async () => {
      const started = performance.now();
      await train();
      return { tokens, seconds: (performance.now() - started) / 1000 };
    };
  } else {
    // Two steps, as PyTorch makes, whose moments stand beside the activations from the second on.
    await train();
    const rawBytes = statusBytes('VmHWM');
    say({ rawBytes, netBytes: rawBytes - before });
  }
} else throw new Error(`figure ${figure} is unknown; allowed is train, generate, memory`);
if (measure !== undefined)
  for await (const _ of createInterface({ input: process.stdin })) say(await repeat(Number(seconds), measure));
engine.dispose();
