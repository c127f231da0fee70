/** Mean, spread, quantiles and pass@k. Pure functions over plain arrays. */

/** @throws RangeError on an empty list, whose mean is not a number. */
export function mean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('mean: the list is empty; at least one value is needed');
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Sample standard deviation (n - 1). Null for fewer than two values. */
export function sampleStd(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const centre = mean(values);
  let squares = 0;
  for (const value of values) squares += (value - centre) ** 2;
  return Math.sqrt(squares / (values.length - 1));
}

/** Standard error of the mean: sample standard deviation / sqrt(n). Null for fewer than two values. */
export function standardError(values: readonly number[]): number | null {
  const std = sampleStd(values);
  return std === null ? null : std / Math.sqrt(values.length);
}

/**
 * Unbiased pass@k of one problem: 1 - C(n-c, k) / C(n, k), computed as 1 - prod_{j=n-c+1..n} (1 - k/j); 1 if n - c < k
 * (LiveCodeBench, pass_k_utils).
 * @param n samples drawn, c samples that passed; 0 <= c <= n, 1 <= k <= n.
 */
export function passAtK(n: number, c: number, k: number): number {
  if (!(k >= 1 && k <= n && c >= 0 && c <= n))
    throw new RangeError(`pass@k: n ${n}, c ${c}, k ${k}; allowed is 1 <= k <= n and 0 <= c <= n`);
  if (n - c < k) return 1;
  let none = 1;
  for (let j = n - c + 1; j <= n; j++) none *= 1 - k / j;
  return 1 - none;
}

/** Linear between order statistics (R's type 7, NumPy's default). @param sorted Ascending, not empty. @param share 0..1 */
export function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const i = Math.floor(at);
  const low = sorted[i] as number;
  return low + (at - i) * ((sorted[Math.min(i + 1, sorted.length - 1)] as number) - low);
}
