/** Texts of programs side by side under their names: what went in, what was expected, what came out. */
import css from './Texts.module.css';

/** @param texts by name; null: there was none */
export function Texts({ texts }: { texts: Readonly<Record<string, string | null>> }) {
  return (
    <dl className={css.texts}>
      {Object.entries(texts).map(([name, text]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {text === null ? (
              <span className="faint">no answer</span>
            ) : (
              <pre className="scroll">{text === '' ? '(empty)' : text}</pre>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}
