/** A store with runs of known numbers, in two conditions of three seeds, and text that would do harm if it could. */
import { onTestFinished } from 'vitest';
import type { ApiContext } from '../../../src-main/api/context.ts';
import { reportSource } from '../../../src-main/api/reports.ts';
import type { ReportSource } from '../../../src-main/reports/runs.ts';
import { openStore, type Store } from '../../../src-main/store/store.ts';
import { runConfig } from '../../fixtures/configs.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';
import { rolloutRecord } from '../../fixtures/steps.ts';

/** Ends markup, formulas, code fences, environments, JSON islands and table rows of every format there is. */
export const HOSTILE = [
  '<script>alert(1)</script><img src=x onerror=alert(1)>',
  '</script><!-- --> "quoted" \'single\' & © é',
  '\\end{assaycode}\\input{/etc/passwd}\\write18{id} $x^2$ %hidden #1 ~ _a_ {b}',
  '```',
  '![x](http://127.0.0.1:9/x.png) [l](javascript:alert(1)) **bold** | cell |',
  '=HYPERLINK("http://127.0.0.1:9")',
  '\u4e2d\u6587 \ud83d\ude00 \u202e\u0007 ]]> \u2028',
].join('\n');

/** Last accuracy by condition and seed; the first is 0.5 in all. */
export const ENDS = { grpo: [0.7, 0.72, 0.74], random: [0.4, 0.45, 0.5] } as const;
export type Label = keyof typeof ENDS;

export interface Fixture {
  readonly home: string;
  readonly store: Store;
  readonly source: ReportSource;
  readonly ids: Readonly<Record<Label, readonly string[]>>;
  /** Of the first run's last step, one of them hostile. */
  readonly rollouts: readonly number[];
}

export async function fixture(): Promise<Fixture> {
  const home = await temporaryFolder();
  const store = openStore(home, 'owner');
  onTestFinished(() => store.close());
  const add = (label: Label, seed: number): string => {
    const id = store.runs.freshId();
    const config = runConfig({ name: `${label} <b>${seed}</b> & 100 %_$`, steps: 20 });
    const reward = { kind: label === 'grpo' ? 'unit-tests' : 'random', options: {} };
    const own = { ...config, reward, seeds: { ...config.seeds, run: seed } };
    store.runs.insert({ id, config: own, codeVersion: '1.0.0', parentCheckpointId: null });
    store.runs.setStatus(id, { status: 'finished', startedAt: 1, endedAt: 2, error: null });
    const end = ENDS[label][seed - 1] ?? 0;
    for (const [step, share] of [0, 0.5, 1].entries()) {
      const metrics = {
        'eval/avg@k': 0.5 + share * (end - 0.5),
        'eval/avg@k-se': 0.02,
        'eval/length': 20 + seed + step,
        'train/token-entropy': 0.3 / (step + seed) + (label === 'random' ? 0.01 * seed : 0),
      };
      const sample = rolloutRecord(0, { split: 'eval', completion: HOSTILE, prompt: `Say ${HOSTILE}` });
      const rollouts =
        label === 'grpo' && seed === 1 && share === 1 ? [sample, rolloutRecord(1, { split: 'eval' })] : [];
      store.saveStep(id, { kind: 'step', step: step * 10, metrics, rollouts });
    }
    return id;
  };
  const ids = {
    grpo: [1, 2, 3].map((seed) => add('grpo', seed)),
    random: [1, 2, 3].map((seed) => add('random', seed)),
  };
  const control = { present: (run: unknown) => run } as unknown as ApiContext['control'];
  const source = reportSource({ store, control });
  return { home, store, source, ids, rollouts: source.samples(ids.grpo[0] ?? '', 20).map((sample) => sample.id) };
}

export const PROGRAM = '9.9.9';
/** 2026-11-21 in UTC. */
export const CREATED = Date.UTC(2026, 10, 21, 12);
