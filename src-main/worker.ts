/** Entry of the worker process: trains one run and ends. */
import { constants, setPriority } from 'node:os';
import { hostTraining } from './runs/worker-host.ts';
import { trainOrder } from './training/index.ts';

// The window comes first: on a machine with few cores a step must not make a click wait.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
hostTraining(trainOrder);
