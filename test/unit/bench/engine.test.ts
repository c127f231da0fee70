/** The arithmetic of the engine benchmark: what a training step is counted as, and how rows are judged. */
import { describe, expect, it } from 'vitest';
import { judge, median, rateRow, shareRow } from '../../bench/peer/report.ts';
import { matmulParameters, stepFlops, stepTokens, type Workload, workloads } from '../../bench/peer/workloads.ts';

const workload = (id: string) => workloads.find((w) => w.id === id) as Workload;

/** Multiply-adds of a training step, product by product: [rows, in] x [in, out] forward, and twice that backward. */
function countedFlops({ model, train }: Workload): { model: number; head: number } {
  const { hiddenSize, intermediateSize, headDim, heads, kvHeads, vocabSize } = model;
  let forward = 0;
  let head = 0;
  const rows = train.tokens - 1;
  const product = (inputs: number, outputs: number) => {
    forward += 2 * rows * inputs * outputs;
  };
  for (let sequence = 0; sequence < train.sequences; sequence++) {
    for (let layer = 0; layer < model.layers; layer++) {
      product(hiddenSize, heads * headDim);
      product(hiddenSize, kvHeads * headDim);
      product(hiddenSize, kvHeads * headDim);
      product(heads * headDim, hiddenSize);
      product(hiddenSize, intermediateSize);
      product(hiddenSize, intermediateSize);
      product(intermediateSize, hiddenSize);
      for (let h = 0; h < heads; h++)
        for (let query = 0; query < rows; query++)
          for (let key = 0; key <= query; key++) forward += 2 * headDim + 2 * headDim;
    }
    product(hiddenSize, vocabSize);
    head += 2 * rows * hiddenSize * vocabSize;
  }
  return { model: 3 * forward, head };
}

describe('flops of a training step', () => {
  it('counts the matrices of SmolLM2-135M, whose 134,515,008 published parameters include 61 norms of 576', () => {
    const { layers, head } = matmulParameters(workload('W3').model);
    expect(layers + head).toBe(134_515_008 - 61 * 576);
    expect(head).toBe(28_311_552);
  });

  it('counts W1 as by hand', () => {
    // A layer: 4 x 128 x 128 + 3 x 128 x 344 = 197,632; head 512 x 128 = 65,536; 128 x 127 = 16,256 tokens.
    // Weights 6 x 856,064 x 16,256 = 83,497,058,304; attention 6 x 4 x 128 x 127 x 128 x 128 = 6,392,119,296.
    expect(stepTokens(workload('W1'))).toBe(16_256);
    expect(stepFlops(workload('W1'))).toEqual({ model: 89_889_177_600, hardware: 89_889_177_600 + 2_130_706_432 });
  });

  it('agrees with counting every product', () => {
    for (const w of workloads.slice(0, 2)) {
      const grouped = { ...w, model: { ...w.model, kvHeads: w.model.heads / 2 } };
      const counted = countedFlops(grouped);
      expect(stepFlops(grouped)).toEqual({ model: counted.model, hardware: counted.model + counted.head });
    }
  });
});

describe('judgement', () => {
  const train = (side: string, ...rates: number[]) => rateRow('W1', 'train', side, rates);

  it('takes the median', () => {
    expect(median([9, 1, 4])).toBe(4);
    expect(median([9, 1, 4, 2])).toBe(3);
    expect(train('PyTorch', 9, 1, 4)).toMatchObject({ value: 4, lowest: 1, highest: 9 });
    expect(() => median([])).toThrow(RangeError);
  });

  it('asks for a rate at least, for memory at most, some multiple of PyTorch', () => {
    const native = (value: number) => judge([train('PyTorch', 100), train('kernels-native', value)])[1];
    expect(native(300)).toMatchObject({ ratio: 3, target: 3, met: true });
    expect(native(299)).toMatchObject({ target: 3, met: false });
    const memory = { workload: 'W1', figure: 'memory' as const };
    const wasm = (value: number) =>
      judge([
        { ...memory, side: 'PyTorch', value: 100 },
        { ...memory, side: 'kernels-wasm', value },
      ])[1];
    expect(wasm(50)).toMatchObject({ ratio: 0.5, met: true });
    expect(wasm(51)).toMatchObject({ met: false });
  });

  it('judges nothing without PyTorch, nor what no target is known of', () => {
    expect(judge([train('kernels-native', 300)])[0]).toMatchObject({ ratio: null, met: null });
    expect(judge([train('PyTorch', 100), train('kernels', 300)])[1]).toMatchObject({
      ratio: 3,
      target: null,
      met: null,
    });
  });

  it('takes the share of the peak from the model, and beside it from what was computed', () => {
    // 2 steps of 50 tokens a second at 3 or 4 GFLOP each, of 10 GFLOP/s.
    const share = (side: string) => shareRow(train(side, 100), { model: 3e9, hardware: 4e9 }, 50, 10);
    expect(share('kernels-native')).toMatchObject({ value: 0.6, hardware: 0.8 });
    expect(share('PyTorch')).toMatchObject({ value: 0.6, hardware: 0.6 });
    expect(judge([share('PyTorch'), share('kernels-native')])[1]).toMatchObject({
      ratio: null,
      target: 0.75,
      met: false,
    });
  });
});
