/** Every address of the window and the page behind it. Each view has one that opens it again. */
import { createRootRoute, createRoute, createRouter, redirect } from '@tanstack/react-router';
import { z } from 'zod';
import { ErrorPage, NotFoundPage } from './components/ErrorView.tsx';
import { Frame } from './components/Frame.tsx';
import { compareSearch } from './lib/comparison/view.ts';
import { lineageSearch } from './lib/lineage/view.ts';
import { newReportSearch } from './lib/reports/request.ts';
import { rolloutsSearch } from './lib/rollout-list.ts';
import { runsSearch } from './lib/runs/view.ts';
import { studySearch } from './lib/studies/view.ts';
import { ComparePage } from './pages/ComparePage.tsx';
import { ImportPage } from './pages/ImportPage.tsx';
import { LineagePage } from './pages/LineagePage.tsx';
import { NewRunPage } from './pages/NewRunPage.tsx';
import { ReportPage } from './pages/ReportPage.tsx';
import { ReportsPage } from './pages/ReportsPage.tsx';
import { RunPage } from './pages/RunPage.tsx';
import { RunsPage } from './pages/RunsPage.tsx';
import { NewReport } from './pages/reports/NewReport.tsx';
import { ChartsTab } from './pages/run/ChartsTab.tsx';
import { CheckpointsTab } from './pages/run/CheckpointsTab.tsx';
import { ConfigTab } from './pages/run/ConfigTab.tsx';
import { EventsTab } from './pages/run/EventsTab.tsx';
import { LogTab } from './pages/run/LogTab.tsx';
import { RolloutsTab } from './pages/run/RolloutsTab.tsx';
import { SystemTab } from './pages/run/SystemTab.tsx';
import { SandboxPage } from './pages/SandboxPage.tsx';
import { StudiesPage } from './pages/StudiesPage.tsx';
import { StudyPage } from './pages/StudyPage.tsx';

// A wrong search value is left out, never an error: addresses are typed and kept by people.
const newRunSearch = z.object({
  preset: z.string().optional().catch(undefined),
  /** Fill in the form as this run was launched. */
  from: z.string().optional().catch(undefined),
  /** Start the policy from this checkpoint. */
  checkpoint: z.string().optional().catch(undefined),
  /** Train so many steps; 0 only evaluates. */
  steps: z.number().int().nonnegative().optional().catch(undefined),
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
const system = createRoute({ getParentRoute: () => run, path: '/system', component: SystemTab });
const log = createRoute({ getParentRoute: () => run, path: '/log', component: LogTab });
const compare = createRoute({
  getParentRoute: () => root,
  path: '/compare',
  component: ComparePage,
  validateSearch: compareSearch,
});
const lineage = createRoute({
  getParentRoute: () => root,
  path: '/lineage',
  component: LineagePage,
  validateSearch: lineageSearch,
});
const studies = createRoute({ getParentRoute: () => root, path: '/studies', component: StudiesPage });
const study = createRoute({
  getParentRoute: () => root,
  path: '/studies/$studyId',
  component: StudyPage,
  validateSearch: studySearch,
});
const imports = createRoute({
  getParentRoute: () => root,
  path: '/import',
  component: ImportPage,
  validateSearch: importSearch,
});
const sandbox = createRoute({
  getParentRoute: () => root,
  path: '/sandbox',
  component: SandboxPage,
  validateSearch: sandboxSearch,
});

const reports = createRoute({ getParentRoute: () => root, path: '/reports', component: ReportsPage });
const newReport = createRoute({
  getParentRoute: () => root,
  path: '/reports/new',
  component: NewReport,
  validateSearch: newReportSearch,
});
const report = createRoute({ getParentRoute: () => root, path: '/reports/$reportId', component: ReportPage });

const tree = root.addChildren([
  index,
  runs,
  newRun,
  compare,
  lineage,
  studies,
  study,
  imports,
  sandbox,
  reports,
  newReport,
  report,
  run.addChildren([charts, rollouts, checkpoints, notes, config, system, log]),
]);

export const createAppRouter = () => createRouter({ routeTree: tree, defaultPreload: false });

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
