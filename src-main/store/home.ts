/** The data folder: where it is, and that it can be used. Everything that Assay keeps lies in it. */
import { mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import envPaths from 'env-paths';
import { storeError } from './errors.ts';

/** `ASSAY_HOME`, or the platform's folder for application data. */
export function defaultHome(): string {
  const chosen = process.env.ASSAY_HOME;
  return chosen ? resolve(chosen) : envPaths('assay', { suffix: '' }).data;
}

/** Create the folder where it is missing. @throws AssayError `locked` or `disk-full`, naming it. */
export function ensureFolder(home: string, folder: string = home): string {
  try {
    makeFolders(folder);
    return folder;
  } catch (error) {
    throw storeError(error, home);
  }
}

/** One level at a time: Node's `recursive` never returns below a folder that refuses entries as missing (/proc). */
function makeFolders(folder: string): void {
  const isFolder = () => statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  if (isFolder()) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolders(parent);
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another process may have made it in between.
    if (!isFolder()) throw error;
  }
}

export const databaseFile = (home: string): string => join(home, 'assay.db');
export const runFolder = (home: string, runId: string): string => join(home, 'runs', runId);
export const checkpointsFolder = (home: string, runId: string): string => join(runFolder(home, runId), 'checkpoints');
