/** Where events leave for those who listen. A listener that fails is reported and harms neither the run nor the others. */
import type { Api, EventName, EventPayload } from '../../src-shared/api.ts';

export type Publish = <E extends EventName>(event: E, payload: EventPayload<E>) => void;

export interface Publisher {
  readonly publish: Publish;
  /** One event. */
  readonly on: Api['on'];
  /** All events, for a transport. */
  listen(listener: (event: EventName, payload: unknown) => void): () => void;
}

export function createPublisher(): Publisher {
  const listeners = new Set<(event: EventName, payload: unknown) => void>();
  const listen: Publisher['listen'] = (listener) => {
    // A wrapper of its own, so that one function may listen twice and stop once.
    const entry = (event: EventName, payload: unknown) => listener(event, payload);
    listeners.add(entry);
    return () => listeners.delete(entry);
  };
  return {
    listen,
    on: (event, listener) =>
      listen((name, payload) => {
        if (name === event) listener(payload as EventPayload<typeof event>);
      }),
    publish(event, payload) {
      for (const listener of [...listeners]) {
        try {
          listener(event, payload);
        } catch (error) {
          console.error(`A listener of ${event} failed:`, error);
        }
      }
    },
  };
}
