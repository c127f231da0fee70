/** Narrows the list of rollouts: by problem, reward, advantage, length and how they ended. The address keeps it. */
import { Button, NumberInput, Popover, Select, TextInput } from '@mantine/core';
import { IconFilter, IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { ADVANTAGE_SIGNS, NO_FILTER, type RolloutFilter } from '../../lib/rollout-list.ts';
import css from './RolloutFilters.module.css';

interface RolloutFiltersProps {
  readonly filter: RolloutFilter;
  readonly onChange: (changes: RolloutFilter) => void;
}

const CUT = [
  { value: 'all', label: 'All' },
  { value: 'cut', label: 'Cut off' },
  { value: 'ended', label: 'Ended by itself' },
];

export function RolloutFilters({ filter, onChange }: RolloutFiltersProps) {
  // Fields keep what is being typed; clearing makes them anew.
  const [cleared, setCleared] = useState(0);
  const set = Object.values(filter).filter((value) => value !== undefined).length;
  const inside = [filter.minReward, filter.maxReward, filter.minTokens, filter.maxTokens, filter.advantage, filter.cut];
  const hidden = inside.filter((value) => value !== undefined).length;
  const bound = (key: 'minReward' | 'maxReward' | 'minTokens' | 'maxTokens', label: string) => (
    <NumberInput
      size="xs"
      hideControls
      label={label}
      defaultValue={filter[key] ?? ''}
      onChange={(value) => onChange({ [key]: typeof value === 'number' ? value : undefined })}
    />
  );
  return (
    <div className={css.filters} key={cleared}>
      <TextInput
        aria-label="Problem"
        placeholder="Problem"
        leftSection={<IconSearch size={14} />}
        defaultValue={filter.problem ?? ''}
        maxLength={200}
        onChange={({ currentTarget: { value } }) => onChange({ problem: value.trim() === '' ? undefined : value })}
      />
      <Popover position="bottom-start" trapFocus>
        <Popover.Target>
          <Button variant="default" leftSection={<IconFilter size={14} />} px="sm">
            {hidden === 0 ? 'Filter' : `Filter (${hidden})`}
          </Button>
        </Popover.Target>
        <Popover.Dropdown aria-label="Filter of rollouts">
          <div className={css.fields}>
            {bound('minReward', 'Reward from')}
            {bound('maxReward', 'Reward to')}
            {bound('minTokens', 'Tokens from')}
            {bound('maxTokens', 'Tokens to')}
            <Select
              label="Advantage"
              comboboxProps={{ withinPortal: false }}
              data={[
                { value: 'all', label: 'All' },
                ...ADVANTAGE_SIGNS.map(({ id, title }) => ({ value: id, label: title })),
              ]}
              value={filter.advantage ?? 'all'}
              onChange={(value) => onChange({ advantage: ADVANTAGE_SIGNS.find(({ id }) => id === value)?.id })}
            />
            <Select
              label="Response"
              comboboxProps={{ withinPortal: false }}
              data={CUT}
              value={filter.cut === undefined ? 'all' : filter.cut ? 'cut' : 'ended'}
              onChange={(value) => onChange({ cut: value === 'cut' ? true : value === 'ended' ? false : undefined })}
            />
          </div>
        </Popover.Dropdown>
      </Popover>
      {set === 0 ? null : (
        <Button
          variant="subtle"
          px={6}
          onClick={() => {
            onChange(NO_FILTER);
            setCleared(cleared + 1);
          }}
        >
          Clear
        </Button>
      )}
    </div>
  );
}
