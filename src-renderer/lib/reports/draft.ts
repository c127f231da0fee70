/** A report while it is edited: blocks with keys, so that a list can be ordered and a removal taken back. */
import { metricInfo } from '../../../src-shared/charts/spec.ts';
import { type Block, type BlockKind, blockSchema, type Report } from '../../../src-shared/report.ts';

export interface Item {
  /** Of this block for as long as it is edited. */
  readonly key: string;
  readonly block: Block;
}

export interface Draft {
  /** All but its blocks. */
  readonly report: Omit<Report, 'blocks'>;
  readonly items: readonly Item[];
}

export function draftOf({ blocks, ...report }: Report, newKey: () => string): Draft {
  return { report, items: blocks.map((block) => ({ key: newKey(), block })) };
}

/** What is kept and printed. A block that still lacks something, as samples before one is chosen, is left out. */
export function reportIn({ report, items }: Draft): Report {
  return { ...report, blocks: items.map(({ block }) => block).filter(isComplete) };
}

export const isComplete = (block: Block): boolean => blockSchema.safeParse(block).success;

/** @param place from 0; beyond the end: at the end */
export function insertItem(items: readonly Item[], item: Item, place: number): Item[] {
  return items.toSpliced(Math.max(0, place), 0, item);
}

export const removeItem = (items: readonly Item[], key: string): Item[] => items.filter((item) => item.key !== key);

/** @param place where it stands afterwards; beyond an end: at that end. An unknown key moves nothing. */
export function moveItem(items: readonly Item[], key: string, place: number): Item[] {
  const item = items.find((other) => other.key === key);
  return item === undefined ? [...items] : insertItem(removeItem(items, key), item, place);
}

export const changeItem = (items: readonly Item[], key: string, block: Block): Item[] =>
  items.map((item) => (item.key === key ? { key, block } : item));

/** The reference follows its condition. An empty label, or one that another condition has, changes nothing. */
export function relabelled(report: Draft['report'], from: string, to: string): Draft['report'] {
  const label = to.trim().slice(0, 200);
  if (label === '' || report.conditions.some((other) => other.label === label)) return report;
  return {
    ...report,
    conditions: report.conditions.map((condition) => (condition.label === from ? { ...condition, label } : condition)),
    reference: report.reference === from ? label : report.reference,
  };
}

/** In the order of the menu that adds them. */
export const BLOCK_KINDS: Readonly<Record<BlockKind, { readonly title: string; readonly help: string }>> = {
  text: { title: 'Text', help: 'What you have to say, in Markdown. Numbers in it are yours: nothing checks them.' },
  heading: { title: 'Heading', help: 'Opens a part of the report.' },
  summary: { title: 'Summary', help: 'What was found, in sentences made from the numbers.' },
  chart: { title: 'Chart', help: 'A metric over the steps: a line a condition, with its 95 % band over seeds.' },
  comparison: {
    title: 'Comparison',
    help: 'A metric at the start and at the end, each condition held against the reference.',
  },
  verdicts: { title: 'Verdict table', help: 'The findings of the study beside the published ones.' },
  differences: { title: 'Config difference', help: 'The options in which the conditions differ.' },
  samples: { title: 'Sample rollouts', help: 'Prompts and completions, as they were written.' },
  lineage: { title: 'Lineage', help: 'What each run started from.' },
  facts: { title: 'Run facts', help: 'What identifies each run: engine, configuration, seeds, hashes.' },
};

/** A new block of a kind, as much of it as can be known. */
export function newBlock(kind: BlockKind, metric: string): Block {
  switch (kind) {
    case 'heading':
      return { kind, text: '' };
    case 'text':
      return { kind, markdown: '' };
    case 'chart':
    case 'comparison':
      return { kind, metric };
    case 'samples':
      return { kind, rollouts: [] };
    default:
      return { kind };
  }
}

/** What tells a block from others of its kind. */
export function detailOf(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return block.text;
    case 'text':
      return block.markdown.trim().split('\n')[0] ?? '';
    case 'chart':
    case 'comparison':
      return metricInfo(block.metric).title;
    case 'samples':
      return block.rollouts.length === 0 ? 'none chosen' : `${block.rollouts.length}`;
    default:
      return '';
  }
}
