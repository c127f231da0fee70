/** Starting points of a run, in the groups of the catalogue. Edits stay when another one is chosen: they are differences. */
import { TextInput } from '@mantine/core';
import { IconChevronDown, IconChevronRight, IconSearch } from '@tabler/icons-react';
import { type KeyboardEvent, type ReactNode, useRef, useState } from 'react';
import type { Catalogue } from '../../../src-shared/api.ts';
import { findPresets } from '../../lib/new-run/find.ts';
import { OWN_GROUP } from '../../lib/new-run/own-presets.ts';
import css from './Presets.module.css';

const OPEN_AT_FIRST: readonly string[] = [OWN_GROUP, 'Rewards', 'Controls'];

type Preset = Catalogue['presets'][number];

interface PresetsProps {
  readonly presets: readonly Preset[];
  readonly chosen: string | null;
  readonly onChoose: (preset: string) => void;
  /** Below the chosen one, where it is a person's own. */
  readonly own: ReactNode;
  /** Below all. */
  readonly children: ReactNode;
}

export function Presets({ presets, chosen, onChoose, own, children }: PresetsProps) {
  const [query, setQuery] = useState('');
  const list = useRef<HTMLDivElement>(null);
  const groups = Map.groupBy(presets, ({ group }) => group);
  const chosenGroup = presets.find(({ id }) => id === chosen)?.group;
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set([...OPEN_AT_FIRST, chosenGroup ?? '']));
  const found = new Set(findPresets(presets, query));
  const searching = query.trim() !== '';

  const toggle = (group: string) => {
    const next = new Set(opened);
    if (!next.delete(group)) next.add(group);
    setOpened(next);
  };
  const choose = (preset: Preset) => {
    setOpened((before) => new Set(before).add(preset.group));
    onChoose(preset.id);
  };
  const cards = () => [...(list.current?.querySelectorAll<HTMLElement>('[data-stop]:enabled') ?? [])];
  const walk = (event: KeyboardEvent) => {
    const all = cards();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    all[Math.min(all.length - 1, Math.max(0, to))]?.focus();
  };
  return (
    <aside className={css.list} aria-label="Presets">
      <TextInput
        aria-label="Find a preset"
        placeholder="Find a preset"
        leftSection={<IconSearch size={14} />}
        className={css.search}
        value={query}
        autoComplete="off"
        onChange={(event) => setQuery(event.currentTarget.value)}
        onKeyDown={(event) => {
          const first = presets.find((preset) => found.has(preset));
          if (event.key === 'ArrowDown') cards()[0]?.focus();
          else if (event.key === 'Enter' && first !== undefined) choose(first);
          else if (event.key === 'Escape') setQuery('');
          else return;
          event.preventDefault();
        }}
      />
      {/* biome-ignore lint/a11y/noStaticElementInteractions: arrows move between the buttons inside, which have the focus */}
      <div className={`${css.groups} scroll`} ref={list} onKeyDown={walk}>
        {[...groups].map(([group, members]) => {
          const shown = members.filter((preset) => found.has(preset));
          const isOpen = searching || opened.has(group);
          return shown.length === 0 ? null : (
            <section key={group} aria-label={group}>
              <button
                type="button"
                className={css.head}
                data-stop
                aria-expanded={isOpen}
                disabled={searching}
                onClick={() => toggle(group)}
              >
                {isOpen ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />}
                {group}
                <span className={css.count}>{shown.length}</span>
              </button>
              {isOpen ? (
                <ul>
                  {shown.map((preset) => (
                    <li key={preset.id} className={css.preset} data-chosen={preset.id === chosen}>
                      <Card preset={preset} chosen={preset.id === chosen} onChoose={() => choose(preset)} />
                      {preset.id === chosen ? own : null}
                    </li>
                  ))}
                </ul>
              ) : null}
            </section>
          );
        })}
        {found.size === 0 ? <p className={css.none}>No preset is called that.</p> : null}
      </div>
      <div className={css.foot}>{children}</div>
    </aside>
  );
}

/** The button is as large as the card; what is said below its title describes it. */
function Card({ preset, chosen, onChoose }: { preset: Preset; chosen: boolean; onChoose: () => void }) {
  const id = `preset-${preset.id}`;
  return (
    <div className={css.card} title={chosen ? undefined : preset.help}>
      <button
        type="button"
        className={css.name}
        data-stop
        aria-pressed={chosen}
        aria-describedby={id}
        onClick={onChoose}
      >
        {preset.title}
      </button>
      <p id={id} className={css.when}>
        {preset.when}
        {chosen ? <span className={css.help}> {preset.help}</span> : null}
      </p>
    </div>
  );
}
