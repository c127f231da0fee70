/** What is on every page: the rail on the left, where one is at the top, the state of the machine at the bottom. */
import { ActionIcon, Kbd, Tooltip } from '@mantine/core';
import { useHotkeys, useLocalStorage } from '@mantine/hooks';
import { spotlight } from '@mantine/spotlight';
import {
  IconArrowsDiff,
  IconBinaryTree2,
  IconBrain,
  IconChevronRight,
  IconFileText,
  IconFlask2,
  IconLayoutSidebarLeftCollapse,
  IconLayoutSidebarLeftExpand,
  IconListDetails,
  IconMicroscope,
  IconPlus,
  IconPuzzle,
  IconSearch,
  IconShieldCode,
} from '@tabler/icons-react';
import { Link, Outlet, useLocation, useNavigate, useParams } from '@tanstack/react-router';
import { type ComponentType, type ReactNode, useRef } from 'react';
import { formatCount } from '../../src-shared/format.ts';
import { useRun, useRuns, useStatus, useStudies, useViews } from '../data/queries.ts';
import { PAGES, type PagePath } from '../lib/pages.ts';
import { CommandPalette } from './CommandPalette.tsx';
import css from './Frame.module.css';
import { Shortcuts } from './Shortcuts.tsx';
import { StatusBar } from './StatusBar.tsx';

const ICONS: Readonly<Record<PagePath, ComponentType<{ size: number; stroke: number }>>> = {
  '/runs': IconListDetails,
  '/new-run': IconPlus,
  '/compare': IconArrowsDiff,
  '/lineage': IconBinaryTree2,
  '/studies': IconMicroscope,
  '/models': IconBrain,
  '/problems': IconPuzzle,
  '/reports': IconFileText,
  '/sandbox': IconShieldCode,
};

const SEARCH_KEY = navigator.platform.startsWith('Mac') ? '⌘K' : 'Ctrl K';

export function Frame() {
  const [collapsed, setCollapsed] = useLocalStorage({
    key: 'assay-rail-collapsed',
    defaultValue: false,
    getInitialValueInEffect: false,
  });
  usePageKeys();
  return (
    <div className={css.frame} data-collapsed={collapsed}>
      <nav className={css.rail} aria-label="Pages">
        <Link to="/runs" className={css.brand} aria-label="Assay">
          <IconFlask2 size={18} stroke={1.75} aria-hidden />
          <span className={css.label}>Assay</span>
        </Link>
        <ul className={css.pages}>
          {PAGES.map((page) => (
            <li key={page.to}>
              <RailLink to={page.to} title={page.title} collapsed={collapsed} />
            </li>
          ))}
        </ul>
        <Tooltip label={collapsed ? 'Expand the rail' : 'Collapse the rail'} position="right">
          <ActionIcon
            className={css.collapse}
            aria-label={collapsed ? 'Expand the rail' : 'Collapse the rail'}
            onClick={() => setCollapsed(!collapsed)}
          >
            {collapsed ? <IconLayoutSidebarLeftExpand size={16} /> : <IconLayoutSidebarLeftCollapse size={16} />}
          </ActionIcon>
        </Tooltip>
      </nav>
      <header className={css.top}>
        <Breadcrumbs />
        <button type="button" className={css.search} onClick={spotlight.open}>
          <IconSearch size={14} stroke={1.75} aria-hidden />
          Search <Kbd size="xs">{SEARCH_KEY}</Kbd>
        </button>
        <RunningCount />
      </header>
      <main className={css.page}>
        <Outlet />
      </main>
      <StatusBar />
      <CommandPalette />
      <Shortcuts />
    </div>
  );
}

interface RailLinkProps {
  readonly to: PagePath;
  readonly title: string;
  readonly collapsed: boolean;
}

function RailLink({ to, title, collapsed }: RailLinkProps) {
  const runs = useRuns().data;
  const Icon = ICONS[to];
  return (
    <Tooltip label={title} position="right" disabled={!collapsed}>
      <Link
        to={to}
        className={css.link}
        activeProps={{ 'data-active': true }}
        aria-label={collapsed ? title : undefined}
      >
        <Icon size={16} stroke={1.75} />
        <span className={css.label}>{title}</span>
        {to === '/runs' && runs !== undefined && runs.length > 0 ? (
          <span className={css.count} aria-hidden>
            {formatCount(runs.length)}
          </span>
        ) : null}
      </Link>
    </Tooltip>
  );
}

function Breadcrumbs() {
  const path = useLocation({ select: (location) => location.pathname });
  const { runId, studyId, reportId } = useParams({ strict: false });
  if (studyId !== undefined)
    return (
      <Below to="/studies" title="Studies">
        <StudyCrumb studyId={studyId} />
      </Below>
    );
  if (reportId !== undefined)
    return (
      <Below to="/reports" title="Reports">
        <ReportCrumb reportId={reportId} />
      </Below>
    );
  if (runId === undefined) {
    const page = [...PAGES, { to: '/import', title: 'Import runs' }].find(({ to }) => path.startsWith(to)) ?? PAGES[0];
    return <h1 className={css.crumb}>{page.title}</h1>;
  }
  return (
    <Below to="/runs" title="Runs">
      <RunCrumb runId={runId} />
    </Below>
  );
}

/** A page, and what of it is looked at. */
function Below({ to, title, children }: { to: PagePath; title: string; children: ReactNode }) {
  return (
    <nav className={css.crumbs} aria-label="Where you are">
      <Link to={to} className={css.parent}>
        {title}
      </Link>
      <IconChevronRight size={14} className="faint" aria-hidden />
      {children}
    </nav>
  );
}

function StudyCrumb({ studyId }: { studyId: string }) {
  const study = useStudies().data?.find(({ id }) => id === studyId);
  return <span className={`${css.crumb} ellipsis`}>{study?.title ?? studyId}</span>;
}

function ReportCrumb({ reportId }: { reportId: string }) {
  const report = useViews('report').data?.find(({ id }) => id === reportId);
  return <span className={`${css.crumb} ellipsis`}>{report?.name ?? reportId}</span>;
}

function RunCrumb({ runId }: { runId: string }) {
  const run = useRun(runId).data;
  return <span className={`${css.crumb} ellipsis`}>{run === undefined ? runId : `${run.name} #${run.number}`}</span>;
}

function RunningCount() {
  const running = useStatus().data?.running;
  if (running === undefined) return null;
  return (
    <span className={css.running} data-some={running > 0}>
      <span className={css.dot} aria-hidden />
      {running === 0 ? 'Nothing running' : `${formatCount(running)} running`}
    </span>
  );
}

/** `g` and then the letter of a page. */
function usePageKeys(): void {
  const navigate = useNavigate();
  const armed = useRef(0);
  const go = (to: PagePath) => () => {
    if (performance.now() - armed.current < 1500) void navigate({ to });
    armed.current = 0;
  };
  useHotkeys([
    [
      'g',
      () => {
        armed.current = performance.now();
      },
    ],
    ...PAGES.map((page): [string, () => void] => [page.key, go(page.to)]),
  ]);
}
