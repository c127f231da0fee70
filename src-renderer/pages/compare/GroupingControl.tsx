/** How runs become groups: by configuration, by chosen options, by tag, or each by itself. */
import { MultiSelect, Select } from '@mantine/core';
import { useMemo } from 'react';
import { useRunOptions } from '../../data/queries.ts';
import { type CompareView, withGrouping } from '../../lib/comparison/view.ts';
import type { Compared } from './use-comparison.ts';

const WAYS = [
  { value: 'config', label: 'Configuration, without seed' },
  { value: 'paths', label: 'Chosen options' },
  { value: 'tag', label: 'Tags' },
  { value: 'none', label: 'Each run by itself' },
];

interface GroupingControlProps {
  readonly view: CompareView;
  readonly compared: Compared | null;
  readonly onChange: (patch: Partial<CompareView>) => void;
}

export function GroupingControl({ view, compared, onChange }: GroupingControlProps) {
  const options = useRunOptions(true).data;
  const differing = useMemo(() => compared?.comparison.differences.map(({ path }) => path) ?? [], [compared]);
  const others = useMemo(
    () => (options?.options ?? []).map(({ path }) => path).filter((path) => !differing.includes(path)),
    [options, differing],
  );
  const way = typeof view.grouping === 'string' ? view.grouping : 'paths';
  const first = differing[0] ?? 'reward.kind';
  return (
    <>
      <Select
        label="Group by"
        data={WAYS}
        value={way}
        onChange={(next) => {
          if (next === 'paths') onChange(withGrouping(view, [first]));
          else if (next === 'config' || next === 'tag' || next === 'none') onChange(withGrouping(view, next));
        }}
      />
      {typeof view.grouping !== 'string' ? (
        <MultiSelect
          aria-label="Options that make a group"
          size="xs"
          mt={4}
          searchable
          limit={80}
          data={[
            { group: 'Differ here', items: differing },
            { group: 'All', items: others },
          ]}
          value={[...view.grouping]}
          onChange={(paths) => paths.length > 0 && onChange(withGrouping(view, paths))}
        />
      ) : null}
    </>
  );
}
