/** A part of the form that opens and closes; closed, it says in a line what it holds. */
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import css from './OptionGroup.module.css';

interface SectionProps {
  readonly title: string;
  readonly opened: boolean;
  readonly onToggle: () => void;
  /** In a line, while it is closed. */
  readonly summary: string;
  readonly marks?: ReactNode;
  readonly children: ReactNode;
}

export function Section({ title, opened, onToggle, summary, marks, children }: SectionProps) {
  return (
    <section className={css.group} aria-label={title}>
      <button type="button" className={css.head} aria-expanded={opened} onClick={onToggle}>
        {opened ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />}
        <span className={css.title}>{title}</span>
        {opened ? null : <span className={`${css.summary} ellipsis`}>{summary}</span>}
        <span className={css.marks}>{marks}</span>
      </button>
      {opened ? <div className={css.body}>{children}</div> : null}
    </section>
  );
}
