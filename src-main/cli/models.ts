/** `assay models`: the policies that are known here, downloading one from a hub, looking at one, taking one away. */
import { resolve } from 'node:path';
import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import type { Api } from '../../src-shared/api.ts';
import { AssayError, fromErrorData } from '../../src-shared/errors.ts';
import { formatBytes, formatCompact, formatCount, formatRoughly, NO_VALUE } from '../../src-shared/format.ts';
import type { Download, DownloadRequest, Model, ModelMemory } from '../../src-shared/models.ts';
import type { OwnedShell } from '../api/shell.ts';
import { type Io, table } from './io.ts';

interface Surroundings {
  readonly io: Io;
  readonly withApp: (readonly: boolean, body: (app: OwnedShell) => Promise<number>) => Promise<void>;
}

const json = ['--json', 'one JSON object a line on standard output'] as const;
const isOver = ({ state }: Download) => state === 'finished' || state === 'stopped' || state === 'failed';

export function addModelsCommand(program: Command, { io, withApp }: Surroundings): void {
  const print = (lines: readonly string[]) => {
    for (const line of lines) io.out(line);
  };
  const models = program
    .command('models')
    .description('policies that runs can start from: list, download, look at, remove')
    .option(...json)
    .action((given: { json?: true }) =>
      withApp(true, async ({ api }) => {
        const found = await api.models({});
        print(given.json ? [JSON.stringify(found)] : listLines(found));
        return 0;
      }),
    );

  models
    .command('get')
    .description('download a policy (safetensors or GGUF) or files of a data set; what was cut goes on where it was')
    .argument('<repository>', 'owner/name, owner/name@revision, or datasets/owner/name')
    .option('--file <path>', 'this file of the repository, as model.gguf; repeatable', collect, [])
    .option('--folder <path>', 'the policy in this folder of the repository')
    .option(...json)
    .addHelpText(
      'after',
      '\nA token for private and gated repositories is read from HF_TOKEN or the file that "hf auth login" writes; a mirror goes into HF_ENDPOINT.',
    )
    .action((repo: string, given: { file: string[]; folder?: string; json?: true }, command: Command) =>
      withApp(true, ({ api }) =>
        get(api, io, isJson(given, command), {
          repo,
          ...(given.folder === undefined ? {} : { folder: given.folder }),
          ...(given.file.length === 0 ? {} : { files: given.file }),
        }),
      ),
    );

  models
    .command('check')
    .description('look at a folder or a .gguf file: what it is, what it takes, or why no run can start from it')
    .argument('<path>', 'folder with config.json, safetensors and tokenizer.json, or a GGUF file')
    .option(...json)
    .action((path: string, given: { json?: true }, command: Command) =>
      withApp(true, async ({ api }) => {
        const model = await api.checkModel({ path: resolve(path) });
        const memory = model.refusal === null ? await api.modelMemory({ source: model.source }) : null;
        print(isJson(given, command) ? [JSON.stringify({ ...model, memory })] : modelLines(model, memory));
        return model.refusal === null ? 0 : 1;
      }),
    );

  models
    .command('remove')
    .description('delete a downloaded policy, or what there is of a download')
    .argument('<name>', 'owner/name, or the path of its folder or file')
    .action((name: string) => withApp(true, ({ api }) => remove(api, io, name)));
}

const collect = (value: string, all: readonly string[]) => [...all, value];
/** Given before the name of the command it belongs to the one above. */
const isJson = (given: { json?: true }, command: Command) =>
  given.json === true || command.optsWithGlobals<{ json?: true }>().json === true;

async function get(api: Api, io: Io, asJson: boolean, request: DownloadRequest): Promise<number> {
  const view = asJson ? jsonView(io) : io.terminal === null ? plainView(io) : barView(io, io.terminal);
  const ended = Promise.withResolvers<Download>();
  let id: string | null = null;
  const early: Download[] = [];
  const take = (download: Download) => {
    if (download.id !== id) return;
    view.show(download);
    if (isOver(download)) ended.resolve(download);
  };
  const stop = api.on('modelProgress', (download) => (id === null ? void early.push(download) : take(download)));
  try {
    ({ id } = await api.fetchModel(request));
    for (const download of early) take(download);
    const going = id;
    const ignoreInterrupt = io.onInterrupt(() => {
      api.cancelFetch({ id: going }).catch(ended.reject);
    });
    const { state, path, error, repo } = await ended.promise.finally(ignoreInterrupt);
    view.close();
    if (error !== null) throw fromErrorData(error);
    if (state === 'stopped')
      throw new AssayError('conflict', `${repo}: stopped; what is there stays`, {
        hint: 'The same command goes on where it was; assay models remove takes it away.',
      });
    if (!asJson) io.out(path ?? '');
    return 0;
  } finally {
    stop();
    view.close();
  }
}

interface View {
  show(download: Download): void;
  close(): void;
}

function jsonView(io: Io): View {
  return { show: (download) => io.out(JSON.stringify(download)), close: () => undefined };
}

/** A line a file, for logs and pipes. */
function plainView(io: Io): View {
  let last = '';
  return {
    show: ({ repo, commit, totalBytes, filesTotal, file }) => {
      if (commit === null || file === null || file.path === last) return;
      if (last === '') io.err(`${repo}@${commit}: ${formatCount(filesTotal)} files, ${formatBytes(totalBytes)}`);
      last = file.path;
      io.err(`  ${file.path} (${formatBytes(file.totalBytes)})`);
    },
    close: () => undefined,
  };
}

function barView(io: Io, terminal: NodeJS.WriteStream): View {
  let bar: SingleBar | null = null;
  return {
    show: ({ repo, commit, bytes, totalBytes, file, bytesPerSecond, secondsLeft }) => {
      if (commit === null) return;
      const shown = {
        done: formatBytes(bytes),
        all: formatBytes(totalBytes),
        rate: bytesPerSecond === null ? '' : `${formatBytes(bytesPerSecond)}/s`,
        left: secondsLeft === null ? '' : `${formatRoughly(secondsLeft)} left`,
        file: file?.path ?? '',
      };
      if (bar !== null) {
        bar.update(bytes, shown);
        return;
      }
      io.err(`${repo}@${commit}`);
      bar = new SingleBar({
        format: '{bar} {percentage} %  {done} of {all}  {rate}  {left}  {file}',
        ...{ barsize: 24, barCompleteChar: '━', barIncompleteChar: '─', hideCursor: true, clearOnComplete: true },
        ...{ stopOnComplete: false, emptyOnZero: true, stream: terminal },
        // Ctrl-C belongs to the command.
        gracefulExit: false,
      });
      bar.start(totalBytes, bytes, shown);
    },
    close: () => {
      bar?.stop();
      bar = null;
    },
  };
}

async function remove(api: Api, io: Io, name: string): Promise<number> {
  const { models, downloads, folder } = await api.models({});
  const own = models.filter(({ kind }) => kind === 'downloaded');
  const path = resolve(name);
  const found = own.filter((each) => each.source === path || each.name === name || each.origin?.repo === name);
  const left = downloads.filter((each) => !isGone(each) && (each.repo === name || each.id === name));
  const [model, ...others] = found;
  if (others.length > 0)
    throw new AssayError(
      'usage',
      `${name}: stands for ${found.length}: ${found.map((each) => each.source).join(', ')}`,
      {
        hint: 'Give the path of the one to remove.',
      },
    );
  for (const { id, repo, bytes } of left) {
    await api.cancelFetch({ id, discard: true });
    io.out(`Removed what there was of ${repo} (${formatBytes(bytes)}).`);
  }
  if (model !== undefined) {
    const { bytes } = await api.removeModel({ source: model.source, forGood: true });
    io.out(`Removed ${model.name} (${formatBytes(bytes)}).`);
  } else if (left.length === 0) {
    const known = own.map((each) => each.name);
    throw new AssayError(
      'not-found',
      `${name}: nothing of that name was downloaded to ${folder}; ${known.length === 0 ? 'there is nothing' : `there is ${known.join(', ')}`}`,
    );
  }
  return 0;
}

/** Whole, so that it is a model by now. */
const isGone = ({ state }: Download) => state === 'finished';

function listLines({ models, downloads, folder }: Awaited<ReturnType<Api['models']>>): string[] {
  const rows = models.map(({ name, facts, bytes, runs, refusal, source }) => [
    name,
    facts?.architecture ?? NO_VALUE,
    facts === null ? NO_VALUE : formatCompact(facts.parameters),
    typesText(facts) ?? NO_VALUE,
    formatBytes(bytes),
    facts === null ? NO_VALUE : formatCount(facts.context),
    formatCount(runs),
    refusal ?? source,
  ]);
  const left = downloads.filter((download) => !isGone(download));
  return [
    ...table(['policy', 'architecture', 'parameters', 'numbers', 'size', 'context', 'runs', 'policy.source'], rows),
    ...(left.length === 0
      ? []
      : [
          '',
          ...left.map(
            ({ repo, bytes, totalBytes }) => `Not whole: ${repo}, ${formatBytes(bytes)} of ${formatBytes(totalBytes)}`,
          ),
        ]),
    ...(models.some(({ kind }) => kind === 'downloaded') ? [] : ['', `Nothing was downloaded to ${folder} yet.`]),
  ];
}

const typesText = (facts: Model['facts']) =>
  facts?.types
    .slice(0, 2)
    .map(({ name }) => name)
    .join(', ');

function modelLines({ name, path, bytes, facts, refusal, origin, runs }: Model, memory: ModelMemory | null): string[] {
  if (facts === null) return [`${path}: no run can start from it`, `  ${refusal}`];
  const { temperature = null, topP = null, topK = null } = facts.sampling ?? {};
  const sampling = [
    ...(temperature === null ? [] : [`temperature ${temperature}`]),
    ...(topP === null ? [] : [`top-p ${topP}`]),
    ...(topK === null ? [] : [`top-k ${topK}`]),
  ];
  const rows: readonly (readonly [string, string])[] = [
    ['path', path],
    ...(origin === null ? [] : [['from', `${origin.repo}@${origin.commit}`] as const]),
    ['architecture', `${facts.architecture}, ${facts.layers} layers of width ${facts.hiddenSize}`],
    ['parameters', formatCompact(facts.parameters)],
    ['on disk', `${facts.format}, ${typesText(facts)}, ${formatBytes(bytes)}`],
    ['context', `${formatCount(facts.context)} tokens`],
    ['vocabulary', `${formatCount(facts.vocabulary)} tokens`],
    ['ends with', facts.endTokens.map(({ id, text }) => `${text} (${id})`).join(', ')],
    ['chat template', facts.chatTemplate ? `yes${facts.thinking ? ', with a switch for thinking' : ''}` : 'no'],
    ['sampled with', sampling.join(', ') || 'not said'],
    ...(memory === null
      ? []
      : [
          [
            'memory',
            `${formatBytes(memory.full)} to train, ${formatBytes(memory.lora)} with LoRA, ${formatBytes(memory.generate)} to generate`,
          ] as const,
        ]),
    ['runs', formatCount(runs)],
  ];
  return [name, ...rows.map(([key, value]) => `  ${key.padEnd(14)}${value}`)];
}
