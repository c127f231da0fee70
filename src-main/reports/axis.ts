/** Axes with round numbers at their ends, the same in every format. */

const TICKS = 5;

/** Distance of ticks: 1, 2, 2.5 or 5 times a power of ten, for about five of them. */
export function tickInterval([low, high]: readonly [number, number]): number {
  const rough = (high - low) / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough * (1 - 1e-9)) ?? 10;
  return step * power;
}

/** The range widened to whole ticks. */
export function roundRange(low: number, high: number): [number, number] {
  const range: [number, number] =
    high > low ? [low, high] : [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  const tick = tickInterval(range);
  // Twelve digits: 3 * 0.1 is not 0.3.
  const whole = (value: number) => Number(value.toPrecision(12));
  const [from, to] = [
    whole(Math.floor(range[0] / tick + 1e-9) * tick),
    whole(Math.ceil(range[1] / tick - 1e-9) * tick),
  ];
  return tickInterval([from, to]) === tick ? [from, to] : roundRange(from, to);
}
