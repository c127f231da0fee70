/** Downloading a policy or problems: a repository is named, what it offers is listed with sizes, one of it is chosen. */
import { Button, Modal, TextInput } from '@mantine/core';
import { type SyntheticEvent, useState } from 'react';
import { formatBytes, formatCount } from '../../../src-shared/format.ts';
import type { DownloadRequest, Repository, RepositoryChoice } from '../../../src-shared/models.ts';
import { ErrorView } from '../../components/ErrorView.tsx';
import { firstChoice, requestOf } from '../../lib/models/view.ts';
import css from './DownloadDialog.module.css';
import { useRepository } from './use-models.ts';

interface DownloadDialogProps {
  readonly opened: boolean;
  /** Repository that the field begins with. */
  readonly repo: string;
  readonly onClose: () => void;
  readonly onDownload: (request: DownloadRequest) => void;
}

export function DownloadDialog({ opened, repo, onClose, onDownload }: DownloadDialogProps) {
  return (
    <Modal opened={opened} onClose={onClose} title="Download from a hub" size="lg">
      <Form
        repo={repo}
        onDownload={(request) => {
          onDownload(request);
          onClose();
        }}
      />
    </Modal>
  );
}

function Form({ repo, onDownload }: Pick<DownloadDialogProps, 'repo' | 'onDownload'>) {
  const [text, setText] = useState(repo);
  const repository = useRepository();
  const look = (event: SyntheticEvent) => {
    event.preventDefault();
    if (text.trim() !== '') repository.mutate(text.trim());
  };
  return (
    <div className={css.dialog}>
      <form className={css.ask} onSubmit={look}>
        <TextInput
          className={css.repo}
          label="Repository"
          description="owner/name, owner/name@revision, datasets/owner/name, or the address of its page"
          placeholder="HuggingFaceTB/SmolLM2-135M-Instruct"
          value={text}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" loading={repository.isPending} disabled={text.trim() === ''}>
          List files
        </Button>
      </form>
      {repository.isError ? <ErrorView error={repository.error} /> : null}
      {repository.data === undefined || repository.isPending ? (
        <p className="dim">
          Policies are taken as safetensors or as a GGUF file, never as pickles, which can run programs. For private and
          gated repositories Assay reads the token that is there already: HF_TOKEN, or what <code>hf auth login</code>{' '}
          wrote. It keeps none.
        </p>
      ) : (
        // Another listing is another choice.
        <Choose key={repository.submittedAt} repository={repository.data} onDownload={onDownload} />
      )}
    </div>
  );
}

interface ChooseProps {
  readonly repository: Repository;
  readonly onDownload: (request: DownloadRequest) => void;
}

function Choose({ repository, onDownload }: ChooseProps) {
  const { choices, kind, commit, gated, freeBytes } = repository;
  const [chosen, setChosen] = useState<readonly RepositoryChoice[]>(() => {
    const first = firstChoice(repository);
    return first === undefined ? [] : [first];
  });
  const several = kind === 'dataset';
  const bytes = chosen.reduce((sum, choice) => sum + choice.bytes, 0);
  const toggle = (choice: RepositoryChoice) =>
    setChosen((before) => {
      if (!several) return [choice];
      return before.includes(choice) ? before.filter((each) => each !== choice) : [...before, choice];
    });
  if (choices.length === 0)
    return (
      <p className="dim">
        {kind === 'model'
          ? 'There is nothing here that a run can start from: no config.json with safetensors, and no GGUF file.'
          : 'There are no problems here that Assay can read: no .jsonl, .json or .parquet file.'}
      </p>
    );
  return (
    <>
      <p className="dim">
        Commit <span className="mono">{commit.slice(0, 12)}</span> is pinned
        {gated ? '; its owner lets in only those who agreed to conditions' : ''}.
      </p>
      <fieldset className={`${css.choices} scroll`}>
        <legend>{several ? 'Files' : 'What to download'}</legend>
        {choices.map((choice) => (
          <label key={`${choice.kind} ${choice.path}`} className={css.choice} data-refused={choice.refusal !== null}>
            <input
              type={several ? 'checkbox' : 'radio'}
              name="choice"
              checked={chosen.includes(choice)}
              disabled={choice.refusal !== null}
              onChange={() => toggle(choice)}
            />
            <span className={css.title}>
              <span>{choice.title}</span>
              {choice.refusal === null ? null : <span className={css.refusal}>{choice.refusal}</span>}
              {choice.refusal === null && choice.kind === 'folder' ? (
                <span className="faint">{formatCount(choice.files.length)} files</span>
              ) : null}
            </span>
            <span className={css.size}>{formatBytes(choice.bytes)}</span>
          </label>
        ))}
      </fieldset>
      <div className={css.end}>
        <span className={bytes > freeBytes ? css.refusal : 'faint'}>
          {formatBytes(freeBytes)} free on the disk of the data folder
        </span>
        <Button
          disabled={chosen.length === 0 || bytes > freeBytes}
          onClick={() => onDownload(requestOf(repository, chosen))}
        >
          Download {chosen.length === 0 ? '' : formatBytes(bytes)}
        </Button>
      </div>
    </>
  );
}
