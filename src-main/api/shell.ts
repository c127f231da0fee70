/** What every carrier of the Api (ipc.ts, http.ts) needs of the app; app.ts gives it. */
import type { Api, Reply } from '../../src-shared/api.ts';

export interface Shell {
  /** Carry out a call by name. Never rejects: whatever goes wrong is in the reply. */
  dispatch(name: string, input: unknown): Promise<Reply>;
  /** Every event of every kind, in the order of publishing. Returns the function that stops listening. */
  listen(listener: (event: string, payload: unknown) => void): () => void;
}

/** The app as its entries hold it. */
export interface OwnedShell extends Shell {
  /** The same calls in process, without a transport. */
  readonly api: Api;
  close(): Promise<void>;
}
