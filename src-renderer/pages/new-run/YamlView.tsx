/** The run as a text: the file that `assay run` takes. Typed, pasted or opened; every fault at its line. */
import { Button, FileButton, SegmentedControl } from '@mantine/core';
import { IconDownload, IconFolderOpen } from '@tabler/icons-react';
import { useRef } from 'react';
import { CopyButton } from '../../components/CopyButton.tsx';
import { notifyFailure } from '../../components/ErrorView.tsx';
import { download } from '../../lib/csv.ts';
import { CodeEditor } from '../sandbox/CodeEditor.tsx';
import type { YamlState } from './use-yaml.ts';
import css from './YamlView.module.css';

interface YamlViewProps {
  readonly yaml: YamlState;
  /** Of the file that it is kept as. */
  readonly name: string;
}

export function YamlView({ yaml: { text, faults, whole, setWhole, change }, name }: YamlViewProps) {
  const box = useRef<HTMLDivElement>(null);
  const goTo = (line: number) => {
    const field = box.current?.querySelector('textarea');
    if (!field) return;
    const lines = text.split('\n');
    const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
    field.focus();
    field.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
    field.scrollTop = (field.scrollHeight * (line - 4)) / lines.length;
  };
  const open = (file: File | null) => {
    file?.text().then(change, (error: unknown) => notifyFailure('Opening the file', error));
  };
  return (
    <div className={css.view}>
      <div className={css.bar}>
        <SegmentedControl
          aria-label="Listed"
          data={[
            { value: 'changed', label: 'Changes' },
            { value: 'whole', label: 'Everything' },
          ]}
          value={whole ? 'whole' : 'changed'}
          onChange={(value) => setWhole(value === 'whole')}
        />
        <FileButton onChange={open} accept=".yaml,.yml">
          {(props) => (
            <Button {...props} variant="default" leftSection={<IconFolderOpen size={14} />}>
              Open file
            </Button>
          )}
        </FileButton>
        <Button
          variant="default"
          leftSection={<IconDownload size={14} />}
          onClick={() => download(`${fileName(name)}.yaml`, text, 'application/yaml')}
        >
          Save file
        </Button>
        <CopyButton text={() => text} label="Copy YAML" />
      </div>
      <div className={css.editor} ref={box}>
        <CodeEditor
          label="YAML"
          value={text}
          onChange={change}
          fault={faults.length === 0 ? undefined : 'see the list below'}
        />
      </div>
      {faults.length === 0 ? (
        <p className={css.note}>
          In step with the form. Saved as a file, <code>assay run {fileName(name)}.yaml</code> launches the same run.
        </p>
      ) : (
        <div role="alert">
          <ul className={css.faults} aria-label="Errors in the YAML">
            {faults.map(({ line, message }) => (
              <li key={`${line} ${message}`}>
                <button type="button" onClick={() => goTo(line)}>
                  <b>Line {line}</b> {message}
                </button>
              </li>
            ))}
          </ul>
          <p className={css.note}>Until that is put right, the form stays as it was.</p>
        </div>
      )}
    </div>
  );
}

const fileName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60) || 'run';
