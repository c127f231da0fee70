/** A small app for testing what carries the Api: a few real call bodies, an event source, the published shapes. */

import type { OwnedShell } from '../../../src-main/api/shell.ts';
import {
  type Api,
  type CallName,
  calls,
  type EventName,
  type EventPayload,
  type Reply,
  type RunSummary,
} from '../../../src-shared/api.ts';
import { createClient } from '../../../src-shared/client.ts';
import { AssayError, toErrorData } from '../../../src-shared/errors.ts';
import { runSummary as madeUp } from '../../fixtures/summaries.ts';

export type Bodies = { [C in CallName]?: (input: never) => unknown };

export interface FakeShell extends OwnedShell {
  publish<E extends EventName>(event: E, payload: EventPayload<E>): void;
  readonly listeners: () => number;
  readonly isClosed: () => boolean;
}

export function fakeShell(bodies: Bodies = {}): FakeShell {
  const listeners = new Set<(event: string, payload: unknown) => void>();
  let closed = false;
  const dispatch = async (name: string, input: unknown): Promise<Reply> => {
    try {
      if (!Object.hasOwn(calls, name)) throw new AssayError('usage', `call ${name}: unknown`);
      const parsed = calls[name as CallName].input.safeParse(input);
      if (!parsed.success) throw new AssayError('usage', `call ${name}: ${parsed.error.issues[0]?.message}`);
      const body = bodies[name as CallName];
      if (body === undefined) throw new AssayError('not-found', `call ${name}: the fake has no body`);
      return { ok: true, value: await (body as (input: unknown) => unknown)(parsed.data) };
    } catch (error) {
      return { ok: false, error: toErrorData(error) };
    }
  };
  const listen = (listener: (event: string, payload: unknown) => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const api: Api = createClient({ call: dispatch, listen });
  return {
    api,
    dispatch,
    listen,
    publish: (event, payload) => {
      for (const listener of [...listeners]) listener(event, payload);
    },
    listeners: () => listeners.size,
    isClosed: () => closed,
    close: async () => {
      closed = true;
    },
  };
}

export function runSummary(more: Partial<RunSummary> = {}): RunSummary {
  return madeUp(1, {
    id: '0190a1b2-run',
    name: 'GRPO',
    status: 'queued',
    preset: 'grpo',
    step: 0,
    steps: 3,
    createdAt: 1_700_000_000_000,
    startedAt: null,
    endedAt: null,
    engine: null,
    ...more,
  });
}
