/** A completion as text: reasoning dimmed, programs highlighted. The model's text reaches the page as text nodes only. */
import { Fragment, useMemo } from 'react';
import { splitCompletion } from '../../lib/completion.ts';
import { tokenizePython } from '../../lib/python.ts';
import css from './Completion.module.css';

export function Completion({ text }: { text: string }) {
  const parts = useMemo(() => splitCompletion(text), [text]);
  if (text === '') return <p className={css.none}>The completion is empty.</p>;
  return (
    <pre className={css.completion}>
      {parts.map((part, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text never change places
        <span key={i} className={css[part.kind]}>
          {part.kind === 'code' ? <Python code={part.text} /> : part.text}
        </span>
      ))}
    </pre>
  );
}

function Python({ code }: { code: string }) {
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
