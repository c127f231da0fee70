/** How a run that ran out of memory goes on: with less of it, and the same results. */
import { Button, Checkbox, Popover, TextInput } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { RunDetail } from '../../../src-shared/api.ts';
import type { MemorySettings } from '../../../src-shared/memory.ts';
import { notifyFailure } from '../../components/ErrorView.tsx';
import { useApi } from '../../data/api-context.tsx';
import { keys } from '../../data/queries.ts';

const MOST_TOKENS = 1_048_576;

export function ResumeWithLess({ run }: { run: RunDetail }) {
  const api = useApi();
  const queries = useQueryClient();
  const [opened, setOpened] = useState(false);
  const [recompute, setRecompute] = useState(true);
  const [text, setText] = useState('');
  const resume = useMutation({
    mutationFn: (memory: MemorySettings) => api.resumeRun({ runId: run.id, memory }),
    onSuccess: () => {
      setOpened(false);
      return queries.invalidateQueries({ queryKey: keys.run(run.id) });
    },
    onError: (error) => notifyFailure('Resume', error),
  });
  const tokens = Number(text);
  const valid = text === '' || (Number.isInteger(tokens) && tokens >= 1 && tokens <= MOST_TOKENS);
  const submit = () => {
    if (valid) resume.mutate({ recompute, ...(text === '' ? {} : { microBatchTokens: tokens }) });
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus>
      <Popover.Target>
        <Button leftSection={<IconPlayerPlay size={14} />} onClick={() => setOpened(!opened)}>
          Resume with less memory
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
          style={{ display: 'flex', flexDirection: 'column', gap: 12, width: 264 }}
        >
          <Checkbox
            label="Recompute activations"
            description="About a third more time in updates. The numbers stay the same."
            checked={recompute}
            onChange={(event) => setRecompute(event.currentTarget.checked)}
            data-autofocus
          />
          <TextInput
            label="Tokens at a time"
            description="A smaller micro-batch, for example 1024. The last bits of numbers may differ."
            placeholder="as many as the engine likes"
            error={valid ? null : `A whole number from 1 to ${MOST_TOKENS}`}
            inputMode="numeric"
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <Button type="submit" loading={resume.isPending} disabled={!valid}>
            Resume
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
