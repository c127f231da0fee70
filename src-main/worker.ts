/** Entry of the worker process: trains one run and ends. */
import { hostTraining } from './runs/worker-host.ts';
import { trainOrder } from './training/index.ts';

hostTraining(trainOrder);
