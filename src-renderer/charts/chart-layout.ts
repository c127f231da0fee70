/** Which charts a person keeps at the top, in which order, and how large charts are. Kept in the browser, not with a run. */
import { useLocalStorage } from '@mantine/hooks';
import { z } from 'zod';
import { FAMILY_CHARTS } from '../../src-shared/charts/families.ts';

/** One, two or four columns of four. */
export const CHART_SIZES = ['s', 'm', 'l'] as const;
export type ChartSize = (typeof CHART_SIZES)[number];

const layoutSchema = z.object({
  /** Ids of charts, in order. */
  pinned: z.array(z.string().max(200)).max(200),
  sizes: z.record(z.string().max(200), z.enum(CHART_SIZES)),
  /** Ids of groups that are open. */
  open: z.array(z.string().max(40)).max(40),
});
export type ChartLayout = z.infer<typeof layoutSchema>;

export const DEFAULT_LAYOUT: ChartLayout = {
  pinned: FAMILY_CHARTS.flatMap(({ id, main }) => (main === undefined ? [] : [{ id, main }]))
    .sort((a, b) => a.main - b.main)
    .map(({ id }) => id),
  sizes: {},
  open: [],
};

/** What was kept, or nothing of it where it is damaged. */
export function parseLayout(text: string | undefined): ChartLayout {
  if (text === undefined) return DEFAULT_LAYOUT;
  try {
    const parsed = layoutSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : DEFAULT_LAYOUT;
  } catch (error) {
    console.warn('the layout of charts that was kept is not JSON, so the default is shown:', error);
    return DEFAULT_LAYOUT;
  }
}

export const withSize = (layout: ChartLayout, id: string, size: ChartSize): ChartLayout => ({
  ...layout,
  sizes: { ...layout.sizes, [id]: size },
});

/** At the end of those at the top, or away from there. */
export const withPin = (layout: ChartLayout, id: string, pinned: boolean): ChartLayout => ({
  ...layout,
  pinned: [...layout.pinned.filter((other) => other !== id), ...(pinned ? [id] : [])],
});

/** One chart from its place among `shown` to another; charts at the top that the run does not have keep theirs. */
export function withMove(layout: ChartLayout, shown: readonly string[], from: number, to: number): ChartLayout {
  const order = [...shown];
  const [moved] = order.splice(from, 1);
  if (moved === undefined) return layout;
  order.splice(to, 0, moved);
  const isShown = new Set(shown);
  const next = order.values();
  return { ...layout, pinned: layout.pinned.map((id) => (isShown.has(id) ? (next.next().value ?? id) : id)) };
}

export const withOpen = (layout: ChartLayout, group: string, open: boolean): ChartLayout => ({
  ...layout,
  open: [...layout.open.filter((other) => other !== group), ...(open ? [group] : [])],
});

export function useChartLayout() {
  const [layout, setLayout, reset] = useLocalStorage<ChartLayout>({
    key: 'assay-charts',
    defaultValue: DEFAULT_LAYOUT,
    getInitialValueInEffect: false,
    deserialize: parseLayout,
  });
  return { layout, setLayout, reset };
}
