/**
 * A completion as text: reasoning dimmed, programs highlighted, each told apart. The model's text reaches the page as text
 * nodes only.
 */
import { Fragment, useMemo } from 'react';
import { judgedPart, splitCompletion } from '../../lib/completion.ts';
import { tokenizePython } from '../../lib/python.ts';
import css from './Completion.module.css';

const TITLES = { reasoning: 'Reasoning', text: 'Text', code: 'Code' } as const;

/** @param code the program that was judged, where it is known: its block says so */
export function Completion({ text, code = null }: { text: string; code?: string | null }) {
  const parts = useMemo(() => splitCompletion(text), [text]);
  if (text === '') return <p className={css.none}>The completion is empty.</p>;
  const judged = judgedPart(parts, code);
  return (
    <div className={css.completion}>
      {parts.map((part, i) =>
        part.text.trim() === '' ? null : (
          // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text never change places
          <div key={i} className={css[part.kind]}>
            <p className={css.title}>
              {TITLES[part.kind]}
              {i === judged ? ' · judged' : ''}
            </p>
            {/* Line ends between the parts are the gaps between their blocks. */}
            <pre>{part.kind === 'code' ? <Python code={part.text} /> : part.text.replace(/^\n+|\n+$/g, '')}</pre>
          </div>
        ),
      )}
    </div>
  );
}

export function Python({ code }: { code: string }) {
  const tokens = useMemo(() => tokenizePython(code), [code]);
  return tokens.map((token, i) =>
    token.kind === 'plain' ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: tokens of one text never change places
      <Fragment key={i}>{token.text}</Fragment>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: as above
      <span key={i} className={css[token.kind]}>
        {token.text}
      </span>
    ),
  );
}
