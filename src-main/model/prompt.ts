/** What a policy is asked: the text before its response. Which template a policy wants stands in its tokenizer's files. */
import { Template } from '@huggingface/jinja';
import { answerTest, type Problem } from '../../src-shared/problem.ts';

/**
 * `tinypy`: the statement alone, for the embedded policy. `plain`: role, statement, starter code and cue. `chat`: the
 * same as a conversation in the policy's own template, the role as the system's message and the rest as the user's.
 */
export const PROMPT_TEMPLATES = ['tinypy', 'plain', 'chat'] as const;
export type PromptTemplate = (typeof PROMPT_TEMPLATES)[number];

/** What of a tokenizer prompts are made with. */
export interface Prompted {
  readonly template: PromptTemplate;
  readonly chatTemplate: string | null;
  readonly opening: string;
  readonly special: Readonly<Record<string, string>>;
}

export interface PromptOptions {
  /** `auto`: as the policy wants it. */
  readonly prompt: 'auto' | 'plain';
  /** Whether a policy that can do either thinks before it answers; `auto` is the template's own choice. */
  readonly thinking: 'auto' | 'on' | 'off';
}

/**
 * How problems are put to a policy.
 * @throws Error at once where its template cannot be parsed; the function, where it refuses a problem.
 */
export function promptWriter(
  { template, chatTemplate, opening, special }: Prompted,
  { prompt, thinking }: PromptOptions,
): (problem: Problem) => string {
  if (prompt === 'auto' && template === 'chat') return chatWriter(chatTemplate, special, thinking);
  if (prompt === 'auto' && template === 'tinypy') return (problem) => promptText(problem, 'tinypy');
  return (problem) => opening + promptText(problem, 'plain');
}

/** A prompt in one of our own templates. */
export function promptText(problem: Problem, template: Exclude<PromptTemplate, 'chat'>): string {
  return template === 'tinypy' ? `${problem.statement}\n` : plainPrompt(problem);
}

function chatWriter(
  source: string | null,
  special: Readonly<Record<string, string>>,
  thinking: PromptOptions['thinking'],
): (problem: Problem) => string {
  if (source === null) throw new Error('chat template: the tokenizer has none; allowed is the prompt "plain"');
  const template = oneLine(() => new Template(source));
  const flags = thinking === 'auto' ? {} : { enable_thinking: thinking === 'on' };
  const render = (messages: readonly { role: string; content: string }[]) =>
    template.render({ ...special, ...flags, messages, add_generation_prompt: true });
  return (problem) => {
    const content = userMessage(problem);
    const role = roleOf(problem);
    return oneLine(() => {
      try {
        return render([
          { role: 'system', content: role },
          { role: 'user', content },
        ]);
      } catch {
        // Some templates know no system; their users say it themselves.
        return render([{ role: 'user', content: `${role}\n\n${content}` }]);
      }
    });
  };
}

function oneLine<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw new Error(`chat template: ${String((error as Error).message).split('\n')[0]}`, { cause: error });
  }
}

const ROLE =
  'You are an expert Python programmer. You will be given a question and will write a correct Python program that ' +
  'matches the specification and passes all tests.';

const ANSWER_ROLE =
  'You are an expert mathematician. You will be given a question and will answer it, thinking step by step.';

const roleOf = (problem: Problem) => (answerTest(problem) === null ? ROLE : ANSWER_ROLE);

/** The blocks of LiveCodeBench's generic prompt: role, question, format, answer. */
const plainPrompt = (problem: Problem) => `${roleOf(problem)}\n\n${userMessage(problem)}\n`;

function userMessage(problem: Problem): string {
  const { statement, functionName, starterCode } = problem;
  if (answerTest(problem) !== null) {
    const format = 'Explain your reasoning, then give the final answer, and nothing else, in \\boxed{}.';
    return ['### Question:', statement.trim(), '', `### Format: ${format}`, '', '### Answer:'].join('\n');
  }
  const reads = functionName === '';
  const format = reads
    ? 'Read the inputs from standard input and write the answer to standard output. Enclose the program in a fence.'
    : starterCode.trim() === ''
      ? `Write the function ${functionName}. Enclose the program in a fence.`
      : 'Use the following starter code. Enclose the program in a fence.';
  const fence = reads || starterCode.trim() === '' ? '# YOUR CODE HERE' : starterCode.trimEnd();
  return [
    '### Question:',
    statement.trim(),
    '',
    `### Format: ${format}`,
    '```python',
    fence,
    '```',
    '',
    '### Answer:',
  ].join('\n');
}
