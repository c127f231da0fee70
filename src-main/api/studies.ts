/** Calls about studies: which there are, where their runs stand, what they say, and having them made. */

import { AssayError, toErrorData } from '../../src-shared/errors.ts';
import { METRICS, type MetricName } from '../../src-shared/metrics.ts';
import {
  type studyCalls as described,
  type StudyInfo,
  type StudyReport,
  type StudySettings,
  seedsUpTo,
} from '../../src-shared/study.ts';
import { planEstimate } from '../estimate/plan.ts';
import { collapseOf } from '../runs/collapse-watch.ts';
import { predicatesOf } from '../studies/findings.ts';
import { findStudy, studies } from '../studies/index.ts';
import { KnownRuns } from '../studies/known-runs.ts';
import { checkInputs, planOf } from '../studies/plan.ts';
import { publishedOf, STUDY } from '../studies/predicates/predicate.ts';
import { reportOf } from '../studies/report.ts';
import { toMake } from '../studies/run-study.ts';
import { type PlacedRun, standingsOf } from '../studies/standings.ts';
import type { Study } from '../studies/study.ts';
import type { ApiContext, Bodies } from './context.ts';

/** Figures of one study; more are a click away, in the comparison. */
const MOST_FIGURES = 8;
/** Of every study that trains. */
const USUAL: readonly MetricName[] = ['eval/avg@k', 'eval/length', 'train/reward', 'train/token-entropy'];

export function studyCalls({ store, api, studies: control }: ApiContext): Bodies<keyof typeof described> {
  // Late: the calls are not there yet.
  let known: KnownRuns | null = null;
  const placedRuns = (settings: StudySettings) => {
    known ??= new KnownRuns(api());
    return standingsOf(api(), known, planOf(findStudy(settings.id), settings.scale, settings.seeds, settings));
  };
  const reports = new ReportCache();
  return {
    studies: () => studies.map(infoOf),
    studyPlan: async (settings) => {
      const study = findStudy(settings.id);
      let placed: readonly PlacedRun[];
      try {
        placed = await placedRuns(settings);
      } catch (error) {
        return { runs: [], estimate: null, refusal: refusalOf(error) };
      }
      const missing = toMake({ plan: placed });
      const refused = await checkInputs(study, settings.scale, placed, settings).then(() => null, refusalOf);
      const estimate = missing.length === 0 || refused !== null ? null : await planEstimate(api(), missing, false);
      const unfit = estimate?.refusal ?? null;
      return {
        runs: placed.map(({ key, arm, seed, from = null, on = null, standing, run }) => ({
          ...{ key, arm, seed, from, on, standing },
          run:
            run === null
              ? null
              : { id: run.id, number: run.number, collapsed: collapseOf(store, run.id)?.onset ?? null },
        })),
        estimate,
        refusal: refused ?? (unfit === null ? null : { message: unfit.message, hint: null }),
      };
    },
    studyReport: async (settings) => {
      const placed = await placedRuns(settings);
      return reports.of(settings, placed, () => reportOf(api(), findStudy(settings.id), placed));
    },
    startStudy: async (settings) => {
      await control.start(settings);
      return {};
    },
    stopStudy: ({ id }) => {
      control.stop(id);
      return {};
    },
    studyProgress: () => [...control.progress()],
  };
}

function infoOf(study: Study): StudyInfo {
  const { id, title, question, scales } = study;
  const [scale = 'tiny'] = scales;
  const plan = planOf(study, scale, seedsUpTo(1));
  const predicates = predicatesOf(study);
  const measured = new Set<string>(METRICS.map(({ name }) => name));
  const needed = [...new Set(predicates.flatMap(({ needs }) => needs))].filter((name) => measured.has(name));
  const trains = plan.some(({ values }) => values['limits.steps'] !== 0);
  return {
    ...{ id, title, question, scales: [...scales] },
    arms: new Set(plan.map(({ arm }) => arm)).size,
    runsPerSeed: plan.length,
    findings: predicates.map((predicate) => ({
      id: predicate.id,
      statement: predicate.statement,
      published: publishedOf(predicate),
      source: STUDY,
      arms: predicate.arms,
      thresholds: Object.entries(predicate.thresholds).map(([name, { value, from }]) => ({ name, value, from })),
    })),
    figures: trains ? [...new Set([...USUAL, ...needed])].slice(0, MOST_FIGURES) : [],
  };
}

function refusalOf(error: unknown) {
  // What is no refusal is a mistake, and told as one.
  if (!(error instanceof AssayError) || error.code !== 'usage') throw error;
  const { message, hint = null } = toErrorData(error);
  return { message, hint };
}

/** The last report of each study, good until another run of it has finished. */
class ReportCache {
  readonly #kept = new Map<string, { readonly of: string; readonly report: Promise<StudyReport> }>();

  of(settings: StudySettings, plan: readonly PlacedRun[], make: () => Promise<StudyReport>): Promise<StudyReport> {
    const of = JSON.stringify([
      settings,
      plan.map(({ standing, run }) => (standing === 'ready' ? `${run?.id} ${run?.endedAt}` : null)),
    ]);
    const kept = this.#kept.get(settings.id);
    if (kept?.of === of) return kept.report;
    const report = make();
    this.#kept.set(settings.id, { of, report });
    report.catch(() => this.#kept.delete(settings.id));
    return report;
  }
}
