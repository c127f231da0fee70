// Whether a host can be asked at all, found out within seconds. Behind a proxy names are the proxy's business.
import { lookup } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOKUP_TIMEOUT_MS = 3_000;

/** @param {string} url of what is to be fetched. @returns {Promise<boolean>} */
export async function isReachable(url) {
  if (process.env.HTTPS_PROXY ?? process.env.https_proxy) return true;
  const answer = lookup(new URL(url).hostname).then(
    () => true,
    () => false,
  );
  return Promise.race([answer, sleep(LOOKUP_TIMEOUT_MS, false, { ref: false })]);
}
