/** What a run costs the machine, sampled once a step in its worker: a few system calls, no process started. */
import type { StepMetrics } from '../../src-shared/metrics.ts';

export interface SystemSampler {
  /** Programs were judged, with so many tests. */
  judged(tests: number): void;
  /** The series of the step that ends now. */
  sample(): StepMetrics;
}

interface Clock {
  /** Milliseconds that only rise. */
  now(): number;
  /** Processor time of the process so far, in microseconds. */
  cpu(): number;
  /** Resident bytes. */
  memory(): number;
}

const processClock: Clock = {
  now: () => performance.now(),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  memory: () => process.memoryUsage.rss(),
};

export function createSystemSampler(clock: Clock = processClock): SystemSampler {
  let at = clock.now();
  let cpu = clock.cpu();
  let tests = 0;
  return {
    judged: (count) => {
      tests += count;
    },
    sample: () => {
      const [now, spent] = [clock.now(), clock.cpu()];
      const seconds = (now - at) / 1000;
      const load =
        seconds > 0 ? { 'system/cpu': (spent - cpu) / 1e6 / seconds, 'system/sandbox-tests': tests / seconds } : {};
      at = now;
      cpu = spent;
      tests = 0;
      return { ...load, 'system/memory': clock.memory() };
    },
  };
}
