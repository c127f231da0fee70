/** Every address of the window and the page behind it. Each view has one that opens it again. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { z } from 'zod';
import { samplingSchema } from '../src-shared/models.ts';
import { ErrorPage, NotFoundPage } from './components/ErrorView.tsx';
import { Frame } from './components/Frame.tsx';
import { compareSearch } from './lib/comparison/view.ts';
import { lineageSearch } from './lib/lineage/view.ts';
import { modelsSearch } from './lib/models/view.ts';
import { problemSetSchema, problemsSearch } from './lib/problems/view.ts';
import { newReportSearch } from './lib/reports/request.ts';
import { rolloutsSearch } from './lib/rollout-list.ts';
import { runsSearch } from './lib/runs/view.ts';
import { studySearch } from './lib/studies/view.ts';
import { RunsPage } from './pages/RunsPage.tsx';

// A wrong search value is left out, never an error: addresses are typed and kept by people.
const newRunSearch = z.object({
  preset: z.string().optional().catch(undefined),
  /** Fill in the form as this run was launched. */
  from: z.string().optional().catch(undefined),
  /** Start the policy from this checkpoint. */
  checkpoint: z.string().optional().catch(undefined),
  /** Start from this policy: `embedded`, a folder or a GGUF file. */
  policy: z.string().max(4096).optional().catch(undefined),
  /** Sample so: as the policy's authors do. */
  sampling: samplingSchema.optional().catch(undefined),
  /** Train so many steps; 0 only evaluates. */
  steps: z.number().int().nonnegative().optional().catch(undefined),
  /** With these problems. */
  problems: problemSetSchema.optional().catch(undefined),
});

/** A file that was opened from outside the window. */
const importSearch = z.object({ file: z.string().optional().catch(undefined) });
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
const runs = createRoute({
  getParentRoute: () => root,
  path: '/runs',
  component: RunsPage,
  validateSearch: runsSearch,
});
const newRun = createRoute({
  getParentRoute: () => root,
  path: '/new-run',
  component: lazyRouteComponent(() => import('./pages/NewRunPage.tsx'), 'NewRunPage'),
  validateSearch: newRunSearch,
});
const run = createRoute({
  getParentRoute: () => root,
  path: '/runs/$runId',
  component: lazyRouteComponent(() => import('./pages/RunPage.tsx'), 'RunPage'),
});
const charts = createRoute({
  getParentRoute: () => run,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/run/ChartsTab.tsx'), 'ChartsTab'),
});
const rollouts = createRoute({
  getParentRoute: () => run,
  path: '/rollouts',
  component: lazyRouteComponent(() => import('./pages/run/RolloutsTab.tsx'), 'RolloutsTab'),
  validateSearch: rolloutsSearch,
});
const checkpoints = createRoute({
  getParentRoute: () => run,
  path: '/checkpoints',
  component: lazyRouteComponent(() => import('./pages/run/CheckpointsTab.tsx'), 'CheckpointsTab'),
});
const notes = createRoute({
  getParentRoute: () => run,
  path: '/events',
  component: lazyRouteComponent(() => import('./pages/run/EventsTab.tsx'), 'EventsTab'),
});
const config = createRoute({
  getParentRoute: () => run,
  path: '/config',
  component: lazyRouteComponent(() => import('./pages/run/ConfigTab.tsx'), 'ConfigTab'),
});
const system = createRoute({
  getParentRoute: () => run,
  path: '/system',
  component: lazyRouteComponent(() => import('./pages/run/SystemTab.tsx'), 'SystemTab'),
});
const log = createRoute({
  getParentRoute: () => run,
  path: '/log',
  component: lazyRouteComponent(() => import('./pages/run/LogTab.tsx'), 'LogTab'),
});
const compare = createRoute({
  getParentRoute: () => root,
  path: '/compare',
  component: lazyRouteComponent(() => import('./pages/ComparePage.tsx'), 'ComparePage'),
  validateSearch: compareSearch,
});
const lineage = createRoute({
  getParentRoute: () => root,
  path: '/lineage',
  component: lazyRouteComponent(() => import('./pages/LineagePage.tsx'), 'LineagePage'),
  validateSearch: lineageSearch,
});
const studies = createRoute({
  getParentRoute: () => root,
  path: '/studies',
  component: lazyRouteComponent(() => import('./pages/StudiesPage.tsx'), 'StudiesPage'),
});
const study = createRoute({
  getParentRoute: () => root,
  path: '/studies/$studyId',
  component: lazyRouteComponent(() => import('./pages/StudyPage.tsx'), 'StudyPage'),
  validateSearch: studySearch,
});
const models = createRoute({
  getParentRoute: () => root,
  path: '/models',
  component: lazyRouteComponent(() => import('./pages/ModelsPage.tsx'), 'ModelsPage'),
  validateSearch: modelsSearch,
});
const imports = createRoute({
  getParentRoute: () => root,
  path: '/import',
  component: lazyRouteComponent(() => import('./pages/ImportPage.tsx'), 'ImportPage'),
  validateSearch: importSearch,
});
const problems = createRoute({
  getParentRoute: () => root,
  path: '/problems',
  component: lazyRouteComponent(() => import('./pages/ProblemsPage.tsx'), 'ProblemsPage'),
  validateSearch: problemsSearch,
});
const sandbox = createRoute({
  getParentRoute: () => root,
  path: '/sandbox',
  component: lazyRouteComponent(() => import('./pages/SandboxPage.tsx'), 'SandboxPage'),
  validateSearch: sandboxSearch,
});

const reports = createRoute({
  getParentRoute: () => root,
  path: '/reports',
  component: lazyRouteComponent(() => import('./pages/ReportsPage.tsx'), 'ReportsPage'),
});
const newReport = createRoute({
  getParentRoute: () => root,
  path: '/reports/new',
  component: lazyRouteComponent(() => import('./pages/reports/NewReport.tsx'), 'NewReport'),
  validateSearch: newReportSearch,
});
const report = createRoute({
  getParentRoute: () => root,
  path: '/reports/$reportId',
  component: lazyRouteComponent(() => import('./pages/ReportPage.tsx'), 'ReportPage'),
});

const tree = root.addChildren([
  index,
  runs,
  newRun,
  compare,
  lineage,
  studies,
  study,
  models,
  imports,
  problems,
  sandbox,
  reports,
  newReport,
  report,
  run.addChildren([charts, rollouts, checkpoints, notes, config, system, log]),
]);

export const createAppRouter = () => createRouter({ routeTree: tree, defaultPreload: false });

/** The first page comes first. */
const QUIET_MS = 1000;

/** Fetches the code of the pages that were not opened yet, one at a time while the window has nothing else to do. */
export function fetchPages({ routesById, loadRouteChunk }: ReturnType<typeof createAppRouter>): () => void {
  const waiting = Object.values(routesById);
  let idle = 0;
  const next = () => {
    const route = waiting.pop();
    // A page whose code cannot be had says so when it is opened.
    if (route !== undefined) (loadRouteChunk(route) ?? Promise.resolve()).then(whenIdle, whenIdle);
  };
  const whenIdle = () => {
    idle = requestIdleCallback(next);
  };
  const quiet = setTimeout(whenIdle, QUIET_MS);
  return () => {
    waiting.length = 0;
    clearTimeout(quiet);
    cancelIdleCallback(idle);
  };
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
