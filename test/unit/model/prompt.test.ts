import { expect, it } from 'vitest';
import { promptText, promptWriter } from '../../../src-main/model/prompt.ts';
import type { Problem } from '../../../src-shared/problem.ts';

const problem: Problem = {
  id: '1',
  statement: 'Return x.',
  functionName: 'f',
  starterCode: 'def f(x):\n',
  difficulty: '',
  visibleTests: [],
  hiddenTests: [{ kind: 'functional', input: '4711', expected: '4711' }],
  meaning: 'x',
};

it('asks the embedded policy with the statement alone', () => {
  expect(promptText(problem, 'tinypy')).toBe('Return x.\n');
});

it('asks others with the statement, the starter code and a cue, and never shows hidden tests', () => {
  const prompt = promptText(problem, 'plain');
  expect(prompt).toMatch(/### Question:\nReturn x\.\n\n### Format: Use the following starter code\./);
  expect(prompt).toContain('```python\ndef f(x):\n```');
  expect(prompt).toMatch(/### Answer:\n$/);
  expect(prompt).not.toContain('4711');
});

it('says what to do where there is no starter code', () => {
  expect(promptText({ ...problem, starterCode: '' }, 'plain')).toContain('Write the function f.');
  expect(promptText({ ...problem, starterCode: '', functionName: '' }, 'plain')).toContain('from standard input');
});

it('asks for an answer in a box, and for no program, where there is an answer to find', () => {
  const hiddenTests = [{ kind: 'answer', input: '', expected: '4711' }] as const;
  const prompt = promptText({ ...problem, statement: 'Add.', functionName: '', starterCode: '', hiddenTests }, 'plain');
  expect(prompt).toMatch(/^You are an expert mathematician\./);
  expect(prompt).toMatch(/### Question:\nAdd\.\n\n### Format: .*\\boxed\{\}\.\n\n### Answer:\n$/);
  expect(prompt).not.toMatch(/4711|```|[Pp]ython|program/);
});

const chat = {
  template: 'chat',
  opening: '<s>',
  special: { bos_token: '<s>', eos_token: '</s>' },
  chatTemplate: [
    '{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}',
    '{% if add_generation_prompt %}[assistant]{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>{% endif %}{% endif %}',
  ].join(''),
} as const;

it('asks a policy that converses in its own template: a system message, and one of the user', () => {
  const prompt = promptWriter(chat, { prompt: 'auto', thinking: 'auto' })(problem);
  const [, system, user, cue] = prompt.split(/\[(?:system|user|assistant)\]/);
  expect(system).toMatch(/^You are an expert Python programmer\..*<\/s>$/);
  expect(user).toBe(`${promptText(problem, 'plain').split('\n\n').slice(1).join('\n\n').trimEnd()}</s>`);
  expect([prompt.startsWith('<s>[system]'), cue]).toEqual([true, '']);
});

it('tells a template whether to think only where that was asked for', () => {
  const cue = (thinking: 'auto' | 'on' | 'off') =>
    promptWriter(chat, { prompt: 'auto', thinking })(problem).split('[assistant]')[1];
  expect([cue('auto'), cue('on'), cue('off')]).toEqual(['', '', '<think>\n\n</think>']);
});

it('puts all into one message where a template refuses a system, and says why where it refuses everything', () => {
  const refuses = (role: string) =>
    `{% for m in messages %}{% if m.role == '${role}' %}{{ raise_exception('no ${role} here') }}{% endif %}[{{ m.role }}]{{ m.content }}{% endfor %}`;
  const ask = (chatTemplate: string) => promptWriter({ ...chat, chatTemplate }, { prompt: 'auto', thinking: 'auto' });
  expect(ask(refuses('system'))(problem)).toMatch(/^\[user\]You are an expert Python programmer\.[^[]*### Question:/);
  expect(() => ask(refuses('user'))(problem)).toThrow(/^chat template: .*no user here/);
  expect(() => ask('{% if %}')).toThrow(/^chat template: /);
});

it('can be told to ask plainly, with what the tokenizer puts before every text', () => {
  const plain = promptWriter(chat, { prompt: 'plain', thinking: 'on' })(problem);
  expect(plain).toBe(`<s>${promptText(problem, 'plain')}`);
});
