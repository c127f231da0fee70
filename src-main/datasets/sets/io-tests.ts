/** Tests of inputs and outputs, as contest sets have them: lists of both side by side, or one object a test. */
import { z } from 'zod';
import type { Test } from '../../../src-shared/verdict.ts';
import { fault } from '../parsing.ts';

const texts = z.array(z.string('must be text'), 'must be a list of texts');
/** Either form in which tests of standard input are published. */
export const pairsSchema = z.union(
  [
    z.looseObject({ input: texts, output: texts }),
    z.array(z.looseObject({ input: z.string('must be text'), output: z.string('must be text') })),
  ],
  'must be {"input": [...], "output": [...]} of texts, or a list of {"input", "output"}',
);

/** @throws AssayError `usage` where not every input has its output. */
export function stdinTests(pairs: z.output<typeof pairsSchema> | null | undefined, at: string): Test[] {
  if (pairs === null || pairs === undefined) return [];
  const list = Array.isArray(pairs) ? pairs : zip(pairs.input, pairs.output, at);
  return list.map(({ input, output }) => ({ kind: 'stdin', input, expected: output }));
}

function zip(inputs: readonly string[], outputs: readonly string[], at: string) {
  if (inputs.length !== outputs.length)
    throw fault(at, `has ${inputs.length} inputs and ${outputs.length} outputs; allowed is one output an input`);
  return inputs.map((input, i) => ({ input, output: outputs[i] as string }));
}

/** The first `most` of both, visible ones first; all, where it is 0. */
export function firstTests(visibleTests: readonly Test[], hiddenTests: readonly Test[], most: number) {
  if (most === 0) return { visibleTests, hiddenTests };
  const visible = visibleTests.slice(0, most);
  return { visibleTests: visible, hiddenTests: hiddenTests.slice(0, most - visible.length) };
}
