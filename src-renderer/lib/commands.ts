/** What can be found and done from everywhere: pages, runs, presets, and what acts on the window. Pure; the palette shows it. */
import type { Catalogue, RunSummary } from '../../src-shared/api.ts';
import { PAGES } from './pages.ts';

export interface Command {
  readonly id: string;
  readonly title: string;
  /** Beside the title, dimmed. */
  readonly detail: string;
  readonly group: 'Pages' | 'Runs' | 'New run' | 'Window';
  /** Further words that find it. */
  readonly keywords: readonly string[];
  /** Address that it goes to; absent for what acts on the window. */
  readonly href?: string;
}

export const WINDOW_COMMANDS = [
  { id: 'theme', title: 'Switch between light and dark', keywords: ['theme', 'colours', 'night'] },
  { id: 'link', title: 'Copy a link to this view', keywords: ['address', 'url', 'share'] },
  { id: 'keys', title: 'Keyboard shortcuts', keywords: ['help', 'keys', 'hotkeys'] },
] as const;
export type WindowCommand = (typeof WINDOW_COMMANDS)[number]['id'];

export function commandsOf(runs: readonly RunSummary[], presets: Catalogue['presets']): Command[] {
  return [
    ...PAGES.map(
      ({ to, title, key, help }): Command => ({
        id: `page ${to}`,
        title,
        detail: `g ${key}`,
        group: 'Pages',
        keywords: [help],
        href: to,
      }),
    ),
    ...runs.map(
      (run): Command => ({
        id: `run ${run.id}`,
        title: `${run.name} #${run.number}`,
        detail: run.status,
        group: 'Runs',
        keywords: [run.id, run.configHash, run.reward, `seed ${run.seed}`, run.study ?? '', ...run.tags],
        href: `/runs/${run.id}`,
      }),
    ),
    ...presets.map(
      ({ id, title, help }): Command => ({
        id: `preset ${id}`,
        title: `New run: ${title}`,
        detail: id,
        group: 'New run',
        keywords: [help],
        href: `/new-run?preset=${encodeURIComponent(id)}`,
      }),
    ),
    ...WINDOW_COMMANDS.map(
      ({ id, title, keywords }): Command => ({ id, title, keywords, detail: '', group: 'Window' }),
    ),
  ];
}

const MOST = 12;

/** The commands that hold every word of the query, best first: at the start of a title, in it, elsewhere. */
export function findCommands(commands: readonly Command[], query: string): Command[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const rank = ({ title, detail, keywords }: Command): number | null => {
    const name = title.toLowerCase();
    const rest = [detail, ...keywords].join(' ').toLowerCase();
    let worst = 0;
    for (const word of words) {
      const at = name.indexOf(word);
      if (at < 0 && !rest.includes(word)) return null;
      worst = Math.max(worst, at < 0 ? 3 : at === 0 ? 0 : /\W/.test(name[at - 1] ?? ' ') ? 1 : 2);
    }
    return worst;
  };
  const ranked = commands.flatMap((command) => {
    const place = rank(command);
    return place === null ? [] : [{ command, place }];
  });
  return ranked
    .toSorted((a, b) => a.place - b.place)
    .slice(0, MOST)
    .map(({ command }) => command);
}
