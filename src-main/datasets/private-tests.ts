/**
 * LiveCodeBench's packed `private_test_cases`: base64 of zlib of a Python pickle of one string, JSON. A pickle can run
 * any code where Python loads it; this reader knows the opcodes of a single string and nothing else.
 */
import { inflateSync } from 'node:zlib';
import { AssayError } from '../../src-shared/errors.ts';

/** Unpacked tests larger than this are a mistake or an attack. */
const MOST_BYTES = 256 * 2 ** 20;

/**
 * The value itself where it is not packed.
 * @param at File and line; named in errors.
 */
export function decodePrivateTests(value: unknown, at: string): unknown {
  if (typeof value !== 'string' || /^\s*\[/.test(value)) return value;
  try {
    return stringOfPickle(inflateSync(Buffer.from(value, 'base64'), { maxOutputLength: MOST_BYTES }));
  } catch (error) {
    throw new AssayError(
      'usage',
      `${at}: private_test_cases: ${(error as Error).message}; allowed is a JSON list, or base64 of zlib of a pickled string`,
      { cause: error },
    );
  }
}

/** Opcodes of protocols 1 to 5 that pickling a string needs (CPython's pickletools); protocol 0 writes another form. */
const PROTO = 0x80;
const FRAME = 0x95;
const BINUNICODE = 0x58;
const SHORT_BINUNICODE = 0x8c;
const BINUNICODE8 = 0x8d;
const MEMOIZE = 0x94;
const BINPUT = 0x71;
const LONG_BINPUT = 0x72;
const STOP = 0x2e;

/** The string that a pickle holds. @throws Error at the first opcode that a string does not need. */
export function stringOfPickle(pickle: Buffer): string {
  let text: string | null = null;
  let at = 0;
  const take = (bytes: number): Buffer => {
    if (at + bytes > pickle.length) throw new Error('the pickle ends too soon');
    at += bytes;
    return pickle.subarray(at - bytes, at);
  };
  for (;;) {
    const opcode = take(1)[0];
    if (opcode === PROTO || opcode === BINPUT) take(1);
    else if (opcode === FRAME) take(8);
    else if (opcode === LONG_BINPUT) take(4);
    else if (opcode === SHORT_BINUNICODE) text = take(take(1).readUInt8()).toString('utf8');
    else if (opcode === BINUNICODE) text = take(take(4).readUInt32LE()).toString('utf8');
    else if (opcode === BINUNICODE8) text = take(Number(take(8).readBigUInt64LE())).toString('utf8');
    else if (opcode === STOP && text !== null) return text;
    else if (opcode !== MEMOIZE) throw new Error(`the pickle holds more than a string (opcode ${opcode})`);
  }
}
