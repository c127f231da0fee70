/**
 * How fast an engine computes on this machine: measured once, in a process of its own, when an estimate first asks for
 * it, and kept in the data folder. A rate of a small model of common shape: larger ones reach more, smaller ones less.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { findEngine } from '../engine/index.ts';
import { writeFileAtomically } from '../model/atomic-file.ts';
import type { ModelConfig } from '../model/config.ts';
import type { StartWorker } from '../runs/worker-process.ts';
import { forwardFlops, trainingFlops } from './flops.ts';
import { machineName } from './machine.ts';

const rateSchema = z.object({
  /** Floating-point operations a second, with all that is around them: drawing tokens one after another, and updating. */
  generating: z.number().positive(),
  training: z.number().positive(),
  /** Of matrix products alone; absent where nobody asked for it yet, and so are the next two. */
  products: z.number().positive().optional(),
  /** What it was measured on, as the engine names it, and with which build. */
  device: z.string().optional(),
  build: z.string().optional(),
});
export type Rate = z.infer<typeof rateSchema>;

const fileSchema = z.object({ machine: z.string(), rates: z.record(z.string(), rateSchema) });
const answerSchema = z.object({ rate: rateSchema });
const FILE = 'rates.json';
const LONGEST_MS = 60_000;
const LONGEST_WITH_PRODUCTS_MS = 180_000;
const MOST_GOES = 8;
const ENOUGH_MS = 1000;

const model: ModelConfig = {
  ...{ vocabSize: 2048, hiddenSize: 256, intermediateSize: 768, layers: 4, heads: 8, kvHeads: 4, headDim: 32 },
  ...{ ropeTheta: 10_000, normEpsilon: 1e-6, maxPositions: 256, qkvBias: false, qkNorm: false, tiedEmbeddings: true },
  ...{ bosTokenId: null, eosTokenId: 1_000_000_000 },
};
const GENERATED = { sequences: 32, prompt: 16, tokens: 16 };
const TRAINED = { sequences: 16, prompt: 16, tokens: 48 };

/** Measure an engine in this process; takes a few seconds on a slow one. @param products Those too. */
export async function measureRate(id: string, products = false): Promise<Rate> {
  const engine = await (await findEngine(id)).create(model, 1);
  try {
    const prompts = Array.from({ length: GENERATED.sequences }, (_, i) => new Int32Array(GENERATED.prompt).fill(i));
    const sampling = { temperature: 1, topP: 1, topK: 0, maxNewTokens: GENERATED.tokens, seed: 1 };
    const sequences = Array.from({ length: TRAINED.sequences }, (_, i) => ({
      prompt: new Int32Array(TRAINED.prompt).fill(i),
      response: new Int32Array(TRAINED.tokens).fill(i),
    }));
    const derivative = { logprob: new Float32Array(TRAINED.tokens).fill(1e-3) };
    const generate = () => engine.generate(prompts, sampling);
    const train = () =>
      engine.accumulate({ sequences, temperature: 1 }, (stats) => ({
        loss: 0,
        derivatives: stats.map(() => derivative),
      }));
    const { sequences: drawn, prompt, tokens } = GENERATED;
    const generating = (drawn * (prompt + tokens) * forwardFlops(model, prompt)) / (await secondsOf(generate));
    const rows = TRAINED.sequences * (TRAINED.prompt + TRAINED.tokens);
    const full = { adapter: 'none', recompute: false };
    const training = (rows * trainingFlops(model, full, TRAINED.tokens / 2)) / (await secondsOf(train));
    const { device, build } = engine.device;
    return { generating, training, ...(products ? { products: await productRate(id), device, build } : {}) };
  } finally {
    engine.dispose();
  }
}

/** Widths of the one layer that products are measured with, and when a pass is long enough to tell. */
const WIDTHS = [256, 512, 1024];
const LONG_ENOUGH = 0.1;

/** Through an engine's own forward pass, nearly all of which is matrix products here: on whatever it computes. */
async function productRate(id: string): Promise<number> {
  const factory = await findEngine(id);
  let rate = 0;
  for (const width of WIDTHS) {
    const wide = { ...model, vocabSize: 64, hiddenSize: width, intermediateSize: 4 * width, layers: 1 };
    const shape = { ...wide, heads: 8, kvHeads: 8, headDim: width / 8 };
    const engine = await factory.create({ ...shape, eosTokenId: 0 }, 1);
    try {
      // The last layer is computed only for rows that predict: nearly all.
      const [prompt, response] = [new Int32Array(1).fill(1), new Int32Array(63).fill(1)];
      const sequences = Array.from({ length: width / 32 }, () => ({ prompt, response }));
      const seconds = await secondsOf(() => engine.score(sequences, 1));
      rate = Math.max(rate, (sequences.length * 63 * forwardFlops(shape, 32)) / seconds);
      if (seconds > LONG_ENOUGH) break;
    } finally {
      engine.dispose();
    }
  }
  return rate;
}

/** Of the quickest go, after one that warms up: what else the machine does only ever slows one down. */
async function secondsOf(body: () => Promise<unknown>): Promise<number> {
  await body();
  let best = Number.POSITIVE_INFINITY;
  const begun = performance.now();
  for (let go = 0; go < 2 || (go < MOST_GOES && performance.now() - begun < ENOUGH_MS); go++) {
    const started = performance.now();
    await body();
    best = Math.min(best, performance.now() - started);
  }
  return Math.max(best, 0.01) / 1000;
}

export class Rates {
  readonly #file: string;
  readonly #home: string;
  readonly #start: StartWorker;
  readonly #entry: string;
  readonly #asked = new Map<string, Promise<Rate | null>>();

  /** @param entry Module that a worker process measures with. */
  constructor(home: string, start: StartWorker, entry: string) {
    this.#home = home;
    this.#file = join(home, FILE);
    this.#start = start;
    this.#entry = entry;
  }

  /** As kept, else measured now and kept; null where it could not be measured, which is tried once. */
  of(engine: string): Promise<Rate | null> {
    const asked = this.#asked.get(engine) ?? this.#find(engine);
    this.#asked.set(engine, asked);
    return asked;
  }

  /** As kept; null where it was never measured on this machine. */
  async known(engine: string): Promise<Rate | null> {
    return (await this.#asked.get(engine)) ?? (await this.#kept())[engine] ?? null;
  }

  async #find(engine: string): Promise<Rate | null> {
    const kept = await this.#kept();
    const rate = kept[engine] ?? (await this.#measured(engine, false));
    if (rate !== null && kept[engine] === undefined) await this.#keep(engine, rate);
    return rate;
  }

  /** Measured now, products too, whatever is kept: a driver may be another by now. Null where it cannot be. */
  async measure(engine: string): Promise<Rate | null> {
    const rate = await this.#measured(engine, true);
    if (rate === null) return null;
    this.#asked.set(engine, Promise.resolve(rate));
    await this.#keep(engine, rate);
    return rate;
  }

  async #keep(engine: string, rate: Rate): Promise<void> {
    if (!existsSync(this.#home)) return;
    const rates = { ...(await this.#kept()), [engine]: rate };
    const text = `${JSON.stringify({ machine: machineName(), rates }, null, 2)}\n`;
    await writeFileAtomically(this.#file, [new TextEncoder().encode(text)]);
  }

  /** Nothing where the file is of another machine, or is none. */
  async #kept(): Promise<Record<string, Rate>> {
    if (!existsSync(this.#file)) return {};
    let json: unknown;
    try {
      json = JSON.parse(await readFile(this.#file, 'utf8'));
    } catch (error) {
      if (error instanceof SyntaxError) return {};
      throw error;
    }
    const parsed = fileSchema.safeParse(json);
    return parsed.success && parsed.data.machine === machineName() ? parsed.data.rates : {};
  }

  #measured(engine: string, products: boolean): Promise<Rate | null> {
    return new Promise((resolve) => {
      let rate: Rate | null = null;
      const worker = this.#start(this.#entry, {
        onMessage: (message) => {
          const answer = answerSchema.safeParse(message);
          if (answer.success) rate = answer.data.rate;
        },
        // What a library prints is nobody's concern here; that nothing was measured is said by the answer.
        onOutput: () => undefined,
        onExit: () => {
          clearTimeout(timer);
          resolve(rate);
        },
      });
      const timer = setTimeout(() => worker.kill(), products ? LONGEST_WITH_PRODUCTS_MS : LONGEST_MS);
      worker.send({ engine, products });
    });
  }
}
