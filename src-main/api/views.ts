/** Calls that keep what people want to come back to. */
import type { viewCalls as described } from '../../src-shared/views.ts';
import type { ApiContext, Bodies } from './context.ts';

export function viewCalls({ store }: ApiContext): Bodies<keyof typeof described> {
  return {
    views: ({ kind }) => store.views.ofKind(kind),
    saveView: (view) => store.views.save(view),
    deleteView: ({ id }) => {
      store.views.delete(id);
      return {};
    },
  };
}
