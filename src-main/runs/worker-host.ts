/**
 * The worker's side of the channel: receives one order, runs the training that it is given, delivers every event and
 * waits until it is stored, and turns pause, resume and stop into the training loop's gate. Ends with the process.
 */
import { AssayError, fromErrorData, toErrorData } from '../../src-shared/errors.ts';
import type { RunEvent } from '../../src-shared/events.ts';
import type { ProgramResult } from '../../src-shared/verdict.ts';
import type { Services, Training, TrainingOrder } from '../training/order.ts';
import { createGpuMeter, type GpuMeter } from './gpu-meter.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { createSystemSampler, type SystemSampler } from './system-sampler.ts';

/** How long a failing worker waits for its last word to be heard. */
const LAST_WORD_MS = 2000;

type Trainer = (order: TrainingOrder, services: Services) => Training;

interface Channel {
  send(message: FromWorker): void;
  onMessage(listener: (message: ToWorker) => void): void;
}

/** Electron gives a utility process `process.parentPort`, with the message in `data`. */
interface ParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: { data: ToWorker }) => void): void;
}

function openChannel(): Channel {
  const { parentPort } = process as NodeJS.Process & { readonly parentPort?: ParentPort };
  if (parentPort !== undefined)
    return {
      send: (message) => parentPort.postMessage(message),
      onMessage: (listener) => parentPort.on('message', ({ data }) => listener(data)),
    };
  if (process.send === undefined)
    throw new AssayError('internal', 'The worker has no parent: Assay starts it by itself');
  // A worker without its parent would train for nobody. Electron ends a utility process by itself.
  process.on('disconnect', () => process.exit(1));
  return {
    send: (message) => void process.send?.(message),
    onMessage: (listener) => void process.on('message', listener),
  };
}

/** Answers that are awaited, by number. */
class Awaited<T> {
  readonly #waiting = new Map<number, { resolve(value: T): void; reject(error: Error): void }>();
  #last = 0;

  ask(send: (number: number) => void): Promise<T> {
    const number = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      send(number);
    });
  }

  resolve(number: number, value: T): void {
    this.#take(number)?.resolve(value);
  }

  reject(number: number, error: Error): void {
    this.#take(number)?.reject(error);
  }

  #take(number: number) {
    const found = this.#waiting.get(number);
    this.#waiting.delete(number);
    return found;
  }
}

/** Where the loop waits between steps. */
class Gate {
  readonly #report: (state: 'paused' | 'resumed') => void;
  #isPausing = false;
  #isStopping = false;
  #open: (() => void) | null = null;

  constructor(report: (state: 'paused' | 'resumed') => void) {
    this.#report = report;
  }

  set(command: 'pause' | 'resume' | 'stop'): void {
    if (command === 'stop') this.#isStopping = true;
    else this.#isPausing = command === 'pause';
    if (this.#isStopping || !this.#isPausing) this.#open?.();
  }

  async pass(): Promise<{ readonly stop: boolean }> {
    if (this.#isPausing && !this.#isStopping) {
      this.#report('paused');
      // Again after a resume that another pause took back.
      while (this.#isPausing && !this.#isStopping)
        await new Promise<void>((resolve) => {
          this.#open = resolve;
        });
      if (!this.#isStopping) this.#report('resumed');
    }
    return { stop: this.#isStopping };
  }
}

/** A step with what it cost the machine. */
const withSystem = (event: RunEvent, system: SystemSampler, gpu: GpuMeter | null): RunEvent =>
  event.kind === 'step' ? { ...event, metrics: { ...event.metrics, ...system.sample(), ...gpu?.sample() } } : event;

/** Serve one order with `train`, then end the process. */
export function hostTraining(train: Trainer): void {
  const channel = openChannel();
  const acks = new Awaited<void>();
  const verdicts = new Awaited<readonly ProgramResult[]>();
  const system = createSystemSampler();
  const gate = new Gate((kind) => channel.send({ kind }));

  const services: Services = {
    execute: async (programs) => {
      const results = await verdicts.ask((id) => channel.send({ kind: 'execute', id, programs }));
      system.judged(results.reduce((tests, result) => tests + result.tests.length, 0));
      return results;
    },
    gate: () => gate.pass(),
    progress: (event) => channel.send({ kind: 'progress', event }),
  };

  /** The last word; the process lives until it was heard, then ends whatever else is still open in it. */
  const fail = async (error: unknown): Promise<never> => {
    // Goes to the run's log; the message itself has only one line.
    console.error(error);
    setTimeout(() => process.exit(1), LAST_WORD_MS).unref();
    await acks.ask((number) => channel.send({ kind: 'failed', number, error: toErrorData(error) }));
    process.exit(0);
  };

  const serve = async (order: TrainingOrder): Promise<void> => {
    const training = train(order, services);
    let gpu: GpuMeter | null = null;
    let next = await training.next();
    while (!next.done) {
      if (next.value.kind === 'started') gpu = createGpuMeter(next.value.engine.engine);
      const event = withSystem(next.value, system, gpu);
      await acks.ask((number) => channel.send({ kind: 'event', number, event }));
      next = await training.next();
    }
    const outcome = next.value;
    await acks.ask((number) => channel.send({ kind: 'ended', number, outcome }));
    process.exit(0);
  };

  channel.onMessage((message) => {
    if (message.kind === 'train') void serve(message.order).catch(fail);
    else if (message.kind === 'ack') acks.resolve(message.number);
    else if (message.kind === 'executed') verdicts.resolve(message.id, message.results);
    else if (message.kind === 'execute-failed') verdicts.reject(message.id, fromErrorData(message.error));
    else gate.set(message.kind);
  });
  process.on('uncaughtException', (error) => void fail(error));
  // Ctrl-C in a terminal reaches every process of the group; the main process decides, and asks this one to stop.
  process.on('SIGINT', () => undefined);
}
