/**
 * What an evaluation has judged so far, on disk: a header, then a line for each generate call with its groups. A worker
 * that is stopped or killed goes on after the last whole line; anything after that, a torn line above all, is cut off.
 */
import { type FileHandle, open, rm } from 'node:fs/promises';
import { z } from 'zod';
import { OUTCOMES, rolloutFaultSchema, testResultSchema } from '../../src-shared/rollout.ts';
import type { TokenStats } from '../engine/engine.ts';
import type { CertainRollout } from './scoring.ts';

/** Typed arrays as base64 of their bytes, little endian. */
const bytes = z.base64().transform((text) => Uint8Array.from(Buffer.from(text, 'base64')));
const whole = (array: Uint8Array) => array.byteLength % 4 === 0;
const int32 = bytes.refine(whole).transform(({ buffer }) => new Int32Array(buffer));
const float32 = bytes.refine(whole).transform(({ buffer }) => new Float32Array(buffer));
const stats = z.object({ logprob: float32, entropy: float32, klUniform: float32, top1: float32, top2: float32 });

const rolloutSchema = z
  .object({
    problemId: z.string(),
    sample: z.int().nonnegative(),
    prompt: z.string(),
    completion: z.string(),
    tokens: int32,
    finished: z.boolean(),
    stats,
    /** Null where they are those of `stats`. */
    certainty: stats.nullable(),
    code: z.string().nullable(),
    outcome: z.enum(OUTCOMES),
    tests: z.array(testResultSchema),
    fault: rolloutFaultSchema.nullable(),
  })
  .refine(({ tokens, stats, certainty }) =>
    [stats, certainty ?? stats].flatMap(Object.values).every((values) => values.length === tokens.length),
  )
  .transform(({ certainty, ...rest }) => ({ ...rest, certainty: certainty ?? rest.stats }));
const callSchema = z.object({ seconds: z.number().nonnegative(), groups: z.array(z.array(rolloutSchema)) });

/** A rollout without what its problem says anyway. */
export type LoggedRollout = z.infer<typeof rolloutSchema>;
/** What one generate call gave, one group a problem, and how long it took. */
export interface LoggedCall {
  readonly seconds: number;
  readonly groups: readonly (readonly LoggedRollout[])[];
}

export interface EvaluationLog {
  /** Calls that were logged before, in order. */
  readonly calls: readonly LoggedCall[];
  /** On disk when it resolves. */
  append(seconds: number, groups: readonly (readonly CertainRollout[])[]): Promise<void>;
  close(): Promise<void>;
}

/** @param stamp What the numbers depend on: a log with another one is begun anew. */
export async function openEvaluationLog(path: string, stamp: string): Promise<EvaluationLog> {
  const header = JSON.stringify({ evaluation: 1, stamp });
  const file = await open(path, 'a+');
  try {
    const { calls, end } = await read(file, header);
    await file.truncate(end);
    if (end === 0) await file.appendFile(`${header}\n`);
    return {
      calls,
      append: async (seconds, groups) => {
        await file.appendFile(`${JSON.stringify({ seconds, groups: groups.map((group) => group.map(written)) })}\n`);
        await file.datasync();
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

export const removeEvaluationLog = (path: string): Promise<void> => rm(path, { force: true });

/** @returns `end`: bytes up to the end of the last whole line. */
async function read(file: FileHandle, header: string): Promise<{ calls: LoggedCall[]; end: number }> {
  const { size } = await file.stat();
  const calls: LoggedCall[] = [];
  let end = 0;
  for await (const line of file.readLines({ encoding: 'utf8', start: 0, autoClose: false })) {
    const next = end + Buffer.byteLength(line) + 1;
    // Without its line break a line is torn, whole as it may look.
    if (next > size) break;
    if (end > 0) {
      const call = parseCall(line);
      if (call === null) break;
      calls.push(call);
    } else if (line !== header) break;
    end = next;
  }
  return { calls, end };
}

function parseCall(line: string): LoggedCall | null {
  try {
    return callSchema.parse(JSON.parse(line));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null;
    throw error;
  }
}

function written(rollout: CertainRollout) {
  const { problem, promptIds: _ids, tokens, stats: sampled, certainty, ...rest } = rollout;
  const same = certainty === sampled;
  return {
    ...rest,
    problemId: problem.id,
    tokens: base64(tokens),
    stats: encoded(sampled),
    certainty: same ? null : encoded(certainty),
  };
}

const encoded = (of: TokenStats) =>
  Object.fromEntries(Object.entries(of).map(([name, values]) => [name, base64(values)]));

const base64 = ({ buffer, byteOffset, byteLength }: Int32Array | Float32Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64');
