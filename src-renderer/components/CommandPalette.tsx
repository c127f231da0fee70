/** Ctrl/Cmd-K: finds pages, runs and presets from everywhere. */
import { useMantineColorScheme } from '@mantine/core';
import { Spotlight } from '@mantine/spotlight';
import { IconSearch } from '@tabler/icons-react';
import { useRouter } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useCatalogue, useRuns } from '../data/queries.ts';
import { type Command, commandsOf, findCommands, type WindowCommand } from '../lib/commands.ts';
import css from './CommandPalette.module.css';
import { notifyDone, notifyFailure } from './ErrorView.tsx';
import { showShortcuts } from './Shortcuts.tsx';

export function CommandPalette() {
  const [query, setQuery] = useState('');
  const runs = useRuns().data;
  const presets = useCatalogue().data?.presets;
  const router = useRouter();
  const act = useWindowCommands();
  const commands = useMemo(() => commandsOf(runs ?? [], presets ?? []), [runs, presets]);
  const found = findCommands(commands, query);
  const choose = ({ id, href }: Command) => {
    if (href === undefined) act[id as WindowCommand]();
    else router.history.push(href);
  };
  return (
    <Spotlight.Root query={query} onQueryChange={setQuery} shortcut={['mod + K', 'mod + P']} maxHeight={420} scrollable>
      <Spotlight.Search
        placeholder="Find a page, a run, a preset"
        leftSection={<IconSearch size={16} stroke={1.75} />}
      />
      <Spotlight.ActionsList>
        {found.map((command) => (
          <Spotlight.Action
            key={command.id}
            label={command.title}
            rightSection={<span className={css.detail}>{command.detail}</span>}
            leftSection={<span className={css.group}>{command.group}</span>}
            onClick={() => choose(command)}
          />
        ))}
        {found.length === 0 ? <Spotlight.Empty>Nothing is called that</Spotlight.Empty> : null}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}

function useWindowCommands(): Readonly<Record<WindowCommand, () => void>> {
  const { setColorScheme, colorScheme } = useMantineColorScheme();
  return {
    theme: () => {
      const isDark =
        colorScheme === 'dark' || (colorScheme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
      setColorScheme(isDark ? 'light' : 'dark');
    },
    link: () => {
      const { pathname, search } = window.location;
      // The token of the local server stays out of it: it opens every door, and ends with the app.
      const query = new URLSearchParams(search);
      query.delete('token');
      const link = `assay://app${pathname}${query.size === 0 ? '' : `?${query}`}`;
      navigator.clipboard.writeText(link).then(
        () => notifyDone('Link copied'),
        (error: unknown) => notifyFailure('Copy', error),
      );
    },
    keys: showShortcuts,
  };
}
