/** The Api, the connection and the live state, for every component. */
import { createContext, type ReactNode, use, useSyncExternalStore } from 'react';
import type { Api } from '../../src-shared/api.ts';
import type { Connection, SendFile } from '../client.ts';
import type { Live } from './live.ts';

interface App {
  readonly api: Api;
  readonly connection: Connection;
  readonly live: Live;
  readonly sendFile: SendFile;
}

const AppContext = createContext<App | null>(null);

export function AppProvider({ value, children }: { value: App; children: ReactNode }) {
  return <AppContext value={value}>{children}</AppContext>;
}

function useApp(): App {
  const app = use(AppContext);
  if (app === null) throw new Error('AppProvider is missing above this component');
  return app;
}

export const useApi = (): Api => useApp().api;
export const useLive = (): Live => useApp().live;
export const useSendFile = (): SendFile => useApp().sendFile;

export function useConnection(): { state: Connection['state']; attempts: number } {
  const { connection } = useApp();
  const state = useSyncExternalStore(connection.subscribe, () => connection.state);
  const attempts = useSyncExternalStore(connection.subscribe, () => connection.attempts);
  return { state, attempts };
}
