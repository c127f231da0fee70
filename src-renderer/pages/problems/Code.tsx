/** A program as it is written; Python in colour. */
import type { Language } from '../../../src-shared/verdict.ts';
import { Python } from '../rollouts/Completion.tsx';
import css from './ProblemPane.module.css';

export function Code({ code, language }: { code: string; language: Language }) {
  const text = code.replace(/^\n+|\s+$/g, '');
  return <pre className={css.code}>{language === 'python' ? <Python code={text} /> : text}</pre>;
}
