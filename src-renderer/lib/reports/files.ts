/** Report files as they cross the boundary, as bytes, and as a person finds them among downloads. */
import type { ReportFile } from '../../../src-shared/report.ts';

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Arguments of a call are few at a time. */
const CHUNK = 0x8000;

export function base64Of(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += CHUNK) binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(binary);
}

export const textOf = (base64: string): string => new TextDecoder().decode(bytesOf(base64));

/** A single page is named after its report, so that many of them can lie in one folder. */
export function downloadName({ name }: Pick<ReportFile, 'name'>, title: string): string {
  if (name !== 'report.html') return name;
  const slug = title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 60);
  return `${slug || 'report'}.html`;
}
