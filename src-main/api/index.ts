/** All calls in one place: input parsed, body run. The transports carry `dispatch`; the command line calls directly. */
import { type CallName, calls, type Reply } from '../../src-shared/api.ts';
import { AssayError, toErrorData } from '../../src-shared/errors.ts';
import { bundleCalls } from './bundle.ts';
import { comparisonCalls } from './comparison.ts';
import type { ApiContext, Bodies } from './context.ts';
import { estimateCalls } from './estimate.ts';
import { importCalls } from './imports.ts';
import { lineageCalls } from './lineage.ts';
import { modelCalls } from './models.ts';
import { OpenSets } from './open-sets.ts';
import { organiseCalls } from './organise.ts';
import { problemSetCalls } from './problem-sets.ts';
import { problemCalls } from './problems.ts';
import { recordCalls } from './records.ts';
import { reportCalls } from './reports.ts';
import { rolloutCalls } from './rollouts.ts';
import { runCalls } from './runs.ts';
import { sandboxCalls } from './sandbox.ts';
import { seriesCalls } from './series.ts';
import { studyCalls } from './studies.ts';
import { systemCalls } from './system.ts';
import { viewCalls } from './views.ts';

/** Answer a call by name. @throws AssayError `usage` for an unknown call or input that does not parse. */
export type Call = (name: string, input: unknown) => Promise<unknown>;

export function createCalls(context: ApiContext): Call {
  const sets = new OpenSets();
  const bodies: Bodies = {
    ...systemCalls(context),
    ...runCalls(context),
    ...estimateCalls(context),
    ...recordCalls(context),
    ...rolloutCalls(context),
    ...seriesCalls(context),
    ...organiseCalls(context),
    ...viewCalls(context),
    ...sandboxCalls(context),
    ...comparisonCalls(context),
    ...reportCalls(context),
    ...lineageCalls(context),
    ...bundleCalls(context),
    ...importCalls(context),
    ...studyCalls(context),
    ...problemSetCalls(context, sets),
    ...problemCalls(context, sets),
    ...modelCalls(context),
  };
  return async (name, input) => {
    if (!isCallName(name))
      throw new AssayError('usage', `${name}: unknown call; there are ${Object.keys(calls).join(', ')}`);
    const parsed = calls[name].input.safeParse(input);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      const path = issue?.path.join('.') ?? '';
      const where = path === '' ? name : `${name}: ${path}`;
      throw new AssayError('usage', `${where}: ${issue?.message ?? 'malformed input'}`, path === '' ? {} : { path });
    }
    // The input was parsed by the schema of this very call.
    return (bodies[name] as (input: unknown) => unknown)(parsed.data);
  };
}

/** The answer as it crosses a process boundary; never throws. Our own mistakes are also told on standard error. */
export async function reply(call: Call, name: string, input: unknown): Promise<Reply> {
  try {
    return { ok: true, value: await call(name, input) };
  } catch (error) {
    if (!(error instanceof AssayError)) console.error(`Call ${name} failed:`, error);
    return { ok: false, error: toErrorData(error) };
  }
}

function isCallName(name: string): name is CallName {
  return Object.hasOwn(calls, name);
}
