/** What the app says of models, one hook a call, and what can be done with them. Downloads are kept fresh by live.ts. */
import { skipToken, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { formatBytes } from '../../../src-shared/format.ts';
import type { Download, DownloadRequest, Model } from '../../../src-shared/models.ts';
import { notifyDone, notifyFailure } from '../../components/ErrorView.tsx';
import { useUndo } from '../../components/use-undo.tsx';
import { useApi } from '../../data/api-context.tsx';
import { keys, useModels } from '../../data/queries.ts';

export { useModels };

/** A folder or file that is in no list; undefined where none is to be looked at. */
export function useCheckedModel(path: string | undefined) {
  const api = useApi();
  return useQuery({
    queryKey: [...keys.models, 'checked', path],
    queryFn: path === undefined ? skipToken : () => api.checkModel({ path }),
    staleTime: 0,
  });
}

/** What runs of it take; nothing is asked for one that cannot be used. */
export function useModelMemory({ source, refusal, bytes }: Model) {
  const api = useApi();
  return useQuery({
    queryKey: ['model-memory', source, bytes],
    queryFn: refusal === null ? () => api.modelMemory({ source }) : skipToken,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function useRepository() {
  const api = useApi();
  return useMutation({ mutationFn: (repo: string) => api.repository({ repo }) });
}

export function useModelActions() {
  const api = useApi();
  const queries = useQueryClient();
  const undoable = useUndo();
  const again = () => queries.invalidateQueries({ queryKey: keys.models });
  const fetchModel = useMutation({
    mutationFn: (request: DownloadRequest) => api.fetchModel(request),
    onSuccess: again,
    onError: (error) => notifyFailure('Download', error),
  });
  const goOn = ({ repo, revision, folder, files }: Download) =>
    fetchModel.mutate({
      ...{ repo, revision },
      ...(folder === null ? {} : { folder }),
      ...(files === null ? {} : { files }),
    });
  const stop = useMutation({
    mutationFn: ({ id }: Download) => api.cancelFetch({ id }),
    onSuccess: again,
    onError: (error) => notifyFailure('Stop', error),
  });
  const discard = useMutation({
    mutationFn: ({ id }: Download) => api.cancelFetch({ id, discard: true }),
    onSuccess: (_, { repo }) => {
      notifyDone(`Discarded what there was of ${repo}`);
      return again();
    },
    onError: (error) => notifyFailure('Discard', error),
  });
  const dismiss = useMutation({
    mutationFn: ({ id }: Download) => api.cancelFetch({ id, discard: true }),
    onSuccess: again,
    onError: (error) => notifyFailure('Dismiss', error),
  });
  const remove = useMutation({
    mutationFn: ({ source }: Model) => api.removeModel({ source }),
    onSuccess: ({ undo, bytes }, { name }) => {
      undoable(`Removed ${name}, ${formatBytes(bytes)}: for good in a minute`, async () => {
        await api.restoreModel({ undo });
        await again();
      });
      return again();
    },
    onError: (error) => notifyFailure('Remove', error),
  });
  return { fetchModel, goOn, stop, discard, dismiss, remove };
}
