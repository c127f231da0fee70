/** Entry of the process that measures how fast an engine is: one question, one answer, and it ends. */
import { constants, setPriority } from 'node:os';
import { z } from 'zod';
import { measureRate } from './estimate/rate.ts';

interface ParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: { data: unknown }) => void): void;
}

setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
const questionSchema = z.object({ engine: z.string(), products: z.boolean().default(false) });
const { parentPort } = process as NodeJS.Process & { readonly parentPort?: ParentPort };

async function answer(question: unknown): Promise<void> {
  const { engine, products } = questionSchema.parse(question);
  const message = { rate: await measureRate(engine, products) };
  if (parentPort !== undefined) {
    parentPort.postMessage(message);
    // It is not said when the message has left.
    setTimeout(() => process.exit(0), 200);
  }
  process.send?.(message, () => process.exit(0));
}

function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}

if (parentPort !== undefined) parentPort.on('message', ({ data }) => void answer(data).catch(fail));
else process.on('message', (question) => void answer(question).catch(fail));
