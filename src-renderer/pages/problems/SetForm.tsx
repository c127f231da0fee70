/** Which set is looked at: the sets looked at last, the kinds with a sentence each, and the options of the chosen kind,
 * which are those of a run. */
import { Button } from '@mantine/core';
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import type { Catalogue } from '../../../src-shared/api.ts';
import type { AssayError } from '../../../src-shared/errors.ts';
import {
  formOf,
  isKindField,
  KIND_PATH,
  type Kind,
  keyOf,
  kindsOf,
  nameOf,
  type ProblemSet,
  setOfFields,
} from '../../lib/problems/view.ts';
import { edit, type FieldState, fieldStates } from '../../lib/run-form.ts';
import { inputId, OptionField } from '../new-run/OptionField.tsx';
import css from './SetForm.module.css';

interface SetFormProps {
  /** Of this form alone. */
  readonly catalogue: Catalogue;
  /** That is looked at now. */
  readonly set: ProblemSet | null;
  /** Why it cannot be. */
  readonly fault: AssayError | null;
  readonly reading: boolean;
  readonly recent: readonly ProblemSet[];
  readonly onInspect: (set: ProblemSet) => void;
}

const NO_WARNINGS: readonly never[] = [];

export function SetForm({ catalogue, set, fault, reading, recent, onInspect }: SetFormProps) {
  const [state, setState] = useState(() => formOf(catalogue, set));
  // What was never touched is not yet wrong.
  const [tried, setTried] = useState(false);
  const list = useRef<HTMLDivElement>(null);
  // An address may open any of the kinds.
  useEffect(() => {
    list.current?.querySelector('[data-chosen=true]')?.scrollIntoView({ block: 'nearest' });
  }, []);
  const fields = useMemo(() => fieldStates(catalogue, state), [catalogue, state]);
  const current = setOfFields(fields);
  const isShown = set !== null && keyOf(set) === keyOf(current);
  const shown = fields.map((field): FieldState => {
    const said = isShown && fault?.path === field.path ? withoutPath(fault.message, field.path) : null;
    return { ...field, fault: (tried || field.changed ? field.fault : null) ?? said };
  });
  const change = (path: string, value: string | boolean) => setState((before) => edit(catalogue, before, path, value));
  const reset = (path: string) =>
    setState((before) => ({
      ...before,
      edits: Object.fromEntries(Object.entries(before.edits).filter(([own]) => own !== path)),
    }));
  const inspect = () => {
    setTried(true);
    const wrong = fields.find((field) => field.fault !== null);
    if (wrong === undefined) onInspect(current);
    else document.getElementById(inputId(wrong.path))?.focus();
  };
  const walk = (event: KeyboardEvent) => {
    const all = [...(list.current?.querySelectorAll<HTMLElement>('[data-stop]') ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    event.stopPropagation();
    all[Math.min(all.length - 1, Math.max(0, to))]?.focus();
  };
  return (
    <aside className={`${css.panel} scroll`} aria-label="Problem sets">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: arrows move between the buttons inside, which have the focus */}
      <div ref={list} onKeyDown={walk}>
        {recent.length === 0 ? null : (
          <section aria-label="Looked at last">
            <h2 className="section-title">Looked at last</h2>
            <ul className={css.recent}>
              {recent.map((each) => {
                const name = nameOf(catalogue, each);
                return (
                  <li key={keyOf(each)}>
                    <button
                      type="button"
                      data-stop
                      className="ellipsis"
                      title={name}
                      aria-current={set !== null && keyOf(each) === keyOf(set)}
                      onClick={() => onInspect(each)}
                    >
                      {name}
                    </button>
                  </li>
                );
              })}
            </ul>
          </section>
        )}
        <section aria-label="Kinds">
          <h2 className="section-title">Kinds</h2>
          <ul>
            {kindsOf(catalogue).map((kind) => {
              const chosen = kind.id === current.kind;
              return (
                <li key={kind.id} className={css.kind} data-chosen={chosen}>
                  <KindCard
                    kind={kind}
                    chosen={chosen}
                    onChoose={() => {
                      setTried(false);
                      change(KIND_PATH, kind.id);
                    }}
                  />
                  {chosen ? (
                    <form
                      className={css.form}
                      aria-label={`Options of ${kind.title}`}
                      onSubmit={(event) => {
                        event.preventDefault();
                        inspect();
                      }}
                    >
                      <Fields
                        // Another kind has others behind "More".
                        key={kind.id}
                        catalogue={catalogue}
                        fields={shown.filter((field) => !isKindField(field))}
                        onChange={change}
                        onReset={reset}
                      />
                      <Button type="submit" variant={isShown ? 'default' : 'filled'} loading={reading && isShown}>
                        {isShown ? 'Read again' : 'Inspect'}
                      </Button>
                    </form>
                  ) : null}
                </li>
              );
            })}
          </ul>
        </section>
      </div>
    </aside>
  );
}

/** The button is as large as the card; what is said below its title describes it. */
function KindCard({ kind, chosen, onChoose }: { kind: Kind; chosen: boolean; onChoose: () => void }) {
  const id = `kind-${kind.id}`;
  const [sentence = kind.help] = /^.*?[.](?= |$)/.exec(kind.help) ?? [];
  return (
    <div className={css.card}>
      <button
        type="button"
        data-stop
        className={css.name}
        aria-pressed={chosen}
        aria-describedby={id}
        onClick={onChoose}
      >
        {kind.title}
      </button>
      <p id={id}>{chosen ? kind.help : sentence}</p>
    </div>
  );
}

interface FieldsProps {
  readonly catalogue: Catalogue;
  readonly fields: readonly FieldState[];
  readonly onChange: (path: string, value: string | boolean) => void;
  readonly onReset: (path: string) => void;
}

function Fields({ catalogue, fields, onChange, onReset }: FieldsProps) {
  const hidden = fields.filter(({ option, changed, fault }) => option.advanced && !changed && fault === null);
  const [more, setMore] = useState(false);
  const shared = { catalogue, preset: undefined, warnings: NO_WARNINGS, onChange, onReset };
  return (
    <>
      {fields
        .filter((field) => more || !hidden.includes(field))
        .map((field) => (
          <OptionField key={field.path} field={field} {...shared} />
        ))}
      {hidden.length === 0 ? null : (
        <button type="button" className={css.more} aria-expanded={more} onClick={() => setMore(!more)}>
          {more ? 'Less' : `More (${hidden.length})`}
        </button>
      )}
    </>
  );
}

/** Beside its field, a message need not name the field again. */
const withoutPath = (message: string, path: string): string =>
  message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message;
