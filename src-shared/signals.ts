/** The series that compare certainty with correctness: the same for every signal, on training and on validation. */

const SPLITS = [
  { split: 'train', of: 'training rollouts' },
  { split: 'eval', of: 'validation samples' },
] as const;

/** Means over the tokens of a response, in the direction in which they are logged. */
const SIGNALS = [
  { signal: 'self-certainty', title: 'self-certainty', sign: 'above' },
  { signal: 'token-entropy', title: 'token entropy', sign: 'below' },
  { signal: 'trajectory-entropy', title: 'trajectory entropy', sign: 'below' },
  { signal: 'disparity', title: 'probability disparity', sign: 'above' },
] as const;

/** What is a probability, and so can be right or wrong about how often a response is correct. */
const CONFIDENCES = [
  { confidence: 'probability', title: 'token probability', meaning: 'the geometric mean token probability' },
  { confidence: 'disparity', title: 'probability disparity', meaning: 'the mean probability disparity' },
] as const;

const WHERE =
  'Statistics are those that rewards use (shaping.statistics). Responses that the sandbox could not judge, or that are empty, are left out; a gap where all or none are correct. For every run, and in no gradient.';

export const SIGNAL_METRICS = SPLITS.flatMap(({ split, of }) => [
  ...SIGNALS.flatMap(
    ({ signal, title, sign }) =>
      [
        {
          name: `${split}/auroc-${signal}`,
          title: `AUROC of ${title} (${split})`,
          unit: 'fraction',
          help: `Chance that a correct one of the ${of} has a higher ${title} than an incorrect one, ties counted half: ${sign} 0.5 where certainty goes with being right. ${WHERE}`,
          source: 'U / (n1 n2) of Mann and Whitney',
        },
        {
          name: `${split}/rank-biserial-${signal}`,
          title: `Rank-biserial r of ${title} (${split})`,
          unit: 'number',
          help: `2U / (n1 n2) - 1 over ${of}, correct against incorrect, -1 to 1: ${sign} 0 where certainty goes with being right. ${WHERE}`,
          source: 'rank-biserial correlation, as a caption of the study names it',
        },
        {
          name: `${split}/z-effect-${signal}`,
          title: `|Z| / root N of ${title} (${split})`,
          unit: 'number',
          help: `|U - n1 n2 / 2| / sqrt(n1 n2 (N + 1) / 12) / sqrt(N) over ${of}: no sign, no correction for ties; not to be compared with the rank-biserial r. ${WHERE}`,
          source: 'plot_certainty_distribution.py of ArcherCodeR',
        },
      ] as const,
  ),
  ...CONFIDENCES.map(
    ({ confidence, title, meaning }) =>
      ({
        name: `${split}/calibration-${confidence}`,
        title: `Calibration error of ${title} (${split})`,
        unit: 'fraction',
        help: `Expected calibration error over ${of}: mean distance between ${meaning} of responses and the share that is correct, in ten equal bins, by their sizes. Statistics are those that rewards use (shaping.statistics); for every run, and in no gradient.`,
        source: 'Guo et al. 2017, arXiv 1706.04599; what counts as confidence is an own choice',
      }) as const,
  ),
]);
