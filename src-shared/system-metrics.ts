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
  {
    name: 'system/gpu',
    title: 'GPU load',
    unit: 'fraction',
    help: 'Share of the time since the step before in which the card computed anything; mean of a look a second. NVIDIA’s cards only.',
    source: 'nvidia-smi, utilization.gpu',
  },
  {
    name: 'system/gpu-memory',
    title: 'GPU memory',
    unit: 'bytes',
    help: 'Memory of the card that is in use, by this run and all else, at the end of the step. NVIDIA’s cards only.',
    source: 'nvidia-smi, memory.used',
  },
] as const;
