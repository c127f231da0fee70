/** What the system asks the app to open: a link to a page (assay://runs/abc) or a bundle (results.assay). Both come from
 * outside, so they only ever show something: nothing is launched, changed or imported by opening them. */
import { extname, isAbsolute, resolve } from 'node:path';

export type Opening =
  /** A page of the window, from the root: `/runs/abc?step=3`. */
  | { readonly kind: 'page'; readonly path: string }
  /** Absolute path of a bundle. */
  | { readonly kind: 'bundle'; readonly file: string };

export const SCHEME = 'assay';
/** Host of the window's own pages: `assay://app/runs`. Links of other programs may leave it out. */
export const APP_HOST = 'app';
const BUNDLE = '.assay';

/** @param argument Of a command line, or an address. @param folder That relative paths start from. @returns Null where it is neither. */
export function openingOf(argument: string, folder: string): Opening | null {
  if (argument.startsWith(`${SCHEME}:`)) {
    const path = pageOf(argument);
    return path === null ? null : { kind: 'page', path };
  }
  if (argument.startsWith('-') || extname(argument).toLowerCase() !== BUNDLE) return null;
  return { kind: 'bundle', file: isAbsolute(argument) ? argument : resolve(folder, argument) };
}

/** The last of a command line's arguments that opens something; the first ones are Electron's own. */
export function openingIn(commandLine: readonly string[], folder: string): Opening | null {
  return commandLine.slice(1).reduce<Opening | null>((last, argument) => openingOf(argument, folder) ?? last, null);
}

/** Where the window goes. */
export function pathOf(opening: Opening): string {
  return opening.kind === 'page' ? opening.path : `/import?${new URLSearchParams({ file: opening.file })}`;
}

function pageOf(link: string): string | null {
  if (!URL.canParse(link)) return null;
  const { host, pathname, search, username, password } = new URL(link);
  if (username !== '' || password !== '') return null;
  const path = host === APP_HOST || host === '' ? pathname : `/${host}${pathname}`;
  let page: string;
  try {
    page = decodeURIComponent(path).replace(/\/+$/, '');
  } catch {
    return null;
  }
  // One slash: `//host` would be another site. What is asked to be imported is a file that was opened, never a link's.
  if (page.includes('//') || page.includes('\\') || page.toLowerCase().startsWith('/import')) return null;
  return (page === '' ? '/' : encodeURI(page)) + search;
}
