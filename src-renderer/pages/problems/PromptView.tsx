/** The prompt as a policy would get it: the policy and how it is asked are options of a run, and made by the same code. */
import { useDebouncedValue, useLocalStorage } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { z } from 'zod';
import { AssayError } from '../../../src-shared/errors.ts';
import { formatCount } from '../../../src-shared/format.ts';
import type { Split } from '../../../src-shared/problem.ts';
import { CopyButton } from '../../components/CopyButton.tsx';
import { ErrorView } from '../../components/ErrorView.tsx';
import { useApi } from '../../data/api-context.tsx';
import { useCatalogue } from '../../data/queries.ts';
import { catalogueOf, type ProblemSet } from '../../lib/problems/view.ts';
import { edit, type FormState, fieldStates } from '../../lib/run-form.ts';
import { OptionField } from '../new-run/OptionField.tsx';
import css from './ProblemPane.module.css';

const ASK_AFTER_MS = 300;
const ASKED = ['source', 'prompt', 'thinking'] as const;
const editsSchema = z.record(z.string(), z.union([z.string(), z.boolean()]));
type Edits = FormState['edits'];

interface PromptViewProps {
  readonly set: ProblemSet;
  readonly split: Split;
  readonly id: string;
}

export function PromptView({ set, split, id }: PromptViewProps) {
  const api = useApi();
  const known = useCatalogue().data;
  const catalogue = useMemo(() => (known === undefined ? null : catalogueOf(known, 'policy', ASKED)), [known]);
  const [edits, setEdits] = useLocalStorage<Edits>({
    key: 'assay-prompt-policy',
    defaultValue: {},
    deserialize: readEdits,
    getInitialValueInEffect: false,
  });
  const state = useMemo((): FormState => ({ name: '', preset: null, edits }), [edits]);
  const fields = useMemo(() => (catalogue === null ? [] : fieldStates(catalogue, state)), [catalogue, state]);
  const asked = JSON.stringify(
    Object.fromEntries(fields.map(({ path, value }) => [path.slice('policy.'.length), value])),
  );
  const [settled] = useDebouncedValue(asked, ASK_AFTER_MS);
  const prompt = useQuery({
    queryKey: ['problem-prompt', set, split, id, settled],
    queryFn: () => api.problemPrompt({ ...set, split, id, ...JSON.parse(settled) }),
    enabled: fields.length > 0 && settled === asked && fields.every(({ fault }) => fault === null),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    retry: false,
  });
  if (catalogue === null) return null;
  const fault = prompt.error instanceof AssayError ? prompt.error : null;
  return (
    <>
      <div className={css.fields}>
        {fields.map((field) => (
          <OptionField
            key={field.path}
            catalogue={catalogue}
            preset={undefined}
            warnings={[]}
            field={fault?.path === field.path && field.fault === null ? { ...field, fault: fault.message } : field}
            onChange={(path, value) => setEdits(edit(catalogue, state, path, value).edits)}
            onReset={(path) => setEdits(Object.fromEntries(Object.entries(edits).filter(([own]) => own !== path)))}
          />
        ))}
      </div>
      {prompt.error !== null ? (
        fault?.path === undefined ? (
          <ErrorView error={prompt.error} />
        ) : null
      ) : prompt.data === undefined ? (
        <p className="faint">Making the prompt…</p>
      ) : (
        <section aria-label="Prompt">
          <div className={css.solution}>
            <h3 className="section-title">
              {formatCount(prompt.data.tokens)} tokens{' '}
              <span className="faint">of {formatCount(prompt.data.context)}, the response among them</span>
            </h3>
            <CopyButton text={() => prompt.data.text} label="Copy the prompt" />
          </div>
          <pre className={css.prompt}>{prompt.data.text}</pre>
        </section>
      )}
    </>
  );
}

/** What cannot be read is nothing that was kept. */
function readEdits(text: string | undefined): Edits {
  try {
    return editsSchema.parse(JSON.parse(text ?? '{}'));
  } catch {
    return {}; // Not JSON, or of another shape: some other program's.
  }
}
