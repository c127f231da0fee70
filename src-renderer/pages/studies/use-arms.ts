/** The curves of a study's arms, and how each arm looks in every figure and in the grid. */
import { useComputedColorScheme } from '@mantine/core';
import { useCallback, useMemo } from 'react';
import type { LineLook } from '../../../src-shared/charts/palette.ts';
import type { Comparison } from '../../../src-shared/comparison.ts';
import type { StudyPlan } from '../../../src-shared/study.ts';
import { looksOf } from '../../lib/comparison/looks.ts';
import { useRunsById, useStudyCurves } from './use-studies.ts';

export interface Arms {
  /** Groups are the arms, under their names; undefined with fewer than two runs. */
  readonly comparison: Comparison | undefined;
  /** By key of the group. */
  readonly groupLooks: ReadonlyMap<string, LineLook>;
  /** By arm. */
  readonly looks: ReadonlyMap<string, LineLook>;
  /** Arm of a group. */
  readonly armOf: (groupKey: string) => string | undefined;
  readonly numberOf: (runId: string) => number | undefined;
  readonly error: unknown;
  /** Runs that are too many to be drawn. */
  readonly left: number;
}

export function useArms(plan: StudyPlan, metrics: readonly string[]): Arms {
  const scheme = useComputedColorScheme('light');
  const runs = useRunsById();
  const { comparison, error, armOf: armOfRun, left } = useStudyCurves(plan, metrics);
  const numberOf = useCallback((runId: string) => runs.get(runId)?.number, [runs]);
  return useMemo(() => {
    const groups = comparison?.groups ?? [];
    const names = new Map(groups.map(({ key, runIds }) => [key, armOfRun.get(runIds[0] ?? '')]));
    const groupLooks = looksOf(groups, numberOf, scheme);
    const looks = new Map<string, LineLook>();
    for (const { key } of groups) {
      const [arm, look] = [names.get(key), groupLooks.get(key)];
      if (arm !== undefined && look !== undefined && !looks.has(arm)) looks.set(arm, look);
    }
    const named = groups.map((group) => ({ ...group, label: names.get(group.key) ?? group.label }));
    return {
      comparison: comparison === undefined ? undefined : { ...comparison, groups: named },
      groupLooks,
      looks,
      armOf: (key: string) => names.get(key),
      ...{ numberOf, error, left },
    };
  }, [comparison, armOfRun, numberOf, scheme, error, left]);
}
