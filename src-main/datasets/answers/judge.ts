/** Problems that ask for an answer, not for a program: what of a response is judged, and its verdict. */
import { answerTest, type Problem } from '../../../src-shared/problem.ts';
import type { Test, TestResult } from '../../../src-shared/verdict.ts';
import { codeSpan, type Span } from '../code-block.ts';
import { equalAnswers } from './compare.ts';
import { finalAnswerSpan } from './final-answer.ts';

const SHOWN_CHARS = 4_000;

/** Where the part of a response stands that is judged: its final answer, or its program; null where it has none. */
export function judgedSpan(problem: Problem, response: string): Span | null {
  return answerTest(problem) === null ? codeSpan(response) : finalAnswerSpan(response);
}

/** The text of `judgedSpan`. */
export function judgedPart(problem: Problem, response: string): string | null {
  const span = judgedSpan(problem, response);
  return span === null ? null : response.slice(...span);
}

export function judgeAnswer({ expected, accepted = [] }: Test, answer: string): TestResult {
  const isRight = [expected, ...accepted].some((right) => equalAnswers(answer, right));
  return {
    verdict: isRight ? 'passed' : 'wrong-answer',
    got: answer.slice(0, SHOWN_CHARS),
    detail: null,
    wallMs: 0,
    memoryMb: null,
  };
}
