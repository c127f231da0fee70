/** What the page of models shows, from what the app says: the address, words and sizes, how a new run is filled in. Pure. */
import { z } from 'zod';
import { formatBytes, formatCompact, formatCount, formatRoughly, NO_VALUE } from '../../../src-shared/format.ts';
import type {
  Download,
  Model,
  ModelFacts,
  ModelMemory,
  Repository,
  RepositoryChoice,
} from '../../../src-shared/models.ts';

/** A wrong value is left out, never an error: addresses are typed and kept by people. */
export const modelsSearch = z.object({
  /** The one whose details are shown, by its `policy.source`; any path can be looked at. */
  model: z.string().max(4096).optional().catch(undefined),
  /** Download from this repository; empty: from one to be named. */
  get: z.string().max(500).optional().catch(undefined),
});
export type ModelsSearch = z.infer<typeof modelsSearch>;

export const isGoing = ({ state }: Download): boolean => state === 'starting' || state === 'downloading';

/** Those that a person can do something about: a finished policy is a model by now, files of a data set are nowhere else. */
export const openDownloads = (downloads: readonly Download[]): Download[] =>
  downloads
    .filter(({ state, repo }) => state !== 'finished' || repo.startsWith('datasets/'))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));

/** How its numbers are written, in a cell: those that make more than a hundredth of it, two at most. */
export function typesText({ types }: Pick<ModelFacts, 'types'>): string {
  const all = types.reduce((sum, { bytes }) => sum + bytes, 0);
  const much = types.filter(({ bytes }) => bytes > 0.01 * all).slice(0, 2);
  return much.length === 0 ? NO_VALUE : much.map(({ name }) => name).join(', ');
}

/** `temperature 0.6, top-p 0.95, top-k 20`; null where its authors do not say. */
export function samplingText({ sampling }: Pick<ModelFacts, 'sampling'>): string | null {
  if (sampling === null) return null;
  const parts = [
    ['temperature', sampling.temperature],
    ['top-p', sampling.topP],
    ['top-k', sampling.topK],
  ] as const;
  const said = parts.filter(([, value]) => value !== null);
  return said.length === 0 ? null : said.map(([name, value]) => `${name} ${value}`).join(', ');
}

/** Values of a new run that samples as its authors do; what only evaluates has no rollouts. */
export function samplingEdits(
  sampling: ModelFacts['sampling'],
  evaluates: boolean,
): (readonly [path: string, value: string])[] {
  if (sampling === null) return [];
  const { temperature, topP, topK } = sampling;
  const of = (group: string, withTopK: boolean) => [
    ...(temperature === null ? [] : [[`${group}.temperature`, String(temperature)] as const]),
    ...(topP === null ? [] : [[`${group}.topP`, String(topP)] as const]),
    ...(topK === null || !withTopK ? [] : [[`${group}.topK`, String(topK)] as const]),
  ];
  return [...(evaluates ? [] : of('rollouts', true)), ...of('evaluation', false)];
}

/** Where a download stands, in one line. */
export function downloadText(download: Download): string {
  const { state, bytes, totalBytes, filesDone, filesTotal, file, bytesPerSecond, secondsLeft, error } = download;
  if (state === 'starting') return 'Asking the hub what there is';
  if (state === 'failed' && totalBytes === 0) return error?.message ?? 'Failed';
  const amount = `${formatBytes(bytes)} of ${formatBytes(totalBytes)}`;
  if (state === 'failed') return `${amount}. ${error?.message ?? 'Failed'}`;
  if (state === 'stopped') return `${amount}, stopped`;
  if (state === 'finished') return `${formatBytes(totalBytes)} in ${download.path ?? ''}`;
  return [
    amount,
    ...(filesTotal > 1 ? [`${formatCount(filesDone)} of ${formatCount(filesTotal)} files`] : []),
    ...(file === null ? [] : [file.path]),
    ...(bytesPerSecond === null ? [] : [`${formatBytes(bytesPerSecond)}/s`]),
    ...(secondsLeft === null ? [] : [`${formatRoughly(secondsLeft)} left`]),
  ].join(' · ');
}

export const fractionOf = ({ bytes, totalBytes }: Download): number => (totalBytes === 0 ? 0 : bytes / totalBytes);

/** What is fetched unless somebody chooses otherwise: the whole policy, else the only file. */
export function firstChoice({ choices, kind }: Repository): RepositoryChoice | undefined {
  const usable = choices.filter(({ refusal }) => refusal === null);
  const root = usable.find((choice) => choice.kind === 'folder');
  if (kind === 'model' && root !== undefined) return root;
  return usable.length === 1 ? usable[0] : undefined;
}

/** What a download of these choices is asked for as. */
export function requestOf(repository: Repository, chosen: readonly RepositoryChoice[]) {
  const { repo, revision } = repository;
  const [first] = chosen;
  if (first?.kind === 'folder') return { repo, revision, ...(first.path === '' ? {} : { folder: first.path }) };
  return { repo, revision, files: chosen.map(({ path }) => path) };
}

/** Whether a run of this kind fits into the machine, as far as that is known. */
export const fits = (memory: ModelMemory, bytes: number): boolean => memory.rough || bytes <= memory.machineBytes;

/** One line for a picker. */
export function modelDetail({ facts, bytes, refusal }: Model): string {
  if (facts === null) return refusal ?? '';
  return `${facts.architecture} · ${formatCompact(facts.parameters)} parameters · ${typesText(facts)} · ${formatBytes(bytes)}`;
}
