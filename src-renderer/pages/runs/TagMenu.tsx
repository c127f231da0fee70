/** Tags of the chosen runs: put on, taken off, with those that are in use elsewhere at hand. */
import { Button, Checkbox, Popover, TextInput } from '@mantine/core';
import { IconTag } from '@tabler/icons-react';
import { useState } from 'react';
import type { RunSummary } from '../../../src-shared/api.ts';
import { TAG_CHARS, tagSchema } from '../../../src-shared/organise.ts';
import css from './SelectionBar.module.css';
import type { RunActions } from './use-run-actions.ts';

interface TagMenuProps {
  readonly runs: readonly RunSummary[];
  /** In use anywhere, the most frequent first. */
  readonly known: readonly string[];
  readonly actions: RunActions;
}

export function TagMenu({ runs, known, actions }: TagMenuProps) {
  const [text, setText] = useState('');
  const typed = text.trim();
  const offered = known.filter((tag) => tag.toLowerCase().includes(typed.toLowerCase()));
  const parsed = typed === '' ? null : tagSchema.safeParse(typed);
  return (
    <Popover position="top-start" width={260} trapFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<IconTag size={14} />}>
          Tag
        </Button>
      </Popover.Target>
      <Popover.Dropdown p="xs">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (parsed?.success !== true) return;
            actions.tag(runs, parsed.data);
            setText('');
          }}
        >
          <TextInput
            aria-label="Tag"
            placeholder="A tag, then Enter"
            value={text}
            maxLength={TAG_CHARS}
            error={parsed?.success === false ? parsed.error.issues[0]?.message : null}
            onChange={(event) => setText(event.currentTarget.value)}
            data-autofocus
          />
        </form>
        <div className={`${css.tags} scroll`}>
          {offered.map((tag) => {
            const count = runs.filter(({ tags }) => tags.includes(tag)).length;
            return (
              <Checkbox
                key={tag}
                size="xs"
                label={tag}
                checked={count === runs.length}
                indeterminate={count > 0 && count < runs.length}
                onChange={() => (count === runs.length ? actions.untag(runs, tag) : actions.tag(runs, tag))}
              />
            );
          })}
          {offered.length === 0 ? (
            <p className="faint">{typed === '' ? 'No tags yet: type the first.' : `Enter makes the tag “${typed}”.`}</p>
          ) : null}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
