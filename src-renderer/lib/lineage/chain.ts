/** A run's whole chain and its controls as the lines of one chart. Pure. */
import type { OverlayLine } from '../../../src-shared/charts/overlay.ts';
import type { LineLook } from '../../../src-shared/charts/palette.ts';
import type { ChainOfRun } from '../../../src-shared/lineage.ts';

type Stage = ChainOfRun['chain']['stages'][number];

/**
 * One line a stage, each with the look of its run; the controls dashed, beginning where the last stage does: so that what
 * stands above each other was made by the same budget.
 * @param lookOf the look of the line of a run, by its number
 */
export function chainLines({ chain, controls }: ChainOfRun, lookOf: (number: number) => LineLook): OverlayLine[] {
  const last = chain.stages.at(-1);
  const beside = controls.flatMap(({ chain: { stages } }): OverlayLine[] => {
    const own = stages.at(-1);
    if (own === undefined || last === undefined) return [];
    const look = lookOf(own.number);
    return [lineOf(own, { ...look, dash: CONTROL_DASH }, last.offset - own.offset, `#${own.number} ${own.name}`)];
  });
  return [
    ...chain.stages.map((stage) =>
      lineOf(stage, { ...lookOf(stage.number), dash: 'solid' }, 0, `#${stage.number} ${stage.name}`),
    ),
    ...beside,
  ];
}
const CONTROL_DASH = [5, 4] as const;

function lineOf(stage: Stage, look: LineLook, shift: number, label: string): OverlayLine {
  return {
    id: stage.runId,
    label,
    look,
    points: stage.x.map((x, i) => {
      const [low, high] = [stage.low[i], stage.high[i]];
      const point = { x: x + shift, value: stage.value[i] ?? Number.NaN };
      return typeof low === 'number' && typeof high === 'number' ? { ...point, low, high } : point;
    }),
  };
}
