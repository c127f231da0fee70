/** What can be done with a run in its present state. A stop is no loss: it writes a checkpoint to resume from. */
import { Button, Popover, TextInput } from '@mantine/core';
import { IconPlayerPause, IconPlayerPlay, IconPlayerStop, IconPlayerTrackNext } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { RunDetail } from '../../../src-shared/api.ts';
import { isOutOfMemory } from '../../../src-shared/memory.ts';
import { notifyDone, notifyFailure } from '../../components/ErrorView.tsx';
import { useApi } from '../../data/api-context.tsx';
import { keys } from '../../data/queries.ts';
import { ResumeWithLess } from './ResumeWithLess.tsx';

/** A change of state: says that it failed, and asks for the state anew when it worked. */
function useAction<I>(run: RunDetail, action: string, body: (input: I) => Promise<unknown>, done?: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: body,
    onSuccess: () => {
      if (done !== undefined) notifyDone(done);
      return queries.invalidateQueries({ queryKey: keys.run(run.id) });
    },
    onError: (error) => notifyFailure(action, error),
  });
}

export function RunControls({ run }: { run: RunDetail }) {
  const api = useApi();
  const ref = { runId: run.id };
  const afterStep = `${run.name} after this step`;
  const pause = useAction(run, 'Pause', () => api.pauseRun(ref), `Pauses ${afterStep}`);
  const goOn = useAction(run, 'Resume', () => api.resumeRun(ref));
  const stop = useAction(
    run,
    'Stop',
    () => api.stopRun(ref),
    run.status === 'running' ? `Stops ${afterStep}` : undefined,
  );
  const { status } = run;
  // What another tool made cannot be trained further here.
  if (run.origin !== null && run.origin.format !== 'assay') return null;
  const isLive = status === 'running' || status === 'paused' || status === 'queued';
  const canGoOn = status === 'paused' || status === 'stopped' || status === 'interrupted' || status === 'failed';
  return (
    <>
      {status === 'running' ? <Control label="Pause" icon={IconPlayerPause} action={pause} /> : null}
      {canGoOn ? <Control label="Resume" icon={IconPlayerPlay} action={goOn} /> : null}
      {isOutOfMemory(run.error) && status === 'interrupted' ? <ResumeWithLess run={run} /> : null}
      {isLive ? <Control label="Stop" icon={IconPlayerStop} action={stop} /> : null}
      {status === 'finished' && run.steps > 0 ? <ResumeWithMore run={run} /> : null}
    </>
  );
}

function Control({
  label,
  icon: Icon,
  action,
}: {
  label: string;
  icon: typeof IconPlayerPlay;
  action: Pick<ReturnType<typeof useAction>, 'isPending' | 'mutate'>;
}) {
  return (
    <Button
      variant="default"
      leftSection={<Icon size={14} />}
      loading={action.isPending}
      onClick={() => action.mutate({})}
    >
      {label}
    </Button>
  );
}

function ResumeWithMore({ run }: { run: RunDetail }) {
  const api = useApi();
  const [opened, setOpened] = useState(false);
  const [text, setText] = useState('');
  const resume = useAction(run, 'Resume', (steps: number) => api.resumeRun({ runId: run.id, steps }));
  const more = Number(text);
  const valid = Number.isInteger(more) && more > 0 && more <= 1_000_000;
  const submit = () => {
    if (valid) resume.mutate(run.steps + more, { onSuccess: () => setOpened(false) });
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus>
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<IconPlayerTrackNext size={14} />}
          onClick={() => {
            setText(String(Math.max(1, Math.round(run.steps / 2))));
            setOpened(!opened);
          }}
        >
          Resume with more steps
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
          style={{ display: 'flex', flexDirection: 'column', gap: 12, width: 232 }}
        >
          <TextInput
            label="More steps"
            description={valid ? `Goes on from the last checkpoint up to step ${run.steps + more}.` : ' '}
            error={valid ? null : 'A whole number from 1 to 1000000'}
            inputWrapperOrder={['label', 'input', 'error', 'description']}
            inputMode="numeric"
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            data-autofocus
          />
          <Button type="submit" loading={resume.isPending} disabled={!valid}>
            Resume
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
