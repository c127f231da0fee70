/**
 * Assay's CPU engines against PyTorch eager: the same weights, batch, objective and optimizer, on as many threads, in the
 * same run, measured in turn. Linux only: peak memory is read from /proc. `npm run bench:engine`, then after `--`:
 *
 *     --only W1,W3            workloads
 *     --figure train,memory   figures: train, generate, memory
 *     --engines id,id         default: those of kernels-native and kernels-wasm that exist, else kernels
 *     --threads 2             cores for either side
 *     --repetitions 3         measurements of a figure a side, of which the median counts
 *     --seconds 2             least length of one
 *     --install               install PyTorch first, into the user's cache folder (see peer/torch.ts for where it is found)
 *
 * Generation records what rollouts carry: PyTorch log-prob and entropy of each token, Assay its five statistics. No
 * response ends early. Tokens a second are predicted ones in training (all but a sequence's first), and drawn ones in generation.
 * Fails when the sides do not agree on the first step's loss and gradient norm, or on the entropy of what they sample.
 * Without PyTorch only Assay is measured. The last line is JSON; a run of everything writes it to results/engine.json.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { engines } from '../../src-main/engine/index.ts';
import { askOnce, type Command, Contender } from './peer/contender.ts';
import { firstStepLine, memoryLine, rateLine, readyLine } from './peer/figures.ts';
import { type Figure, figures, judge, type Measured, type Row, rateRow, shareRow, tableRow } from './peer/report.ts';
import {
  findTorches,
  installTorch,
  matmulPeak,
  type Torch,
  torchCommand,
  torchTitle,
  trainRate,
} from './peer/torch.ts';
import { stepFlops, stepTokens, type Workload, workloads, writeWorkload } from './peer/workloads.ts';

/** Largest relative difference of the first step's loss and gradient norm, and of the mean entropy of sampled tokens. */
const stepTolerance = 1e-3;
const entropyTolerance = 1e-2;
/** The PyTorch that trains these fastest is the one to compare with. */
const choosingWorkloads = ['W1', 'W2'];

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    figure: { type: 'string' },
    engines: { type: 'string' },
    threads: { type: 'string', default: '2' },
    repetitions: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    install: { type: 'boolean', default: false },
  },
});
const threads = atLeast('threads', options.threads, 1);
const repetitions = atLeast('repetitions', options.repetitions, 1);
const seconds = atLeast('seconds', options.seconds, 0);
if (process.platform !== 'linux') throw new Error(`platform ${process.platform}: peak memory is read on linux only`);
if (threads > availableParallelism())
  throw new Error(`--threads ${threads}: there are only ${availableParallelism()} cores`);

function atLeast(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!(Number.isInteger(value) && value >= least))
    throw new Error(`--${name} ${text}: allowed is a whole number, ${least} or more`);
  return value;
}

/** The members of a comma-separated option. */
function chosen<T extends string>(name: string, text: string | undefined, allowed: readonly T[]): T[] {
  if (text === undefined) return [...allowed];
  return text.split(',').map((part) => {
    const found = allowed.find((a) => a === part);
    if (found === undefined) throw new Error(`--${name} ${part}: allowed is ${allowed.join(', ')}`);
    return found;
  });
}

async function presentEngines(): Promise<string[]> {
  const all = engines.map(({ id }) => id);
  const cpuEngines = all.filter((id) => id === 'kernels-native' || id === 'kernels-wasm');
  const wanted = options.engines ? chosen('engines', options.engines, all) : cpuEngines;
  const present: string[] = [];
  for (const { id, unavailable } of engines.filter((e) => (wanted.length > 0 ? wanted : ['kernels']).includes(e.id))) {
    const reason = await unavailable();
    if (reason === null) present.push(id);
    else console.log(`skipped ${id}: ${reason}`);
  }
  return present;
}

interface ChosenTorch {
  readonly torch: Torch;
  /** Largest of all that were found. */
  readonly peakGflops: number;
  readonly candidates: readonly {
    readonly name: string;
    readonly peakGflops: number;
    readonly trainTokensPerSecond: Readonly<Record<string, number>>;
  }[];
}

/** The PyTorch of the highest geometric mean of training rates. */
async function chooseTorch(folderOf: (id: string) => Promise<string>): Promise<ChosenTorch | null> {
  if (options.install) await installTorch();
  const torches = await findTorches(threads);
  const candidates = [];
  for (const torch of torches) {
    const peakGflops = await matmulPeak(torch, threads);
    const rates: Record<string, number> = {};
    let score = 1;
    for (const id of torches.length > 1 ? choosingWorkloads : []) {
      const rate = await trainRate(torch, threads, await folderOf(id));
      rates[id] = Math.round(rate);
      score *= rate;
    }
    candidates.push({
      torch,
      name: torchTitle(torch),
      peakGflops: Math.round(peakGflops),
      trainTokensPerSecond: rates,
      score,
    });
  }
  const [best] = candidates.toSorted((a, b) => b.score - a.score);
  if (best === undefined) {
    console.log('skipped PyTorch: none was found; set ASSAY_BENCH_PYTHON to a Python that has it, or use --install');
    return null;
  }
  console.table(candidates.map(({ torch, score, ...shown }) => ({ ...shown, chosen: torch === best.torch })));
  return {
    torch: best.torch,
    peakGflops: Math.max(...candidates.map((c) => c.peakGflops)),
    candidates: candidates.map(({ torch, score, ...shown }) => shown),
  };
}

interface Side {
  readonly name: string;
  command(figure: Figure, folder: string): Command;
}

function sidesOf(torch: Torch | undefined, ids: readonly string[]): Side[] {
  const script = join(import.meta.dirname, 'peer', 'ours.ts');
  const ours = ids.map((name) => ({
    name,
    command: (figure: Figure, folder: string) => ({
      name,
      file: process.execPath,
      args: [script, figure, folder, String(seconds), name],
    }),
  }));
  if (torch === undefined) return ours;
  const command = (figure: Figure, folder: string) => torchCommand(torch, [figure, threads, folder, seconds]);
  return [{ name: 'PyTorch', command }, ...ours];
}

async function measureRates(
  sides: readonly Side[],
  workload: Workload,
  figure: 'train' | 'generate',
  folder: string,
): Promise<Measured[]> {
  const contenders: { name: string; contender: Contender; rates: number[]; gate: Record<string, number> }[] = [];
  try {
    for (const side of sides) {
      const contender = new Contender(side.command(figure, folder), threads);
      const entry = { name: side.name, contender, rates: [] as number[], gate: {} as Record<string, number> };
      contenders.push(entry);
      if (figure === 'train') {
        const { loss, gradNorm } = await contender.ready(firstStepLine);
        entry.gate = { loss, gradNorm };
      } else await contender.ready(readyLine);
    }
    for (let i = 0; i < repetitions; i++)
      for (const entry of contenders) {
        const { tokens, seconds: taken, entropy } = await entry.contender.measure(rateLine);
        entry.rates.push(tokens / taken);
        if (entropy !== undefined) entry.gate = { entropy };
      }
    const [reference, ...others] = contenders;
    for (const other of others)
      for (const [what, expected] of Object.entries(reference?.gate ?? {}))
        checkAgreement(
          `${workload.id}: ${what} of ${other.name}`,
          other.gate[what] ?? Number.NaN,
          `${reference?.name}'s`,
          expected,
          figure === 'train' ? stepTolerance : entropyTolerance,
        );
  } finally {
    await Promise.all(contenders.map(({ contender }) => contender.close()));
  }
  return contenders.map(({ name, rates }) => rateRow(workload.id, figure, name, rates));
}

function checkAgreement(what: string, value: number, whose: string, expected: number, tolerance: number): void {
  const difference = Math.abs(value / expected - 1);
  if (!(difference <= tolerance))
    throw new Error(`${what} is ${value}, ${whose} ${expected}; they may differ by ${tolerance}, relative`);
}

async function measureMemory(sides: readonly Side[], workload: Workload, folder: string): Promise<Measured[]> {
  const rows = [];
  for (const { name, command } of sides) {
    const { rawBytes, netBytes } = await askOnce(command('memory', folder), threads, memoryLine);
    rows.push({ workload: workload.id, figure: 'memory' as const, side: name, value: netBytes, raw: rawBytes });
  }
  return rows;
}

const wantedWorkloads = chosen(
  'only',
  options.only,
  workloads.map(({ id }) => id),
);
const wantedFigures = chosen('figure', options.figure, figures);
const scratch = await mkdtemp(join(tmpdir(), 'assay-bench-engine-'));
const written = new Map<string, string>();
const rows: Row[] = [];

/** A workload's folder, written when first asked for. */
async function folderOf(id: string): Promise<string> {
  const workload = workloads.find((w) => w.id === id);
  if (workload === undefined) throw new Error(`workload ${id} is unknown`);
  const folder = join(scratch, id);
  if (!written.has(id)) await writeWorkload(folder, workload);
  written.set(id, folder);
  return folder;
}

async function measureAll(peer: ChosenTorch | null, sides: readonly Side[]): Promise<void> {
  for (const workload of workloads.filter(({ id }) => wantedWorkloads.includes(id))) {
    const folder = await folderOf(workload.id);
    for (const figure of wantedFigures) {
      const measured =
        figure === 'memory'
          ? await measureMemory(sides, workload, folder)
          : await measureRates(sides, workload, figure, folder);
      if (figure === 'train' && peer !== null) {
        const [flops, tokens] = [stepFlops(workload), stepTokens(workload)];
        measured.push(...measured.map((row) => shareRow(row, flops, tokens, peer.peakGflops)));
      }
      const judged = judge(measured);
      rows.push(...judged);
      // Long runs show their progress.
      for (const row of judged) console.log(Object.values(tableRow(row)).filter(Boolean).join('  '));
    }
  }
}

let peer: ChosenTorch | null;
try {
  const ids = await presentEngines();
  peer = await chooseTorch(folderOf);
  await measureAll(peer, sidesOf(peer?.torch, ids));
} finally {
  await rm(scratch, { recursive: true, force: true });
}

console.table(rows.map(tableRow));
const result = {
  date: new Date().toISOString().slice(0, 10),
  cpu: cpus()[0]?.model ?? 'unknown',
  threads,
  node: process.version,
  v8: process.versions.v8,
  repetitions,
  seconds,
  peer: peer && { name: torchTitle(peer.torch), simd: peer.torch.about.simd, attention: peer.torch.about.attention },
  matmulPeakGflops: peer?.peakGflops ?? null,
  candidates: peer?.candidates ?? null,
  rows,
};
const digits = (_: string, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value);
if (wantedWorkloads.length === workloads.length && wantedFigures.length === figures.length) {
  const folder = join(import.meta.dirname, 'results');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'engine.json'), `${JSON.stringify(result, digits, 2)}\n`);
}
console.log(JSON.stringify(result, digits));
