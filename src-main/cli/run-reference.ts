/** How a person names a run: its number (#14 or 14), its id, or the start of its id. */
import type { RunSummary } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';

const SHOWN = 4;

/** @throws AssayError `not-found` when no run is meant, `usage` when several are */
export function findRun(runs: readonly RunSummary[], text: string): RunSummary {
  const number = /^#?(\d+)$/.exec(text)?.[1];
  const byNumber = number === undefined ? undefined : runs.find((run) => run.number === Number(number));
  const exact = byNumber ?? runs.find((run) => run.id === text);
  if (exact !== undefined) return exact;
  const starting = text === '' || text.startsWith('#') ? [] : runs.filter((run) => run.id.startsWith(text));
  if (starting[0] !== undefined && starting.length === 1) return starting[0];
  if (starting.length > 1) {
    const shown = starting.slice(0, SHOWN).map((run) => `#${run.number} ${run.id}`);
    const rest = starting.length > SHOWN ? ` and ${starting.length - SHOWN} more` : '';
    throw new AssayError('usage', `run ${text}: stands for ${shown.join(', ')}${rest}; write more of the id`);
  }
  throw new AssayError('not-found', `run ${text}: there is none`, { hint: 'The command "assay runs" lists them.' });
}
