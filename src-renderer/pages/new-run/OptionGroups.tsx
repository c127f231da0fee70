/** The groups of the form: which are open, what a search leaves of them, and what an evaluation has no use for. */
import { useCallback, useMemo, useState } from 'react';
import type { Catalogue } from '../../../src-shared/api.ts';
import { findFields } from '../../lib/new-run/find.ts';
import type { FieldState } from '../../lib/run-form.ts';
import css from './NewRunForm.module.css';
import type { FieldProps } from './OptionField.tsx';
import { OptionGroup } from './OptionGroup.tsx';

/** What an experiment is usually about. */
const OPEN_AT_FIRST: ReadonlySet<string> = new Set(['problems', 'reward', 'rollouts', 'limits', 'seeds']);
const NONE: ReadonlySet<string> = new Set();

const toggled = (set: ReadonlySet<string>, group: string): ReadonlySet<string> => {
  const next = new Set(set);
  if (!next.delete(group)) next.add(group);
  return next;
};

/** @param also Opened at first besides. */
export function useOpenGroups(catalogue: Catalogue, also: readonly string[]) {
  const [opened, setOpened] = useState<ReadonlySet<string>>(() => new Set([...OPEN_AT_FIRST, ...also]));
  const [more, setMore] = useState(NONE);
  const all = useMemo(() => new Set(catalogue.groups.map(({ id }) => id)), [catalogue]);
  return {
    opened,
    more,
    /** Whether advanced options are shown everywhere. */
    advanced: more.size === all.size,
    setAdvanced: (advanced: boolean) => setMore(advanced ? all : NONE),
    toggle: useCallback((group: string) => setOpened((now) => toggled(now, group)), []),
    toggleMore: useCallback((group: string) => setMore((now) => toggled(now, group)), []),
    /** Open whatever hides the option at `path`. */
    reveal: useCallback((path: string) => {
      const group = path.slice(0, path.indexOf('.'));
      setOpened((now) => new Set(now).add(group));
      setMore((now) => new Set(now).add(group));
    }, []),
  };
}

interface OptionGroupsProps extends FieldProps {
  readonly fields: readonly FieldState[];
  readonly query: string;
  readonly evaluates: boolean;
  readonly groups: ReturnType<typeof useOpenGroups>;
}

export function OptionGroups({ fields, query, evaluates, groups, ...shared }: OptionGroupsProps) {
  const searching = query.trim() !== '';
  const offered = useMemo(
    // The switch above says that there are no steps. A fault is always shown.
    () =>
      evaluates ? fields.filter((f) => f.fault !== null || (f.inert === null && f.path !== 'limits.steps')) : fields,
    [fields, evaluates],
  );
  const found = useMemo(() => (searching ? findFields(offered, query) : offered), [offered, query, searching]);
  const left = shared.catalogue.groups.filter(({ id }) => !offered.some((f) => f.group === id));
  return (
    <>
      {shared.catalogue.groups.map((group) => {
        const own = found.filter((field) => field.group === group.id);
        return own.length === 0 ? null : (
          <OptionGroup
            key={group.id}
            {...shared}
            group={group}
            fields={own}
            searching={searching}
            opened={groups.opened.has(group.id)}
            moreOpened={groups.more.has(group.id)}
            onToggle={groups.toggle}
            onToggleMore={groups.toggleMore}
          />
        );
      })}
      {found.length === 0 ? <p className={css.note}>No option is called that.</p> : null}
      {evaluates && !searching && left.length > 0 ? (
        <p className={css.note}>
          An evaluation does not train, so these are left out: {left.map(({ title }) => title).join(', ')}.
        </p>
      ) : null}
    </>
  );
}
