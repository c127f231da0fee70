/** Asking the process that owns the data folder to pause, resume or stop a run, through the store that both see. */
import { setTimeout as delay } from 'node:timers/promises';
import { AssayError, fromErrorData } from '../../src-shared/errors.ts';
import { isOwned } from '../store/lock.ts';
import type { RunRequest } from '../store/requests.ts';
import { openStore } from '../store/store.ts';

const POLL_MS = 50;
const ANSWER_MS = 10_000;

/**
 * Resolves when the owner has accepted the request.
 * @throws AssayError `conflict` when no process owns the folder, `locked` when the owner does not answer, or its answer.
 */
export async function askOwner(home: string, request: Omit<RunRequest, 'id'>): Promise<void> {
  if (!isOwned(home))
    throw new AssayError('conflict', `No Assay runs with data folder ${home}, so no run of it is live`, {
      hint: 'Start Assay with this folder.',
    });
  const store = openStore(home, 'guest');
  try {
    const id = store.requests.insert(request);
    try {
      for (let waited = 0; waited < ANSWER_MS; waited += POLL_MS) {
        await delay(POLL_MS);
        const answer = store.requests.answerOf(id);
        if (answer === null) continue;
        if (answer.error !== null) throw fromErrorData(answer.error);
        return;
      }
    } finally {
      store.requests.delete(id);
    }
  } finally {
    store.close();
  }
  throw new AssayError('locked', `The Assay that owns ${home} did not answer within ${ANSWER_MS / 1000} s`);
}
