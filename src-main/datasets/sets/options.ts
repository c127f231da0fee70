/** Options that published sets share: their files, their splits, and how many tests are used. */

/** `shares`: the set has one file, or its splits mean nothing. `published`: records say theirs. `train-test`: they do,
 * and validation is a share of train. */
export type Splits = 'shares' | 'published' | 'train-test';

/** Unpacked tests of a problem that are used; the option of sets that have many. */
export const mostTestsOption = {
  kind: 'number',
  label: 'Most tests',
  default: 0,
  min: 0,
  max: 100_000,
  integer: true,
  unit: 'tests',
  help: 'Tests used of each problem, the first ones; 0 uses all. Fewer need less memory and time, and let more wrong programs pass.',
  source: 'own choice',
  advanced: true,
} as const;

interface Split {
  readonly splits: Splits;
  readonly shares?: { readonly validation: number; readonly test: number };
}

export const fileOption = (set: { readonly files: string }) =>
  ({
    path: {
      kind: 'text',
      format: 'file',
      label: 'Files',
      default: '',
      help: `${set.files} One file, several with commas between, or a folder: JSON Lines, JSON or Parquet, also under gzip.`,
    },
  }) as const;

export function splitOptions({ splits, shares = { validation: 0.1, test: 0 } }: Split) {
  const share = (label: string, value: number, help: string) =>
    ({ kind: 'number', label, default: value, min: 0, max: 1, help, source: 'own choice' }) as const;
  const whole = shares.validation === 1 ? ' 1: a benchmark, which nothing is trained on.' : '';
  if (splits === 'shares')
    return {
      validationShare: share('Validation share', shares.validation, `Share of the problems that validate.${whole}`),
      testShare: share('Test share', shares.test, 'Share of the problems set aside for the test.'),
    };
  return {
    validateOn: {
      kind: 'choice',
      label: 'Validate on',
      default: 'validation',
      choices: [
        {
          value: 'validation',
          label: 'Validation',
          help: splits === 'published' ? 'The published validation split.' : 'A share of the training split.',
        },
        { value: 'test', label: 'Test', help: 'The published test split; the validation split takes its place.' },
        { value: 'all', label: 'All', help: 'Every problem of the files; nothing is left to train on.' },
      ],
      help: 'The split that a run is validated on. Results are published on the test split; choose by validation what you then measure there.',
      source: 'own choice',
    } as const,
    ...(splits === 'train-test'
      ? {
          validationShare: share(
            'Validation share',
            shares.validation,
            'Share of the training split that validates, where it is not the test split that does.',
          ),
        }
      : {}),
  };
}
