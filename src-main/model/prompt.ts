/** What a policy is asked: the text before its response. Which template a policy wants stands in its tokenizer's files. */
import type { Problem } from '../../src-shared/problem.ts';

/** `tinypy`: the statement alone, for the embedded policy. `plain`: role, statement, starter code and cue. */
export const PROMPT_TEMPLATES = ['tinypy', 'plain'] as const;
export type PromptTemplate = (typeof PROMPT_TEMPLATES)[number];

export function promptText(problem: Problem, template: PromptTemplate): string {
  return template === 'tinypy' ? `${problem.statement}\n` : plainPrompt(problem);
}

const ROLE =
  'You are an expert Python programmer. You will be given a question and will write a correct Python program that ' +
  'matches the specification and passes all tests.';

/** The blocks of LiveCodeBench's generic prompt: role, question, format, answer. */
function plainPrompt({ statement, functionName, starterCode }: Problem): string {
  const reads = functionName === '';
  const format = reads
    ? 'Read the inputs from standard input and write the answer to standard output. Enclose the program in a fence.'
    : starterCode.trim() === ''
      ? `Write the function ${functionName}. Enclose the program in a fence.`
      : 'Use the following starter code. Enclose the program in a fence.';
  const fence = reads || starterCode.trim() === '' ? '# YOUR CODE HERE' : starterCode.trimEnd();
  return [
    ROLE,
    '',
    '### Question:',
    statement.trim(),
    '',
    `### Format: ${format}`,
    '```python',
    fence,
    '```',
    '',
    '### Answer:',
    '',
  ].join('\n');
}
