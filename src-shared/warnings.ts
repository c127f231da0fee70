/**
 * Choices that are allowed but would make a run hard to believe: one list, each with its reason and where that comes
 * from. What cannot be run at all is refused elsewhere.
 */
import type { FlatValues } from './api.ts';
import { whyInert } from './inert.ts';
import type { OptionValue } from './options.ts';

export interface Warning {
  /** Of the option to look at. */
  readonly path: string;
  /** What is so, in one line. */
  readonly text: string;
  /** What it leads to, or what to do. */
  readonly why: string;
  readonly source: string;
}

/** What is launched together with the run. */
export interface Company {
  /** `reward.kind` of every run, this one among them. */
  readonly rewards: ReadonlySet<OptionValue>;
}

const CERTAINTY: ReadonlySet<OptionValue | undefined> = new Set([
  'self-certainty',
  'token-entropy',
  'trajectory-entropy',
  'probability-disparity',
]);
const CONTROLS: readonly string[] = ['random', 'constant', 'format', 'unit-tests'];

/** Of avg@k over `problems`, at most: 0.5 / sqrt(n), where every problem is either always or never solved, half of each. */
export const mostStandardError = (problems: number): number => 0.5 / Math.sqrt(problems);
/** z of 0.975 plus z of 0.8, for two runs whose errors are independent. */
const DETECTABLE = 2.8 * Math.SQRT2;
const points = (share: number) => (100 * share).toFixed(100 * share < 10 ? 1 : 0);
const plain = (value: number) => (value !== 0 && value < 1e-3 ? value.toExponential() : String(value));

type Finding = Pick<Warning, 'text'> & { readonly why?: string };
interface Check extends Pick<Warning, 'path' | 'source'> {
  readonly why: string;
  /** @returns null where all is well, or a value that it needs is not there. */
  find(value: Values, company: Company): Finding | null;
}
interface Values {
  number(path: string): number;
  get(path: string): OptionValue | undefined;
}

const checks: readonly Check[] = [
  {
    path: 'reward.kind',
    why: 'Launch one with a random reward or with unit tests beside it: without, what training itself does cannot be told from what the signal adds.',
    source: 'Spurious Rewards, arXiv 2506.10947: a random reward gained 21 points on MATH-500 with one policy family',
    find: ({ get }, { rewards }) =>
      CERTAINTY.has(get('reward.kind')) && !CONTROLS.some((control) => rewards.has(control))
        ? { text: 'No control beside a certainty reward.' }
        : null,
  },
  {
    path: 'rollouts.groupSize',
    why: 'A vote of few is often won by chance, and its winner is then the truth that is trained on.',
    source: 'TTRL, arXiv 2504.16084, votes among 64',
    find: ({ get, number }) =>
      get('reward.kind') === 'majority' && number('rollouts.groupSize') < 8
        ? { text: `A majority of ${number('rollouts.groupSize')} is little to go by.` }
        : null,
  },
  {
    path: 'rollouts.groupSize',
    why: 'Mean and spread of so few are noise: of two, one always gets 1 and the other -1, however close they are.',
    source: 'the study takes 16 and ablates 8 and 12',
    find: ({ get, number }) =>
      get('advantage.kind') === 'group-relative' && number('rollouts.groupSize') < 4
        ? { text: `Groups of ${number('rollouts.groupSize')} say little about a rollout.` }
        : null,
  },
  {
    path: 'rollouts.samplingRounds',
    why: 'Certainty is a real number: the rewards of a group are never all equal, so that no group is left out.',
    source: 'DAPO, arXiv 2503.14476, section 3.2: meant for rewards of 0 and 1',
    find: ({ get, number }) =>
      CERTAINTY.has(get('reward.kind')) && number('rollouts.samplingRounds') > 0
        ? { text: 'Dynamic sampling does nothing with a certainty reward.' }
        : null,
  },
  {
    path: 'evaluation.temperature',
    why: 'Accuracy is then measured on another distribution than the one that is trained: a change of sharpness alone can look like learning.',
    source: 'the study trains at 1 and validates at 0.8',
    find: ({ number }) => {
      const [training, validation] = [number('rollouts.temperature'), number('evaluation.temperature')];
      return number('limits.steps') > 0 && Math.abs(training - validation) > 0.25
        ? { text: `Trained at temperature ${plain(training)}, validated at ${plain(validation)}.` }
        : null;
    },
  },
  {
    path: 'evaluation.problems',
    why: 'Take more problems, or expect to see large differences only.',
    source: 'standard error of a mean over problems, at most 0.5 / sqrt(n); 95 % confidence, 80 % power',
    find: ({ number }) => {
      const n = number('evaluation.problems');
      const error = mostStandardError(n);
      return n < 100
        ? {
            text: `With ${n} ${n === 1 ? 'problem' : 'problems'} the standard error of accuracy is up to ${points(error)} points.`,
            why: `Two runs must differ by about ${points(Math.min(1, DETECTABLE * error))} points to be told apart. Take more problems, or expect to see large differences only.`,
          }
        : null;
    },
  },
  {
    path: 'evaluation.every',
    why: 'The run will have no accuracy to compare, and the collapse watch nothing held out to look at.',
    source: 'the study validates every 10 steps',
    find: ({ number }) => (number('evaluation.every') === 0 ? { text: 'Validation is off.' } : null),
  },
  {
    path: 'evaluation.testTime',
    why: 'Every accuracy of the run is on what it was trained on. Wherever it is shown it is marked as test-time training.',
    source: 'TTRL, arXiv 2504.16084, and the dispute about it',
    find: ({ get }) => (get('evaluation.testTime') === true ? { text: 'Nothing is held out.' } : null),
  },
  {
    path: 'optimiser.learningRate',
    why: 'The policy will not change.',
    source: 'AdamW',
    find: ({ number }) => (number('optimiser.learningRate') === 0 ? { text: 'The learning rate is 0.' } : null),
  },
  {
    path: 'optimiser.learningRate',
    why: 'A rate that far off mostly diverges, or learns nothing in the steps that there are.',
    source:
      'own choice of 1e-4 for the embedded policy; published rates of LoRA are about ten times those of full training',
    find: ({ get, number }) => {
      const rate = number('optimiser.learningRate');
      if (get('policy.source') !== 'embedded' || rate === 0) return null;
      const usual = get('policy.adapter') === 'lora' ? 1e-3 : 1e-4;
      if (rate <= 10 * usual && rate >= usual / 10) return null;
      const times = Number((rate > usual ? rate / usual : usual / rate).toPrecision(2));
      return {
        text: `${plain(rate)} is ${times} times ${rate > usual ? 'above' : 'below'} the usual rate of the embedded policy.`,
      };
    },
  },
  {
    path: 'optimiser.learningRate',
    why: 'The default is the rate of the small embedded policy; a large one it soon breaks.',
    source: 'the study: 1e-6 for 1.5 to 7 B parameters',
    find: ({ get, number }) => {
      const source = String(get('policy.source') ?? '');
      const own = source !== 'embedded' && !source.startsWith('checkpoint:');
      return own && get('policy.adapter') !== 'lora' && number('optimiser.learningRate') > 1e-5
        ? { text: `${plain(number('optimiser.learningRate'))} is high for a policy of your own.` }
        : null;
    },
  },
  {
    path: 'optimiser.warmupSteps',
    why: 'The learning rate never reaches its peak.',
    source: 'the study: 10 of 105 steps',
    find: ({ number }) => {
      const [steps, warmup] = [number('limits.steps'), number('optimiser.warmupSteps')];
      return steps > 0 && warmup >= steps ? { text: `Warm-up takes ${warmup} of ${steps} steps.` } : null;
    },
  },
  {
    path: 'limits.unsafeSandbox',
    why: 'Rewards may be wrong, and programs of the policy may reach this machine. The run is marked.',
    source: 'the canaries of the sandbox',
    find: ({ get }) =>
      get('limits.unsafeSandbox') === true ? { text: 'The run goes on in a sandbox that does not hold.' } : null,
  },
];

/** @param values Resolved, by full path; those at fault may be missing. */
export function warningsOf(values: FlatValues, company: Company): Warning[] {
  const read: Values = {
    get: (path) => values[path],
    number: (path) => {
      const value = values[path];
      return typeof value === 'number' ? value : Number.NaN;
    },
  };
  return checks.flatMap(({ path, why, source, find }) => {
    const found = whyInert(values, path) === null ? find(read, company) : null;
    return found === null ? [] : [{ path, why, source, ...found }];
  });
}
