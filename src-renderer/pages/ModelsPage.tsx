/** The policies that runs can start from: those that are here, what each takes, and downloading more from a hub. */
import { Button, Skeleton, TextInput } from '@mantine/core';
import { IconDownload, IconFolder } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type SyntheticEvent, useEffect, useState } from 'react';
import type { Model } from '../../src-shared/models.ts';
import { ErrorView } from '../components/ErrorView.tsx';
import { useIsHere } from '../components/use-is-here.ts';
import { useListKeys } from '../components/use-list-keys.ts';
import { type ModelsSearch, openDownloads } from '../lib/models/view.ts';
import css from './ModelsPage.module.css';
import { DownloadDialog } from './models/DownloadDialog.tsx';
import { DownloadList } from './models/DownloadList.tsx';
import { ModelPanel } from './models/ModelPanel.tsx';
import { ModelTable } from './models/ModelTable.tsx';
import { useCheckedModel, useModelActions, useModels } from './models/use-models.ts';

export function ModelsPage() {
  const { model: source, get } = useSearch({ from: '/models' });
  const navigate = useNavigate();
  const isHere = useIsHere();
  const models = useModels();
  const actions = useModelActions();
  const known = models.data?.models;
  const isKnown = source === undefined || known === undefined || known.some((model) => model.source === source);
  const checked = useCheckedModel(isKnown ? undefined : source);
  const listed: readonly Model[] = [
    ...(known ?? []),
    ...(!isKnown && checked.data !== undefined ? [checked.data] : []),
  ];
  const chosen =
    source === undefined ? listed[0] : listed.find((model) => model.source === (checked.data?.source ?? source));
  const change = (search: ModelsSearch) => {
    if (isHere()) void navigate({ to: '/models', search, replace: true });
  };
  const choose = (next: string) => change({ model: next });
  useListKeys({
    count: listed.length,
    active: chosen === undefined ? -1 : listed.indexOf(chosen),
    onMove: (index) => {
      const next = listed[index];
      if (next !== undefined) choose(next.source);
    },
    onOpen: () => {
      if (chosen?.refusal === null) void navigate({ to: '/new-run', search: { policy: chosen.source } });
    },
  });
  if (models.isError && models.data === undefined)
    return <ErrorView error={models.error} onRetry={() => void models.refetch()} />;
  if (models.data === undefined)
    return (
      <div className={css.loading} role="status" aria-label="Looking at the models">
        <Skeleton height={24} width={320} animate={false} />
        <Skeleton height={240} animate={false} />
      </div>
    );
  const { downloads, folder } = models.data;
  const here = source === undefined ? {} : { model: source };
  return (
    <div className={css.page}>
      <div className={css.tools}>
        <OpenPath path={isKnown ? '' : (source ?? '')} busy={checked.isFetching} onOpen={choose} />
        <Button
          className={css.right}
          leftSection={<IconDownload size={14} />}
          onClick={() => change({ ...here, get: '' })}
        >
          Download
        </Button>
      </div>
      <DownloadList
        downloads={openDownloads(downloads)}
        onStop={(download) => actions.stop.mutate(download)}
        onGoOn={actions.goOn}
        onDiscard={(download) => actions.discard.mutate(download)}
        onDismiss={(download) => actions.dismiss.mutate(download)}
      />
      <div className={css.split}>
        <div className={`${css.main} scroll`}>
          {checked.isError ? <ErrorView error={checked.error} /> : null}
          <ModelTable models={listed} chosen={chosen?.source} onChoose={choose} />
          {listed.some(({ kind }) => kind === 'downloaded' || kind === 'used') ? null : <Teach folder={folder} />}
        </div>
        {chosen === undefined ? null : (
          <ModelPanel
            key={chosen.source}
            model={chosen}
            onRemove={(model) => {
              actions.remove.mutate(model);
              change({});
            }}
          />
        )}
      </div>
      <DownloadDialog
        opened={get !== undefined}
        repo={get ?? ''}
        onClose={() => change(here)}
        onDownload={(request) => actions.fetchModel.mutate(request)}
      />
    </div>
  );
}

interface OpenPathProps {
  readonly path: string;
  readonly busy: boolean;
  readonly onOpen: (path: string) => void;
}

function OpenPath({ path, busy, onOpen }: OpenPathProps) {
  const [text, setText] = useState(path);
  useEffect(() => setText(path), [path]);
  const open = (event: SyntheticEvent) => {
    event.preventDefault();
    if (text.trim() !== '') onOpen(text.trim());
  };
  return (
    <form className={css.open} onSubmit={open}>
      <TextInput
        className={css.path}
        aria-label="Folder or GGUF file"
        placeholder="Open a folder with config.json and safetensors, or a .gguf file"
        leftSection={<IconFolder size={14} />}
        value={text}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Button type="submit" variant="default" loading={busy} disabled={text.trim() === ''}>
        Check
      </Button>
    </form>
  );
}

function Teach({ folder }: { readonly folder: string }) {
  return (
    <div className={css.teach}>
      <h2>Bring a policy of your own</h2>
      <p className="dim">
        Runs start from the embedded policy, or from any Llama, Mistral, Qwen2 or Qwen3 decoder: a folder as Hugging
        Face publishes it (config.json, safetensors, tokenizer.json), or a GGUF file. Open one that is on this machine,
        or download one, for example HuggingFaceTB/SmolLM2-135M-Instruct. Downloads come to{' '}
        <span className="mono">{folder}</span>, checked byte by byte, and go on where they were cut.
      </p>
      <p className="dim">
        Here each shows what it is, whether anything refuses it, and the memory that training it would take of this
        machine before a run is launched.
      </p>
    </div>
  );
}
