/** The kinds of blocks. One line a member. */
import type { BlockKind } from '../../../src-shared/report.ts';
import type { Resolver } from '../context.ts';
import { chart } from './chart.ts';
import { comparison } from './comparison.ts';
import { differences } from './differences.ts';
import { facts } from './facts.ts';
import { lineage } from './lineage.ts';
import { samples } from './samples.ts';
import { summary } from './summary.ts';
import { verdicts } from './verdicts.ts';

export const resolvers: { readonly [K in BlockKind]: Resolver<K> } = {
  heading: ({ text }) => [{ form: 'heading', text }],
  text: ({ markdown }) => [{ form: 'markdown', markdown }],
  summary,
  chart,
  comparison,
  verdicts,
  differences,
  samples,
  lineage,
  facts,
};
