/** How the lineage is looked at: the state of its page. Has an address. */
import { z } from 'zod';
import { LINEAGE_X } from './layout.ts';

export const lineageSearch = z.object({
  /** Only the family of this run. */
  run: z.string().max(64).optional().catch(undefined),
  /** Only families in which a run is found by these words. */
  q: z.string().max(200).optional().catch(undefined),
  x: z.enum(LINEAGE_X).optional().catch(undefined),
  /** Id of the run or checkpoint that is chosen. */
  node: z.string().max(64).optional().catch(undefined),
  show: z.enum(['graph', 'list']).optional().catch(undefined),
  /** Runs that nothing started from and that come from nothing are shown, too. */
  single: z.boolean().optional().catch(undefined),
});
export type LineageSearch = z.infer<typeof lineageSearch>;
