/** A small catalogue and a terminal that remembers, for testing the command line without the app. */
import type { Io } from '../../../src-main/cli/io.ts';
import type { Catalogue } from '../../../src-shared/api.ts';

const number = (label: string, more: { default?: number; integer?: boolean; max?: number } = {}) => ({
  kind: 'number' as const,
  label,
  help: `${label}.`,
  default: 1,
  min: 0,
  max: 100,
  ...more,
});

export const catalogue: Catalogue = {
  groups: [
    {
      id: 'reward',
      title: 'Reward',
      options: {},
      members: [
        {
          id: 'unit-tests',
          title: 'Unit tests',
          help: 'Passing.',
          options: {
            credit: {
              kind: 'choice',
              label: 'Credit',
              help: 'What counts.',
              default: 'all',
              choices: [
                { value: 'all', label: 'All' },
                { value: 'share', label: 'Share' },
              ],
            },
          },
        },
        { id: 'random', title: 'Random', help: 'A coin.', options: { chance: number('Chance') } },
      ],
      defaultMember: 'unit-tests',
    },
    {
      id: 'advantage',
      title: 'Advantage',
      options: {},
      members: [{ id: 'group', title: 'Group', help: '', options: { scale: { ...scale() } } }],
      defaultMember: 'group',
    },
    {
      id: 'rollouts',
      title: 'Rollouts',
      options: { groupSize: number('Group size', { integer: true }), temperature: number('Temperature') },
      members: [],
      defaultMember: null,
    },
    { id: 'evaluation', title: 'Evaluation', options: { temperature: number('T') }, members: [], defaultMember: null },
    {
      id: 'limits',
      title: 'Limits',
      options: { steps: number('Steps', { integer: true }) },
      members: [],
      defaultMember: null,
    },
  ],
  presets: [
    { id: 'grpo', title: 'GRPO', help: '', when: '', group: 'Rewards', values: { 'reward.kind': 'unit-tests' } },
    { id: 'coin', title: 'Coin', help: '', when: '', group: 'Controls', values: { 'reward.kind': 'random' } },
  ],
  engines: [{ id: 'cpu', title: 'CPU', unavailable: null }],
  metrics: [],
};

function scale() {
  return { kind: 'boolean' as const, label: 'Scale', help: '', default: true };
}

export interface FakeIo extends Io {
  readonly lines: string[];
  readonly errors: string[];
  /** Press Ctrl-C. */
  interrupt(): void;
  readonly isListening: () => boolean;
}

export function fakeIo(): FakeIo {
  const lines: string[] = [];
  const errors: string[] = [];
  let times = 0;
  const listeners = new Set<(times: number) => void>();
  return {
    lines,
    errors,
    out: (line) => void lines.push(line),
    err: (line) => void errors.push(line),
    isTerminal: false,
    terminal: null,
    onInterrupt: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    interrupt: () => {
      times++;
      for (const listener of [...listeners]) listener(times);
    },
    isListening: () => listeners.size > 0,
  };
}
