/** From the code of a response to the program that is run. */
import type { Problem } from '../../src-shared/problem.ts';

/**
 * The program that a response stands for. Where a problem is a stub to complete and its tests are code (HumanEval), the
 * usual conventions hold: what the stub has before its function, imports and helpers, comes first where the code lacks
 * it; and code that is the function's body alone, every line indented, follows the stub. All other code is run as it is.
 */
export function programOf({ starterCode, functionName, visibleTests, hiddenTests }: Problem, code: string): string {
  const isStub = [...visibleTests, ...hiddenTests].some(({ kind }) => kind === 'asserts') && starterCode.trim() !== '';
  if (!isStub) return code;
  const signature = `(?:async[ \\t]+)?def[ \\t]+${functionName}\\b`;
  const lines = code.split('\n').filter((line) => line.trim() !== '');
  const isBody = lines.length > 0 && lines.every((line) => /^[ \t]/.test(line)) && !new RegExp(signature).test(code);
  if (isBody) return `${starterCode.trimEnd()}\n${code}`;
  const start = starterCode.search(new RegExp(`^${signature}`, 'm'));
  const before = start < 0 ? '' : starterCode.slice(0, start).trimEnd();
  // Nothing may come before an import of __future__.
  if (before === '' || code.includes(before) || /^from __future__/m.test(code)) return code;
  return `${before}\n\n${code}`;
}
