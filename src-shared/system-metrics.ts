/** The series that say what a run costs the machine, sampled once a step. */

export const SYSTEM_METRICS = [
  {
    name: 'system/cpu',
    title: 'Processor load',
    unit: 'fraction',
    help: 'Processor time of the training process since the step before, over the wall-clock time: 1 is one core kept busy.',
    source: 'getrusage(2)',
  },
  {
    name: 'system/memory',
    title: 'Memory',
    unit: 'bytes',
    help: 'Resident memory of the training process at the end of the step.',
    source: 'resident set size',
  },
  {
    name: 'system/sandbox-tests',
    title: 'Sandbox load',
    unit: 'per second',
    help: 'Tests of this run that the sandbox judged since the step before, over the wall-clock time.',
    source: 'own choice',
  },
] as const;
