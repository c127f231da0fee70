/** The form's state, kept in this browser until it is launched or discarded. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { DRAFTS_KEY, type Draft, isSameDraft, readDrafts, withDraft } from '../../lib/new-run/draft.ts';

export interface DraftState {
  readonly draft: Draft;
  readonly set: (update: (before: Draft) => Draft) => void;
  /** It was found as it is now, and is not what the form starts with. */
  readonly restored: boolean;
  /** Keep what there is: "draft restored" is no longer said. */
  readonly accept: () => void;
  /** It was launched: nothing is left to keep. */
  readonly clear: () => void;
}

/**
 * @param start Names where the form starts from: each has its own draft.
 * @param fresh The form as it starts.
 * @param fits Whether a kept draft can still be shown.
 */
export function useDraft(start: string, fresh: Draft, fits: (draft: Draft) => boolean): DraftState {
  const [first] = useState(() => {
    const kept = readDrafts(localStorage.getItem(DRAFTS_KEY))[start];
    return kept !== undefined && fits(kept) && !isSameDraft(kept, fresh) ? kept : null;
  });
  const [draft, set] = useState(first ?? fresh);
  const [restored, setRestored] = useState(first !== null);
  const begin = useRef(fresh);

  const keep = useCallback(
    (what: Draft | null) => {
      const drafts = readDrafts(localStorage.getItem(DRAFTS_KEY));
      if (what === null && drafts[start] === undefined) return;
      localStorage.setItem(DRAFTS_KEY, JSON.stringify(withDraft(drafts, start, what)));
    },
    [start],
  );
  useEffect(() => keep(isSameDraft(draft, begin.current) ? null : draft), [draft, keep]);

  return {
    draft,
    set,
    restored,
    accept: useCallback(() => setRestored(false), []),
    clear: useCallback(() => {
      // What is still in the form is, from here on, what it starts with.
      begin.current = draft;
      setRestored(false);
      keep(null);
    }, [draft, keep]),
  };
}
