/** Writes down where every number of a report comes from: no value and no series is made anywhere else. */
import type { BandPoint } from '../../src-shared/charts/mean-band.ts';
import type { Series, Source, Text, Value, ValueUnit } from '../../src-shared/report.ts';
import type { LoadedRun } from './runs.ts';

/** Runs that a number comes from, with the name of their condition. */
export interface Origin {
  readonly label: string;
  readonly runs: readonly LoadedRun[];
}

export interface NewValue {
  readonly id: string;
  readonly value: number | string | null;
  readonly interval?: { readonly low: number; readonly high: number } | null | undefined;
  readonly unit: ValueUnit;
  readonly from: readonly Origin[];
  readonly metric: string;
  readonly at: string;
  readonly estimator: string;
}

export class Ledger {
  readonly #sources = new Map<string, Source>();
  readonly #ids = new Set<string>();

  get sources(): readonly Source[] {
    return [...this.#sources.values()];
  }

  /** @throws Error on an id that was given before: a check could not tell the two apart. */
  value({ id, value, interval, unit, from, metric, at, estimator }: NewValue): Value {
    const sources = this.#use(id, from);
    const known = typeof value === 'string' ? value : finite(value);
    const [low, high] = [finite(interval?.low ?? null), finite(interval?.high ?? null)];
    return { id, value: known, low, high, unit, sources, metric, at, estimator };
  }

  series(
    of: { id: string; label: string; look: number; metric: string; estimator: string; from: Origin },
    points: readonly BandPoint[],
  ): Series {
    const { from, ...rest } = of;
    return {
      ...rest,
      sources: this.#use(of.id, [from]),
      steps: points.map(({ step }) => step),
      values: points.map(({ value }) => value),
      low: points.map(({ low }) => low ?? null),
      high: points.map(({ high }) => high ?? null),
      n: points.map(({ n }) => n),
    };
  }

  #use(id: string, from: readonly Origin[]): string[] {
    if (this.#ids.has(id)) throw new Error(`Two numbers of a report are called ${id}`);
    this.#ids.add(id);
    return from.map((origin) => this.#source(origin).id);
  }

  #source({ label, runs }: Origin): Source {
    const key = runs.map((run) => run.detail.id).join(' ');
    const known = this.#sources.get(key);
    if (known !== undefined) return known;
    const source: Source = {
      id: `S${this.#sources.size + 1}`,
      label,
      runs: runs.map(({ detail: { id, number, seed, configHash } }) => ({
        id,
        number,
        seed,
        configHash,
      })),
    };
    this.#sources.set(key, source);
    return source;
  }
}

const finite = (value: number | null): number | null => (value !== null && Number.isFinite(value) ? value : null);

/** Running text with values in it: say`It ended at ${value}.` */
export function say(strings: TemplateStringsArray, ...values: readonly (Value | string | number | Text)[]): Text {
  const text: Text = [];
  const add = (part: string | Value) => {
    const last = text.at(-1);
    if (typeof part === 'string' && typeof last === 'string') text[text.length - 1] = last + part;
    else if (part !== '') text.push(part);
  };
  strings.forEach((string, i) => {
    add(string);
    const value = values[i];
    if (Array.isArray(value)) for (const part of value) add(part);
    else if (value !== undefined) add(typeof value === 'number' ? String(value) : (value as string | Value));
  });
  return text;
}

/** Values that a text holds. */
export const valuesIn = (text: Text): Value[] => text.filter((part) => typeof part !== 'string');
