/** What engine.bench.ts found: its rows, what is asked of them, and the table. */
import type { StepFlops } from './workloads.ts';

export const figures = ['train', 'generate', 'memory'] as const;
export type Figure = (typeof figures)[number];

/** Bounds, by workload: `train` and `generate` are rates over PyTorch's, `memory` net bytes over PyTorch's. */
const targets: Readonly<Record<string, Readonly<Record<string, Partial<Record<Figure | 'matmulShare', number>>>>>> = {
  W1: {
    'kernels-native': { train: 3, generate: 10, matmulShare: 0.75, memory: 0.5 },
    'kernels-wasm': { train: 1.5, generate: 5, memory: 0.5 },
  },
  W2: {
    'kernels-native': { train: 2, generate: 5, matmulShare: 0.85, memory: 0.5 },
    'kernels-wasm': { train: 1, generate: 2.5, memory: 0.5 },
  },
  W3: {
    'kernels-native': { train: 1.2, generate: 1.5, matmulShare: 0.85, memory: 0.6 },
    'kernels-wasm': { train: 0.5, generate: 0.75, memory: 0.6 },
  },
};

export interface Row {
  readonly workload: string;
  readonly figure: Figure | 'matmulShare';
  /** `PyTorch` or an engine's id. */
  readonly side: string;
  /** Tokens a second; net bytes of memory; for matmulShare the model's flops over the measured peak of matrix products (MFU). */
  readonly value: number;
  /** Slowest and fastest measurement of a rate. */
  readonly lowest?: number;
  readonly highest?: number;
  /** Memory as the system counts it, in bytes. */
  readonly raw?: number;
  /** matmulShare with the head's second forward product counted (HFU). PyTorch makes none. */
  readonly hardware?: number;
  /** Value over PyTorch's. Null where there is none to compare with. */
  readonly ratio: number | null;
  /** Least allowed ratio, for memory the largest, for matmulShare the least value; null where none is asked. */
  readonly target: number | null;
  readonly met: boolean | null;
}

/** A row before it is judged. */
export type Measured = Omit<Row, 'ratio' | 'target' | 'met'>;

/** Judge the rows of one workload. PyTorch's, where there is one, is among them. */
export function judge(rows: readonly Measured[]): Row[] {
  return rows.map((row) => {
    const { figure, side } = row;
    const peer = rows.find((other) => other.figure === figure && other.side === 'PyTorch');
    const ratio = peer === undefined || side === 'PyTorch' || figure === 'matmulShare' ? null : row.value / peer.value;
    const target = targets[row.workload]?.[side]?.[figure] ?? null;
    const judged = figure === 'matmulShare' ? row.value : ratio;
    const met = target === null || judged === null ? null : figure === 'memory' ? judged <= target : judged >= target;
    return { ...row, ratio, target, met };
  });
}

/** Of measurements that alternated between the sides. @param rates Tokens a second, at least one. */
export function rateRow(workload: string, figure: Figure, side: string, rates: readonly number[]): Measured {
  return { workload, figure, side, value: median(rates), lowest: Math.min(...rates), highest: Math.max(...rates) };
}

/** Which share of the peak a training rate is. @param peakGflops Measured GFLOP/s of matrix products. */
export function shareRow(
  { workload, side, value }: Measured,
  flops: StepFlops,
  tokensPerStep: number,
  peakGflops: number,
): Measured {
  const share = (of: number) => ((value / tokensPerStep) * of) / (peakGflops * 1e9);
  const hardware = side === 'PyTorch' ? flops.model : flops.hardware;
  return { workload, figure: 'matmulShare', side, value: share(flops.model), hardware: share(hardware) };
}

/** Of an even count the mean of the two in the middle. @throws RangeError on an empty list. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('median: the list is empty; at least one value is needed');
  const sorted = values.toSorted((a, b) => a - b);
  const at = (i: number) => sorted[Math.floor(i)] as number;
  return (at((sorted.length - 1) / 2) + at(sorted.length / 2)) / 2;
}

const titles: Readonly<Record<Row['figure'], string>> = {
  train: 'training, tokens/s',
  generate: 'generation with log-probs and entropies, tokens/s',
  memory: 'training, peak MB net (raw)',
  matmulShare: 'share of matmul peak, MFU (HFU)',
};

/** A row as the table shows it. */
export function tableRow(row: Row): Record<string, string> {
  const { figure, value, raw = 0, hardware = 0, lowest = 0, highest = 0, ratio, target, met } = row;
  const megabytes = (bytes: number) => Math.round(bytes / 1e6).toLocaleString('en');
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const whole = (rate: number) => Math.round(rate).toLocaleString('en');
  const shown =
    figure === 'memory'
      ? `${megabytes(value)} (${megabytes(raw)})`
      : figure === 'matmulShare'
        ? `${percent(value)} (${percent(hardware)})`
        : `${whole(value)} (${whole(lowest)}..${whole(highest)})`;
  const bound = figure === 'matmulShare' ? percent(target ?? 0) : `${target} x`;
  return {
    workload: row.workload,
    figure: titles[figure],
    side: row.side,
    value: shown,
    'over PyTorch': ratio === null ? '' : `${ratio.toFixed(2)} x`,
    target: target === null ? '' : `${figure === 'memory' ? '<=' : '>='} ${bound}`,
    '': met === null ? '' : met ? 'met' : 'NOT MET',
  };
}
