/** Composition root of the window: theme, queries, live state, pages. */
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import type { Api } from '../src-shared/api.ts';
import type { Connection, SendFile } from './client.ts';
import { AppProvider } from './data/api-context.tsx';
import { Live } from './data/live.ts';
import { createAppRouter, fetchPages } from './routes.tsx';
import { cssVariables, theme } from './theme.ts';

interface AppProps {
  readonly api: Api;
  readonly connection: Connection;
  readonly sendFile: SendFile;
}

export function App({ api, connection, sendFile }: AppProps) {
  const [queries] = useState(
    () =>
      new QueryClient({
        // Answers stay good until an event or a reconnect says otherwise; a failure is shown, not tried in silence.
        defaultOptions: {
          queries: { retry: false, refetchOnWindowFocus: false, staleTime: 10_000, networkMode: 'always' },
        },
      }),
  );
  const [live] = useState(() => new Live(api, queries, connection));
  const [router] = useState(createAppRouter);
  useEffect(() => fetchPages(router), [router]);
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <AppProvider value={{ api, connection, live, sendFile }}>
          <RouterProvider router={router} />
          <Notifications position="bottom-center" limit={3} transitionDuration={100} />
        </AppProvider>
      </QueryClientProvider>
    </MantineProvider>
  );
}
