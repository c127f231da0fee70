/** The form of a new run: presets, options or YAML, several runs, what it amounts to, and the launch. */
import { useHotkeys } from '@mantine/hooks';
import { useNavigate, useRouter } from '@tanstack/react-router';
import { useCallback, useMemo, useState } from 'react';
import type { Catalogue } from '../../../src-shared/api.ts';
import { AssayError } from '../../../src-shared/errors.ts';
import { notifyDone, notifyFailure } from '../../components/ErrorView.tsx';
import { useUndo } from '../../components/use-undo.tsx';
import type { Draft } from '../../lib/new-run/draft.ts';
import { asLaunched, type OwnPreset, ownPresetOf, withOwnPresets } from '../../lib/new-run/own-presets.ts';
import { planOf } from '../../lib/new-run/plan.ts';
import { changedValues, costOf, type FormState, fieldStates } from '../../lib/run-form.ts';
import { ConfirmLaunch } from './ConfirmLaunch.tsx';
import { DraftNote } from './DraftNote.tsx';
import { FormTools, type Look } from './FormTools.tsx';
import { LaunchBar } from './LaunchBar.tsx';
import { compareHref, LaunchedRuns } from './LaunchedRuns.tsx';
import css from './NewRunForm.module.css';
import { inputId } from './OptionField.tsx';
import { OptionGroups, useOpenGroups } from './OptionGroups.tsx';
import { OwnPresetActions, SavePreset } from './OwnPresets.tsx';
import { Presets } from './Presets.tsx';
import { SeveralRuns } from './SeveralRuns.tsx';
import { SidePanel } from './SidePanel.tsx';
import { useFaults, useWarnings } from './use-checks.ts';
import { useDraft } from './use-draft.ts';
import { useEdits } from './use-edits.ts';
import { type Launched, useLaunch } from './use-launch.ts';
import { useYaml } from './use-yaml.ts';
import { YamlView } from './YamlView.tsx';

interface NewRunFormProps {
  /** As the app knows it. */
  readonly known: Catalogue;
  readonly own: readonly OwnPreset[];
  /** Names where the form starts from. */
  readonly start: string;
  readonly fresh: Draft;
}

export function NewRunForm({ known, own, start, fresh }: NewRunFormProps) {
  const navigate = useNavigate();
  const router = useRouter();
  const offerUndo = useUndo();
  const catalogue = useMemo(() => withOwnPresets(known, own), [known, own]);
  const drafts = useDraft(
    start,
    fresh,
    ({ preset }) => preset === null || catalogue.presets.some(({ id }) => id === preset),
  );
  const { draft, set } = drafts;
  const edits = useEdits(catalogue, own, set);
  const groups = useOpenGroups(catalogue, draft.edits['policy.source'] === undefined ? [] : ['policy']);
  const [look, setLook] = useState<Look>('form');
  const [query, setQuery] = useState('');
  const [launchedIds, setLaunchedIds] = useState<readonly string[]>([]);

  const { name, edits: edited } = draft;
  const form: FormState = useMemo(() => ({ name, preset: draft.preset, edits: edited }), [name, draft.preset, edited]);
  const preset = catalogue.presets.find(({ id }) => id === form.preset);
  const title = preset?.title ?? 'Untitled run';
  const fields = useMemo(() => fieldStates(catalogue, form), [catalogue, form]);
  const launched = useMemo(() => asLaunched(catalogue, own, form, fields), [catalogue, own, form, fields]);
  const plan = useMemo(
    () => planOf(launched.fields, name.trim() || title, draft.several),
    [launched, name, title, draft.several],
  );
  const sound = fields.every((field) => field.fault === null);
  const values = useMemo(() => changedValues(launched.fields), [launched]);
  const faults = useFaults(launched.state.preset, values, sound);
  const shown = useMemo(
    () => fields.map((field) => (field.fault === null ? { ...field, fault: faults.get(field.path) ?? null } : field)),
    [fields, faults],
  );
  const warnings = useWarnings(fields, plan);
  const yaml = useYaml(known, form, launched, (run) => {
    const next = edits.fromText(form, run);
    edits.replace(next);
    return next;
  });

  const faulty = shown.filter((field) => field.fault !== null);
  const others = [
    ...[...faults].filter(([path]) => !fields.some((field) => field.path === path)).map(([, message]) => message),
    ...plan.faults.map(({ message }) => `Several runs: ${message}`),
    ...(look === 'yaml' && yaml.faults.length > 0 ? ['The YAML has errors.'] : []),
  ];
  const evaluates = fields.find(({ path }) => path === 'limits.steps')?.value === 0;

  const { reveal } = groups;
  const show = useCallback(
    (path: string) => {
      setLook('form');
      setQuery('');
      reveal(path);
      // After the group has opened.
      setTimeout(() => {
        const input = document.getElementById(inputId(path));
        input?.focus();
        input?.scrollIntoView({ block: 'center' });
      });
    },
    [reveal],
  );

  const onLaunched = ({ runIds, queue, error, compare }: Launched) => {
    drafts.clear();
    if (error !== null) notifyFailure('Launch', error);
    else if (compare) return router.history.push(compareHref(runIds));
    else if (runIds[0] !== undefined && runIds.length === 1) {
      const place = queue.indexOf(runIds[0]);
      if (place >= 0) notifyDone(`Queued: ${place === 0 ? 'next to start' : `${place + 1} in the queue`}`);
      return void navigate({ to: '/runs/$runId', params: { runId: runIds[0] } });
    }
    setLaunchedIds(runIds);
  };
  const launch = useLaunch({
    onLaunched,
    onRefused: (error) => {
      if (error instanceof AssayError && fields.some(({ path }) => path === error.path)) show(error.path ?? '');
      notifyFailure('Launch', error);
    },
  });
  const submit = (compare: boolean) => {
    if (launch.pending || launch.asked !== null) return;
    if (faulty[0] !== undefined) show(faulty[0].path);
    else if (others.length === 0)
      launch.launch({ preset: launched.state.preset, runs: plan.runs, tags: draft.tags, compare });
  };
  useHotkeys([['mod+Enter', () => submit(false)]], []);

  /** What is thrown away can be had again. */
  const withUndo = (message: string, change: () => void) => {
    const before = draft;
    change();
    offerUndo(message, async () => set(() => before));
  };
  const chosenOwn = own.find(({ id }) => id === form.preset);
  return (
    <form
      className={css.page}
      onSubmit={(event) => {
        event.preventDefault();
        submit(false);
      }}
    >
      <Presets
        presets={catalogue.presets}
        chosen={form.preset}
        onChoose={edits.choose}
        own={
          chosenOwn === undefined ? null : (
            // What it gave stays in the form, as differences from the preset beneath.
            <OwnPresetActions preset={chosenOwn} onDeleted={() => edits.replace({ ...launched.state, name })} />
          )
        }
      >
        <SavePreset
          own={own}
          disabled={faulty.length > 0}
          present={(note) => ownPresetOf(launched, note)}
          onSaved={(viewId) => set((before) => ({ ...before, preset: `own:${viewId}`, edits: {} }))}
        />
      </Presets>
      <div className={css.middle}>
        <FormTools
          evaluates={evaluates}
          onEvaluates={edits.evaluate}
          look={look}
          onLook={setLook}
          query={query}
          onQuery={setQuery}
          advanced={groups.advanced}
          onAdvanced={groups.setAdvanced}
        />
        {drafts.restored ? (
          <DraftNote
            onKeep={drafts.accept}
            onDiscard={() => {
              drafts.accept();
              withUndo('Discarded the draft', () => set(() => fresh));
            }}
          />
        ) : null}
        <div className={`${css.form} scroll`}>
          {look === 'yaml' ? (
            <YamlView yaml={yaml} name={name.trim() || title} />
          ) : (
            <>
              <OptionGroups
                catalogue={catalogue}
                preset={preset}
                fields={shown}
                warnings={warnings}
                query={query}
                evaluates={evaluates}
                groups={groups}
                onChange={edits.change}
                onReset={edits.reset}
              />
              {query.trim() === '' ? (
                <SeveralRuns
                  several={draft.several}
                  plan={plan}
                  preset={launched.state.preset}
                  fields={fields}
                  onChange={(several) =>
                    set((before) => ({ ...before, several: { ...several, axes: [...several.axes] } }))
                  }
                />
              ) : null}
            </>
          )}
        </div>
      </div>
      <SidePanel
        name={name}
        title={title}
        tags={draft.tags}
        from={preset?.title}
        fields={shown}
        launched={launched}
        warnings={warnings}
        cost={costOf(fields)}
        onName={(next) => set((before) => ({ ...before, name: next }))}
        onTags={(tags) => set((before) => ({ ...before, tags }))}
        onShow={show}
        onReset={edits.reset}
        onResetAll={() => withUndo('Reset all options', edits.resetAll)}
      >
        {launchedIds.length === 0 ? null : <LaunchedRuns runIds={launchedIds} onClose={() => setLaunchedIds([])} />}
        <LaunchBar
          runs={plan.runs.length}
          faulty={faulty}
          others={others}
          launching={launch.pending}
          onShow={show}
          onCompare={() => submit(true)}
        />
      </SidePanel>
      <ConfirmLaunch asked={launch.asked} pending={launch.pending} onAgree={launch.agree} onDecline={launch.decline} />
    </form>
  );
}
