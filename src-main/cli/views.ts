/** The three ways to show a run that is going on. Missing values are left out or shown as a dash, never as 0. */
import { type Options as BarOptions, SingleBar } from 'cli-progress';
import type { RunSummary } from '../../src-shared/api.ts';
import type { StepMetrics } from '../../src-shared/metrics.ts';
import type { Io } from './io.ts';

/** What a view is told, in order. */
export interface View {
  begin(run: RunSummary): void;
  step(step: number, metrics: StepMetrics): void;
  progress(step: number, phase: string, fraction: number): void;
  /** The summary changed: steps, time left. */
  update(run: RunSummary): void;
  note(level: string, message: string): void;
  /** Answer a Ctrl-C. */
  interrupted(message: string): void;
  end(run: RunSummary): void;
  /** Give the terminal back, however it ended. */
  close(): void;
}

const nothing = () => {};

/** One JSON object a line: the run, its steps, its end. */
export function jsonView(io: Io): View {
  const line = (value: object) => io.out(JSON.stringify(value));
  return {
    begin: (run) => line({ event: 'run', runId: run.id, number: run.number, name: run.name, steps: run.steps }),
    step: (step, metrics) => line({ event: 'step', step, metrics }),
    progress: nothing,
    update: nothing,
    note: nothing,
    interrupted: io.err,
    end: (run) =>
      line({ event: 'end', status: run.status, step: run.step, ...(run.error === null ? {} : { error: run.error }) }),
    close: nothing,
  };
}

/** A line a step, for logs and pipes. */
export function plainView(io: Io): View {
  let steps = 0;
  return {
    begin: (run) => {
      steps = run.steps;
      io.out(`Run #${run.number} ${run.name} (${run.id})`);
    },
    step: (step, metrics) => io.out(steps === 0 ? numbers(metrics) : `step ${step}/${steps}  ${numbers(metrics)}`),
    progress: nothing,
    update: (run) => {
      steps = run.steps;
    },
    note: (level, message) => io.out(`${level}: ${message}`),
    interrupted: io.err,
    end: (run) => io.out(summary(run)),
    close: nothing,
  };
}

/** A bar that says where the run stands, of an evaluation in percent; validation results and notes stay above it. */
export function barView(io: Io, terminal: NodeJS.WriteStream): View {
  let bar: SingleBar | null = null;
  let steps = 1;
  let step = 0;
  /** Of an evaluation, which has no steps. */
  let evaluated = 0;
  const shown = { numbers: '', left: '', phase: '' };
  const total = () => (steps === 0 ? 100 : steps);
  const value = () => (steps === 0 ? Math.round(100 * evaluated) : Math.min(step, steps));
  const options: BarOptions = {
    format: '{bar} {value}/{total}  {numbers}  {left}  {phase}',
    barsize: 24,
    barCompleteChar: '━',
    barIncompleteChar: '─',
    hideCursor: true,
    stopOnComplete: false,
    emptyOnZero: true,
    stream: terminal,
    // Ctrl-C belongs to the command.
    gracefulExit: false,
  };
  const draw = () => {
    bar?.setTotal(total());
    bar?.update(value(), { ...shown });
  };
  const above = (line: string) => {
    bar?.stop();
    terminal.write('\r\u001b[K');
    io.out(line);
    bar = start();
  };
  const start = () => {
    const fresh = new SingleBar({ ...options, clearOnComplete: true });
    fresh.start(total(), value(), { ...shown });
    return fresh;
  };
  return {
    begin: (run) => {
      steps = run.steps;
      step = run.step;
      io.out(`Run #${run.number} ${run.name} (${run.id})`);
      bar = start();
    },
    step: (at, metrics) => {
      step = at;
      shown.numbers = numbers(metrics);
      shown.phase = '';
      if (metrics['eval/avg@k'] === undefined) draw();
      else above(steps === 0 ? numbers(metrics) : `step ${at}  ${numbers(metrics)}`);
    },
    progress: (_, phase, fraction) => {
      evaluated = fraction;
      shown.phase = `${phase} ${Math.round(100 * fraction)} %`;
      draw();
    },
    update: (run) => {
      steps = run.steps;
      shown.left = run.secondsLeft === null ? '' : `${duration(run.secondsLeft)} left`;
      draw();
    },
    note: (level, message) => above(`${level}: ${message}`),
    interrupted: above,
    end: (run) => {
      bar?.stop();
      bar = null;
      io.out(summary(run));
    },
    close: () => {
      bar?.stop();
      bar = null;
    },
  };
}

function numbers(metrics: StepMetrics): string {
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  const parts: [string, number | undefined, (value: number) => string][] = [
    ['validation', metrics['eval/avg@k'], percent],
    ['accuracy', metrics['train/accuracy'], percent],
    ['reward', metrics['train/reward'], (value) => value.toPrecision(3)],
    ['length', metrics['train/length'], (value) => value.toFixed(1)],
  ];
  return parts.flatMap(([name, value, format]) => (value === undefined ? [] : [`${name} ${format(value)}`])).join('  ');
}

function summary(run: RunSummary): string {
  const first = run.accuracy[0];
  const last = run.accuracy.at(-1);
  const accuracy =
    first === undefined || last === undefined || first === last
      ? ''
      : `, validation ${(100 * first.value).toFixed(1)} % -> ${(100 * last.value).toFixed(1)} %`;
  const took =
    run.startedAt === null || run.endedAt === null ? '' : ` in ${duration((run.endedAt - run.startedAt) / 1000)}`;
  if (run.steps === 0) return `${run.status}${took}`;
  return `${run.status} at step ${run.step} of ${run.steps}${took}${accuracy}`;
}

/** `42 s`, `3 min 5 s`, `2 h 10 min`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
