/** Every address of the window and the page behind it. Each view has one that opens it again. */
import { createRootRoute, createRoute, createRouter, redirect } from '@tanstack/react-router';
import { z } from 'zod';
import { ErrorPage, NotFoundPage } from './components/ErrorView.tsx';
import { Frame } from './components/Frame.tsx';
import { NewRunPage } from './pages/NewRunPage.tsx';
import { RunPage } from './pages/RunPage.tsx';
import { RunsPage } from './pages/RunsPage.tsx';
import { ChartsTab } from './pages/run/ChartsTab.tsx';
import { CheckpointsTab } from './pages/run/CheckpointsTab.tsx';
import { ConfigTab } from './pages/run/ConfigTab.tsx';
import { EventsTab } from './pages/run/EventsTab.tsx';
import { RolloutsTab } from './pages/run/RolloutsTab.tsx';
import { SandboxPage } from './pages/SandboxPage.tsx';

// A wrong search value is left out, never an error: addresses are typed and kept by people.
const newRunSearch = z.object({
  preset: z.string().optional().catch(undefined),
  /** Fill in the form as this run was launched. */
  from: z.string().optional().catch(undefined),
  /** Start the policy from this checkpoint. */
  checkpoint: z.string().optional().catch(undefined),
});
const rolloutsSearch = z.object({
  step: z.number().int().nonnegative().optional().catch(undefined),
  split: z.enum(['train', 'eval']).optional().catch(undefined),
  rollout: z.number().int().optional().catch(undefined),
});

const sandboxSearch = z.object({ tab: z.enum(['check']).optional().catch(undefined) });

const root = createRootRoute({
  component: Frame,
  notFoundComponent: () => <NotFoundPage />,
  errorComponent: ErrorPage,
});
const index = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/runs', replace: true });
  },
});
const runs = createRoute({ getParentRoute: () => root, path: '/runs', component: RunsPage });
const newRun = createRoute({
  getParentRoute: () => root,
  path: '/new-run',
  component: NewRunPage,
  validateSearch: newRunSearch,
});
const run = createRoute({ getParentRoute: () => root, path: '/runs/$runId', component: RunPage });
const charts = createRoute({ getParentRoute: () => run, path: '/', component: ChartsTab });
const rollouts = createRoute({
  getParentRoute: () => run,
  path: '/rollouts',
  component: RolloutsTab,
  validateSearch: rolloutsSearch,
});
const checkpoints = createRoute({ getParentRoute: () => run, path: '/checkpoints', component: CheckpointsTab });
const notes = createRoute({ getParentRoute: () => run, path: '/events', component: EventsTab });
const config = createRoute({ getParentRoute: () => run, path: '/config', component: ConfigTab });
const sandbox = createRoute({
  getParentRoute: () => root,
  path: '/sandbox',
  component: SandboxPage,
  validateSearch: sandboxSearch,
});

const tree = root.addChildren([
  index,
  runs,
  newRun,
  sandbox,
  run.addChildren([charts, rollouts, checkpoints, notes, config]),
]);

export const createAppRouter = () => createRouter({ routeTree: tree, defaultPreload: false });

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
