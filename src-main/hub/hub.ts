/**
 * One hub: its address (HF_ENDPOINT), the user's token, and requests whose failures say what to do. The token is read when
 * a request is made, goes to the hub alone (never along a redirect elsewhere), and is neither kept nor shown.
 */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { AssayError } from '../../src-shared/errors.ts';

const PUBLIC_HUB = 'https://huggingface.co';
const MOST_REDIRECTS = 10;
/** A page of a listing is a few hundred kilobytes. */
const MOST_JSON_BYTES = 64 << 20;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

type Environment = Readonly<Record<string, string | undefined>>;

export interface HubOptions {
  readonly environment?: Environment;
  /** How long a server may be silent. */
  readonly patienceMs?: number;
}

/** A failure that may pass: worth another try. */
export class PassingError extends AssayError {
  /** What the server asks to wait. */
  readonly waitMs: number | null;

  constructor(message: string, hint: string, waitMs: number | null = null, cause?: unknown) {
    super('network', message, { hint, cause });
    this.waitMs = waitMs;
  }
}

export class Hub {
  readonly endpoint: string;
  readonly patienceMs: number;
  readonly #environment: Environment;

  /** @throws AssayError `usage` for an address that is none. */
  constructor({ environment = process.env, patienceMs = 30_000 }: HubOptions = {}) {
    this.#environment = environment;
    this.patienceMs = patienceMs;
    const given = environment.HF_ENDPOINT?.trim() || PUBLIC_HUB;
    const url = URL.canParse(given) ? new URL(given) : null;
    if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '')
      throw new AssayError('usage', `HF_ENDPOINT ${JSON.stringify(given)}: not the address of a hub, as ${PUBLIC_HUB}`);
    this.endpoint = url.href.replace(/\/+$/, '');
  }

  /**
   * GET, along redirects; whatever is not a success is an error.
   * @param what The thing that is asked for, named in errors.
   * @throws AssayError; a `PassingError` where another try may do.
   */
  async get(url: string, what: string, headers: HeadersInit = {}, signal?: AbortSignal): Promise<Response> {
    if (this.#environment.HF_HUB_OFFLINE === '1')
      throw new AssayError('network', `${what}: HF_HUB_OFFLINE is 1, so nothing is downloaded`, {
        hint: 'Unset HF_HUB_OFFLINE, or open a folder that is there already.',
      });
    const token = await this.#token();
    let at = new URL(url);
    for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
      const own = new Headers(headers);
      if (token !== null && this.#mayKnow(at)) own.set('authorization', `Bearer ${token.text}`);
      const response = await this.#once(at, what, own, signal);
      const location = response.headers.get('location');
      if (!REDIRECTS.has(response.status) || location === null) {
        if (response.ok || response.status === 416) return response;
        await response.body?.cancel();
        throw refusal(response, what, at.host, token?.from ?? null, this.endpoint);
      }
      await response.body?.cancel();
      const next = URL.canParse(location, at) ? new URL(location, at) : null;
      if (next === null || !/^https?:$/.test(next.protocol) || (at.protocol === 'https:' && next.protocol === 'http:'))
        throw new AssayError('network', `${what}: ${at.host} redirects to an address that is not safe to follow`);
      at = next;
    }
    throw new AssayError('network', `${what}: ${at.host} redirects more than ${MOST_REDIRECTS} times`);
  }

  /** `fetch` for the hub's library: the same, for answers of bounded size. */
  fetching(what: string, signal?: AbortSignal): typeof fetch {
    return async (input, init) => {
      const url = input instanceof Request ? input.url : String(input);
      const limit = AbortSignal.any([AbortSignal.timeout(this.patienceMs), ...(signal ? [signal] : [])]);
      const response = await this.get(url, what, { ...Object.fromEntries(new Headers(init?.headers)) }, limit);
      const chunks: Uint8Array[] = [];
      let bytes = 0;
      try {
        for await (const chunk of response.body ?? []) {
          bytes += chunk.length;
          if (bytes > MOST_JSON_BYTES) throw new AssayError('corrupt', `${what}: the hub's answer has no end`);
          chunks.push(chunk);
        }
      } catch (error) {
        throw error instanceof AssayError ? error : this.#unreachable(what, new URL(url).host, error, signal);
      }
      return new Response(Buffer.concat(chunks), { status: response.status, headers: response.headers });
    };
  }

  async #once(url: URL, what: string, headers: Headers, signal: AbortSignal | undefined): Promise<Response> {
    try {
      return await fetch(url, { headers, redirect: 'manual', ...(signal ? { signal } : {}) });
    } catch (error) {
      throw this.#unreachable(what, url.host, error, signal);
    }
  }

  #unreachable(what: string, host: string, error: unknown, signal: AbortSignal | undefined): unknown {
    // Whoever stops it knows why; what ran out of time was not stopped.
    if (signal?.aborted && (signal.reason as Error | undefined)?.name !== 'TimeoutError') return signal.reason;
    const { code, name } = ((error as Error).cause ?? error) as { code?: string; name?: string };
    const silent = name === 'TimeoutError' || (error as Error).name === 'TimeoutError';
    return new PassingError(
      `${what}: ${host} ${silent ? `says nothing for ${this.patienceMs / 1000} s` : `cannot be reached (${code ?? 'no connection'})`}`,
      'Check the connection. Behind a proxy set HTTPS_PROXY and NODE_USE_ENV_PROXY=1; a mirror goes into HF_ENDPOINT.',
      null,
      error,
    );
  }

  /** Only the hub itself, and never in the clear over a network. */
  #mayKnow(url: URL): boolean {
    const isHere = url.hostname === 'localhost' || /^127\.|^\[::1\]$/.test(url.hostname);
    return url.origin === new URL(this.endpoint).origin && (url.protocol === 'https:' || isHere);
  }

  /** As the hub's own tools find it. */
  async #token(): Promise<{ readonly text: string; readonly from: string } | null> {
    const { HF_TOKEN, HF_TOKEN_PATH, HF_HOME, XDG_CACHE_HOME } = this.#environment;
    const cache = HF_HOME ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'huggingface');
    const path = HF_TOKEN_PATH ?? join(cache, 'token');
    const [text, from] = HF_TOKEN?.trim()
      ? [HF_TOKEN.trim(), 'HF_TOKEN']
      : [(await readFile(path, 'utf8').catch(() => '')).trim(), path];
    if (text === '') return null;
    if (!/^[\x21-\x7e]{1,1000}$/.test(text))
      throw new AssayError('usage', `The token of ${from} has characters that no token has`);
    return { text, from };
  }
}

/** What an answer that is no success means, and what to do. */
function refusal(
  response: Response,
  what: string,
  host: string,
  tokenFrom: string | null,
  endpoint: string,
): AssayError {
  const { status, headers } = response;
  const code = headers.get('x-error-code');
  const [repo = what] = what.split(':');
  const page = `${endpoint}/${repo.split('@')[0]}`;
  if (code === 'GatedRepo' || (status === 403 && code === null))
    return new AssayError('usage', `${what}: is gated: its owner lets in only those who agreed to its conditions`, {
      hint:
        tokenFrom === null
          ? `Open ${page} and agree, then set HF_TOKEN to a token of that account.`
          : `Open ${page} and agree, with the account that the token of ${tokenFrom} is of.`,
    });
  if (status === 401 || status === 403)
    return tokenFrom === null
      ? new AssayError('not-found', `${what}: the hub shows no such repository; it may be private`, {
          hint: 'Check owner and name. For a private repository set HF_TOKEN to a token of an account that may read it.',
        })
      : new AssayError('usage', `${what}: the hub refuses the token of ${tokenFrom}, or it may not read this`, {
          hint: 'Make a new token with read access in the settings of the hub.',
        });
  if (status === 404 || status === 410)
    return new AssayError(
      'not-found',
      code === 'RevisionNotFound'
        ? `${what}: has no such revision`
        : code === 'EntryNotFound'
          ? `${what}: has no such file`
          : `${what}: there is no such repository on ${host}`,
      { hint: 'Check owner, name and revision.' },
    );
  if (status === 451) return new AssayError('not-found', `${what}: was taken down`);
  if (status === 429 || status >= 500) {
    const seconds = Number(headers.get('retry-after') ?? Number.NaN);
    return new PassingError(
      status === 429 ? `${what}: ${host} asks for fewer requests (429)` : `${what}: ${host} fails (${status})`,
      status === 429
        ? 'Wait a few minutes and go on; with a token in HF_TOKEN the hub allows more.'
        : 'Wait a few minutes and go on.',
      Number.isFinite(seconds) ? Math.min(60, Math.max(0, seconds)) * 1000 : null,
    );
  }
  return new AssayError('network', `${what}: ${host} answers ${status}`);
}
