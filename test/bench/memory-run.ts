/** One real run in this process, for memory.bench.ts: `memory-run.ts <order as JSON>`. Prints the most memory it had, in bytes. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { resolveConfig } from '../../src-main/catalogue.ts';
import { trainOrder } from '../../src-main/training/index.ts';
import { optionValueSchema } from '../../src-shared/options.ts';

const { policyFolder, checkpointsFolder, values } = z
  .object({
    policyFolder: z.string(),
    checkpointsFolder: z.string(),
    values: z.record(z.string(), optionValueSchema),
  })
  .parse(JSON.parse(process.argv[2] ?? ''));
const config = resolveConfig({ preset: null, values });
const training = trainOrder(
  { runId: 'bench', config, policyFolder, resume: null, checkpointsFolder },
  {
    // Nothing is judged here: the sandbox has processes of its own.
    execute: async (programs) => programs.map(() => ({ verdict: 'wrong-answer', tests: [] })),
    gate: async () => ({ stop: false }),
    progress: () => undefined,
  },
);
const most = () => 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
const after: Record<string, number> = {};
for await (const { kind } of training) after[kind] = most();
console.log(JSON.stringify({ most: most(), after }));
