/** A typed `Api` over any transport: answers and events are parsed before they are believed. */
import {
  type Api,
  type CallName,
  calls,
  type EventName,
  type EventPayload,
  events,
  replySchema,
  type Transport,
} from './api.ts';
import { AssayError, fromErrorData } from './errors.ts';

export function createClient(transport: Transport): Api {
  const listeners = new Map<EventName, Set<(payload: never) => void>>();
  let stopListening: (() => void) | null = null;

  const deliver = (name: string, payload: unknown) => {
    if (!Object.hasOwn(events, name)) return;
    const event = name as EventName;
    const heard = listeners.get(event);
    if (heard === undefined || heard.size === 0) return;
    const parsed = events[event].parse(payload) as EventPayload<typeof event>;
    for (const listener of [...heard]) (listener as (p: typeof parsed) => void)(parsed);
  };

  const on: Api['on'] = (event, listener) => {
    stopListening ??= transport.listen(deliver);
    const heard = listeners.get(event) ?? new Set();
    listeners.set(event, heard.add(listener as (payload: never) => void));
    return () => {
      heard.delete(listener as (payload: never) => void);
      if ([...listeners.values()].some((set) => set.size > 0)) return;
      stopListening?.();
      stopListening = null;
    };
  };

  const call = async (name: CallName, input: unknown): Promise<unknown> => {
    const reply = replySchema.safeParse(await transport.call(name, input));
    if (!reply.success) throw new AssayError('internal', `${name}: the answer is malformed`);
    if (!reply.data.ok) throw fromErrorData(reply.data.error);
    return calls[name].output.parse(reply.data.value);
  };

  const bodies = Object.fromEntries(
    (Object.keys(calls) as CallName[]).map((name) => [name, (input: unknown) => call(name, input)]),
  );
  // The mapped type cannot follow Object.fromEntries; every name of `calls` is present by construction.
  return { ...bodies, on } as Api;
}
