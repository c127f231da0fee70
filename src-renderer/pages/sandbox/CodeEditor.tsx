/** A text field for code: line numbers, Tab that indents, Enter that keeps the indentation. Escape lets Tab out again. */
import { type KeyboardEvent, useId, useRef } from 'react';
import { type Edit, indent, newLine, outdent } from '../../lib/indent.ts';
import css from './CodeEditor.module.css';

interface CodeEditorProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly label: string;
  readonly fault: string | undefined;
}

export function CodeEditor({ value, onChange, label, fault }: CodeEditorProps) {
  const numbers = useRef<HTMLPreElement>(null);
  // After Escape, Tab moves on as everywhere else: the keyboard is never caught.
  const released = useRef(false);
  const hintId = useId();
  const lines = value.split('\n').length;

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    const field = event.currentTarget;
    if (event.key === 'Escape') {
      released.current = true;
      return;
    }
    const tab = event.key === 'Tab' && !event.ctrlKey && !event.metaKey && !event.altKey;
    const enter = event.key === 'Enter' && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (tab && released.current) return;
    if (event.key !== 'Shift') released.current = false;
    if (!tab && !enter) return;
    event.preventDefault();
    const change = enter ? newLine : event.shiftKey ? outdent : indent;
    apply(field, change(field.value, field.selectionStart, field.selectionEnd));
  };

  return (
    <div className={css.editor} data-fault={fault !== undefined}>
      <pre ref={numbers} className={css.numbers} aria-hidden>
        {Array.from({ length: lines }, (_, i) => i + 1).join('\n')}
      </pre>
      <textarea
        className={`${css.code} scroll`}
        aria-label={label}
        aria-describedby={hintId}
        aria-invalid={fault !== undefined}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onFocus={() => {
          released.current = false;
        }}
        onScroll={(event) => {
          if (numbers.current !== null)
            numbers.current.style.transform = `translateY(${-event.currentTarget.scrollTop}px)`;
        }}
        wrap="off"
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="off"
        autoCorrect="off"
      />
      <span id={hintId} hidden>
        Tab indents. Press Escape, then Tab, to leave the field.
      </span>
    </div>
  );
}

function apply(field: HTMLTextAreaElement, { from, to, text, start, end }: Edit): void {
  if (field.value.slice(from, to) !== text || from === to) {
    field.setSelectionRange(from, to);
    // The one way to change a field that keeps its undo history; deprecated, without a successor.
    if (!document.execCommand('insertText', false, text)) field.setRangeText(text, from, to, 'end');
    field.dispatchEvent(new Event('input', { bubbles: true }));
  }
  field.setSelectionRange(start, end);
}
