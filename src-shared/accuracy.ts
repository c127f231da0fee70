/** The series of validation accuracy beyond its mean: pass@k for several k, and the interval of avg@k. */

/** Every k that is logged, as far as the samples reach. */
export const PASS_AT = [1, 2, 4, 8, 16, 32, 64] as const;

const interval = (bound: 'low' | 'high', title: string) =>
  ({
    name: `eval/avg@k-${bound}`,
    title: `Validation accuracy, ${title}`,
    unit: 'fraction',
    help: `${bound === 'low' ? 'Lower' : 'Upper'} end of the 95 % bootstrap interval of avg@k over problems (BCa, 1,000 draws): other problems of the kind, the same policy. A gap below two problems.`,
    source: 'Efron 1987; samples of a problem are averaged first',
  }) as const;

export const ACCURACY_METRICS = [
  interval('low', 'lower bound'),
  interval('high', 'upper bound'),
  ...PASS_AT.map(
    (k) =>
      ({
        name: `eval/pass@${k}`,
        title: `Validation pass@${k}`,
        unit: 'fraction',
        help: `Chance that one of ${k} samples passes: 1 - C(n-c,${k})/C(n,${k}) with c of the problem's n judged samples passed, mean over problems with at least ${k}. A gap where there are fewer samples.`,
        source: 'LiveCodeBench pass_k_utils',
      }) as const,
  ),
] as const;
