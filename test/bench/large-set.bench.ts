/**
 * A problem set in LiveCodeBench's format whose tests are larger than memory should have to hold: how long it takes to
 * read and hash, against the bare decoding of its lines, and how much memory that and an evaluation on it take.
 * `node test/bench/large-set.bench.ts [--problems 60] [--tests 20] [--megabytes 1.3] [--to results/large-set.json]`
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { deflateSync } from 'node:zlib';

const { values } = parseArgs({
  options: {
    problems: { type: 'string', default: '60' },
    tests: { type: 'string', default: '20' },
    megabytes: { type: 'string', default: '1.3' },
    to: { type: 'string', default: join(import.meta.dirname, 'results', 'large-set.json') },
  },
});
const root = join(import.meta.dirname, '..', '..');
const home = mkdtempSync(join(tmpdir(), 'assay-large-set-'));
const file = join(home, 'test.jsonl');

/** As CPython writes a string: protocol 4, BINUNICODE, STOP. */
function pickled(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([Buffer.of(0x80, 4, 0x58), length, bytes, Buffer.of(0x2e)]);
}

/** Sums of numbers, of which each test has others. @returns bytes of all hidden tests */
async function makeSet(): Promise<number> {
  const out = createWriteStream(file);
  let bytes = 0;
  for (let p = 0; p < Number(values.problems); p++) {
    const numbers = Array.from({ length: Math.round((Number(values.megabytes) * 1e6) / 10.9) }, () =>
      randomInt(1e9, 1e10),
    );
    const tests = Array.from({ length: Number(values.tests) }, (_, t) => {
      const own = [...numbers.slice(t * 100), ...numbers.slice(0, t * 100)];
      const input = `${own.length}\n${own.join(' ')}\n`;
      bytes += input.length;
      return { input, output: `${own.reduce((a, b) => a + b, 0)}\n`, testtype: 'stdin' };
    });
    const line = JSON.stringify({
      ...{ question_id: `sum${p}`, question_content: `Problem ${p}: read n and n integers; print their sum.` },
      ...{ contest_date: '2024-01-01T00:00:00', starter_code: '', difficulty: 'easy', metadata: '{}' },
      public_test_cases: JSON.stringify([{ input: '2\n1 2\n', output: '3\n', testtype: 'stdin' }]),
      private_test_cases: deflateSync(pickled(JSON.stringify(tests)), { level: 1 }).toString('base64'),
    });
    if (!out.write(`${line}\n`)) await once(out, 'drain');
  }
  out.end();
  await finished(out);
  return bytes;
}

/** Most memory that a process has had resident, in bytes, as far as it has been seen. */
const peakOf = (pid: number): number => {
  try {
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0; // It has ended.
  }
};
const below = (pid: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => {
      try {
        return Number(readFileSync(`/proc/${each}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]) === pid;
      } catch {
        return false;
      }
    });

interface Cost {
  readonly seconds: number;
  readonly peakBytes: number;
}

/** The most of the process and of its largest child. */
async function costOf(args: readonly string[]): Promise<Cost> {
  const start = performance.now();
  const child: ChildProcess = spawn(process.execPath, args, {
    env: { ...process.env, ASSAY_HOME: join(home, 'data') },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  let peakBytes = 0;
  const look = setInterval(() => {
    const { pid = 0 } = child;
    peakBytes = Math.max(peakBytes, peakOf(pid), ...below(pid).map(peakOf));
  }, 100);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearInterval(look);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
  return { seconds: (performance.now() - start) / 1000, peakBytes };
}

/** What any reader of the format has to do: the line's JSON, base64, zlib, the string's JSON. */
const BARE = `
  import { createReadStream } from 'node:fs';
  import { createInterface } from 'node:readline';
  import { inflateSync } from 'node:zlib';
  for await (const line of createInterface({ input: createReadStream(${JSON.stringify(file)}) })) {
    const pickle = inflateSync(Buffer.from(JSON.parse(line).private_test_cases, 'base64'));
    JSON.parse(pickle.subarray(7, -1).toString());
  }
`;

try {
  const testBytes = await makeSet();
  const cli = join(root, 'out', 'main', 'cli.js');
  const bare = await costOf(['--input-type=module', '--eval', BARE]);
  const listed = await costOf([cli, 'problems', `livecodebench=${file}`]);
  const evaluated = await costOf([
    ...[cli, 'eval', 'embedded', '--dataset', `livecodebench=${file}`, '-n', '4', '--max-tokens', '64'],
  ]);
  const result = {
    ...{ problems: Number(values.problems), testBytes, fileBytes: statSync(file).size },
    ...{ bare, listed, evaluated, programs: 4 * Number(values.problems) },
    secondsToBare: listed.seconds / bare.seconds,
    listedPeakToTests: listed.peakBytes / testBytes,
    evaluatedPeakToTests: evaluated.peakBytes / testBytes,
  };
  const row = (name: string, { seconds, peakBytes }: Cost) => ({
    ...{ what: name, seconds: seconds.toFixed(1), 'peak memory, MB': Math.round(peakBytes / 1e6) },
    'share of the tests': (peakBytes / testBytes).toFixed(2),
  });
  console.log(`${result.problems} problems, ${(testBytes / 1e9).toFixed(2)} GB of tests`);
  console.table([row('bare decoding', bare), row('listed', listed), row(`${result.programs} programs`, evaluated)]);
  writeFileSync(values.to, `${JSON.stringify(result, null, 2)}\n`);
} finally {
  rmSync(home, { recursive: true, force: true });
}
