/**
 * Has studies made in the process that owns the data folder, one behind another, whether a window is open or not. What
 * was started is remembered: after a restart it is there to go on with, and nothing starts by itself.
 */
import { z } from 'zod';
import type { Api } from '../../src-shared/api.ts';
import { AssayError, toErrorData } from '../../src-shared/errors.ts';
import {
  type StudyProgress,
  type StudySettings,
  type StudyState,
  studyProgressSchema,
} from '../../src-shared/study.ts';
import { checkPlanFits } from '../estimate/plan.ts';
import type { Publish } from '../runs/publisher.ts';
import { throttle } from '../runs/throttle.ts';
import type { ViewsTable } from '../store/views.ts';
import { findStudy } from './index.ts';
import { KnownRuns } from './known-runs.ts';
import { makeRuns, surveyOf, toMake } from './run-study.ts';
import type { PlannedRun } from './study.ts';
import { TimeLeft } from './time-left.ts';

const PUBLISH_EVERY_MS = 250;

export interface StudyDriverOptions {
  readonly api: () => Api;
  readonly views: ViewsTable;
  readonly publish: Publish;
}

interface Ordered {
  readonly settings: StudySettings;
  readonly stop: AbortController;
}

type Going = NonNullable<StudyProgress['going']>;

export class StudyDriver {
  readonly #options: StudyDriverOptions;
  /** Late: the calls are not there yet when this is made. */
  #known: KnownRuns | null = null;
  readonly #waiting: Ordered[] = [];
  /** Progress of those that wait or go on, by study. */
  readonly #going = new Map<string, StudyProgress & { readonly going: Going }>();
  readonly #told = throttle<StudyProgress>(PUBLISH_EVERY_MS, (progress) => this.#options.publish('study', progress));
  #current: Ordered | null = null;
  #isClosed = false;

  constructor(options: StudyDriverOptions) {
    this.#options = options;
  }

  /** @throws AssayError `usage` where it cannot be made, `conflict` where it goes on already. */
  async start(settings: StudySettings): Promise<void> {
    const api = this.#options.api();
    const study = findStudy(settings.id);
    this.#refuseTwice(settings.id);
    this.#known ??= new KnownRuns(api);
    const survey = await surveyOf(api, study, settings, this.#known);
    await checkPlanFits(api, toMake(survey));
    // Asked twice while that was looked at.
    this.#refuseTwice(settings.id);
    const total = survey.plan.length;
    const done = survey.plan.filter(({ standing }) => standing === 'ready').length;
    const going = { done, total, run: null, fraction: done / total, secondsLeft: null };
    this.#move({ ...settings, state: 'waiting', error: null, going });
    this.#waiting.push({ settings, stop: new AbortController() });
    this.#advance();
  }

  /** @throws AssayError `conflict` where it does not go on. */
  stop(id: string): void {
    const progress = this.#going.get(id);
    if (progress === undefined)
      throw new AssayError('conflict', `Study ${id} does not go on: there is nothing to stop`);
    const place = this.#waiting.findIndex(({ settings }) => settings.id === id);
    if (place >= 0) {
      this.#waiting.splice(place, 1);
      this.#end(progress, 'stopped', null);
      return;
    }
    this.#move({ ...progress, state: 'stopping' });
    this.#current?.stop.abort();
  }

  /** All that were ever started, the last first. */
  progress(): readonly StudyProgress[] {
    return remembered(this.#options.views, false).map((each) => this.#going.get(each.id) ?? each);
  }

  /** Nothing more is started; the run that goes on is for the supervisor to end. */
  close(): void {
    this.#isClosed = true;
    this.#waiting.length = 0;
    this.#told.drop();
    this.#current?.stop.abort();
  }

  #refuseTwice(id: string): void {
    if (this.#isClosed) throw new AssayError('conflict', `Study ${id} cannot be started: Assay is being closed`);
    const state = this.#going.get(id)?.state;
    if (state !== undefined)
      throw new AssayError('conflict', `Study ${id} is ${state}: stop it before you start it with other values`);
  }

  #advance(): void {
    if (this.#current !== null || this.#isClosed) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#current = next;
    void this.#make(next).finally(() => {
      this.#current = null;
      this.#advance();
    });
  }

  /** Never throws: how it ended is told. */
  async #make({ settings, stop }: Ordered): Promise<void> {
    const { id } = settings;
    const api = this.#options.api();
    const of = () => this.#going.get(id);
    const left = new TimeLeft(api);
    let open: readonly PlannedRun[] = [];
    try {
      const before = of();
      if (before !== undefined) this.#move({ ...before, state: 'running' });
      this.#known ??= new KnownRuns(api);
      await makeRuns(api, this.#known, findStudy(id), {
        ...settings,
        signal: stop.signal,
        onSurvey: (survey) => {
          open = survey.plan.filter(({ standing }) => standing !== 'ready');
        },
        onProgress: ({ total, run, runId, fraction }) => {
          const place = open.indexOf(run);
          const progress = of();
          // What is there already is only gone through.
          if (place < 0 || progress === undefined) return;
          const done = total - (open.length - place);
          if (progress.going.run?.key !== run.key) void left.look(open.slice(place));
          this.#tell({
            ...progress,
            going: {
              ...{ done, total, run: { key: run.key, runId, fraction } },
              fraction: (done + fraction) / total,
              secondsLeft: left.of(open.slice(place), fraction),
            },
          });
        },
      });
      this.#end(of(), 'finished', null);
    } catch (error) {
      // A mistake of ours is also told where mistakes are looked for.
      if (!(error instanceof AssayError) && !this.#isClosed) console.error(`Study ${id} failed:`, error);
      if (stop.signal.aborted) this.#end(of(), 'stopped', null);
      else this.#end(of(), 'failed', toErrorData(error).message);
    }
  }

  /** What it is in, told at once and remembered. */
  #move(progress: StudyProgress & { readonly going: Going }): void {
    this.#going.set(progress.id, progress);
    this.#remember(progress);
  }

  #end(progress: StudyProgress | undefined, state: StudyState, error: string | null): void {
    // What was cut off by the end of Assay stays as it was: that is what it is offered to go on by.
    if (this.#isClosed || progress === undefined) return;
    this.#going.delete(progress.id);
    this.#remember({ ...progress, state, error, going: null });
  }

  #remember(progress: StudyProgress): void {
    const { going: _, ...state } = progress;
    this.#told.drop();
    this.#options.views.save({ id: `study-${progress.id}`, kind: 'study', name: progress.id, state });
    this.#options.publish('study', progress);
  }

  #tell(progress: StudyProgress & { readonly going: Going }): void {
    if (this.#isClosed) return;
    this.#going.set(progress.id, progress);
    this.#told.push(progress);
  }
}

const storedSchema = studyProgressSchema.omit({ going: true });
const CUT_OFF: readonly StudyState[] = ['waiting', 'running', 'stopping'];

/**
 * Studies as they were started last. What no Assay knows any more is left out.
 * @param isOwned Whether a process has the folder that may have them made now.
 */
export function remembered(views: ViewsTable, isOwned: boolean): readonly StudyProgress[] {
  return views.ofKind('study').flatMap(({ state }): StudyProgress[] => {
    const parsed = z.safeParse(storedSchema, state);
    if (!parsed.success) return [];
    const isCutOff = !isOwned && CUT_OFF.includes(parsed.data.state);
    return [{ ...parsed.data, state: isCutOff ? 'interrupted' : parsed.data.state, going: null }];
  });
}
