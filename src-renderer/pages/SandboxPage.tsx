/** The sandbox: what is in force, a playground to try programs in it, and whether it holds on this machine. */
import { Skeleton, Tabs } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { ErrorView } from '../components/ErrorView.tsx';
import { useSandboxInfo } from '../data/queries.ts';
import tabs from './RunPage.module.css';
import css from './SandboxPage.module.css';
import { IsolationSummary } from './sandbox/IsolationSummary.tsx';
import { MachineCheck } from './sandbox/MachineCheck.tsx';
import { Playground } from './sandbox/Playground.tsx';

export function SandboxPage() {
  const info = useSandboxInfo();
  const { tab } = useSearch({ from: '/sandbox' });
  const navigate = useNavigate();
  if (info.isError && info.data === undefined)
    return <ErrorView error={info.error} onRetry={() => void info.refetch()} />;
  if (info.data === undefined)
    return (
      <div className={tabs.loading} role="status" aria-label="Opening the sandbox">
        <Skeleton height={24} width={320} animate={false} />
        <Skeleton height={320} animate={false} />
      </div>
    );
  return (
    <div className={css.page}>
      <IsolationSummary info={info.data} />
      <Tabs
        className={tabs.tabs}
        value={tab ?? 'try'}
        onChange={(id) => void navigate({ to: '/sandbox', search: id === 'check' ? { tab: 'check' } : {} })}
      >
        <Tabs.List className={tabs.list}>
          <Tabs.Tab value="try">Try a program</Tabs.Tab>
          <Tabs.Tab value="check">Check this machine</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="try" className={tabs.panel}>
          <Playground info={info.data} />
        </Tabs.Panel>
        <Tabs.Panel value="check" className={tabs.panel}>
          <MachineCheck info={info.data} />
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}
