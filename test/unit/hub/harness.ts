/** A repository on a hub of the loopback, and downloading from it with short waits. */
import { expect, onTestFinished } from 'vitest';
import { type Surroundings, download as start, type Wish } from '../../../src-main/hub/download.ts';
import { Hub } from '../../../src-main/hub/hub.ts';
import { parseRepo } from '../../../src-main/hub/repository.ts';
import { COMMIT } from '../../fixtures/hub/policies.ts';
import { type FakeHub, type ServedFile, type ServedRepo, startHub } from '../../fixtures/hub/server.ts';

export const NAME = 'owner/small';

export async function hubWith(files: Record<string, ServedFile>, more: Partial<ServedRepo> = {}): Promise<FakeHub> {
  const hub = await startHub({ [NAME]: { commit: COMMIT, files, ...more } });
  onTestFinished(() => hub.close());
  return hub;
}

export const hubOf = ({ url }: FakeHub, environment: Record<string, string> = {}, patienceMs = 10_000) =>
  new Hub({ environment: { HF_ENDPOINT: url, HF_HOME: '/nowhere', ...environment }, patienceMs });

export function download(
  hub: FakeHub,
  home: string,
  wish: Partial<Wish> & { of?: string } = {},
  more: Partial<Surroundings> = {},
) {
  const repo = parseRepo(wish.of ?? NAME);
  return start(
    { folder: null, files: null, ...wish, repo },
    {
      ...{ home, hub: hubOf(hub), signal: new AbortController().signal, onProgress: () => undefined },
      ...{ waitsMs: [0, 0, 0], ...more },
    },
  );
}

export const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('it did not fail'),
    (error: unknown) => error as Error & { code: string; hint?: string },
  );
export const requestsOf = (hub: FakeHub, file: string) => hub.requests.filter(({ path }) => path.endsWith(`/${file}`));
