/**
 * The built window as files, and the headers that fence it in. Both shells serve it through here: http.ts on the
 * loopback, desktop.ts under its own scheme.
 */
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

export interface Asset {
  readonly body: Uint8Array<ArrayBuffer>;
  /** Beside the security headers. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Files of this folder have their hash in their name: a browser may keep them, and what it compiled of them. */
const HASHED = '/assets/';

/**
 * The file that a page address stands for: a built file, or index.html for the address of a page (`/runs/abc`).
 * @param folder out/renderer
 * @param pathname of the URL, still percent-encoded
 * @returns null for a missing file, a malformed address and any way out of the folder
 */
export async function readAsset(folder: string, pathname: string): Promise<Asset | null> {
  let wanted: string;
  try {
    wanted = decodeURIComponent(pathname);
  } catch {
    return null; // A malformed percent escape names no file.
  }
  if (wanted.includes('\0') || wanted.includes('\\')) return null;
  const inside = normalize(folder) + sep;
  const path = normalize(join(folder, wanted));
  if (!`${path}${sep}`.startsWith(inside)) return null;
  const extension = extname(path);
  // Pages are told from files by the extension; ids have none.
  if (extension === '') return read(join(folder, 'index.html'));
  const kept = wanted.startsWith(HASHED) ? { 'Cache-Control': 'private, max-age=31536000, immutable' } : {};
  return Object.hasOwn(TYPES, extension) ? read(path, kept) : null;
}

async function read(path: string, more: Asset['headers'] = {}): Promise<Asset | null> {
  try {
    const body = await readFile(path);
    const type = TYPES[extname(path)] ?? 'application/octet-stream';
    return { body: new Uint8Array(body), headers: { 'Content-Type': type, ...more } };
  } catch (error) {
    if (['ENOENT', 'EISDIR', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

/**
 * @param connect what the window may connect to beside its own origin
 */
export function securityHeaders(connect = ''): Record<string, string> {
  const policy = {
    'default-src': "'none'",
    'script-src': "'self'",
    // The component kit sets sizes and colours in style attributes.
    'style-src': "'self' 'unsafe-inline'",
    'img-src': "'self' data:",
    'font-src': "'self'",
    'connect-src': `'self' ${connect}`.trim(),
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
  };
  return {
    'Content-Security-Policy': Object.entries(policy)
      .map(([name, value]) => `${name} ${value}`)
      .join('; '),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cache-Control': 'no-store',
  };
}
