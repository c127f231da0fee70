/** What was filled in and not launched, kept from one visit to the next: one draft for each way into the form. */
import { z } from 'zod';
import { MOST_AXES, NOT_SEVERAL } from './plan.ts';

export const DRAFTS_KEY = 'assay-new-run-drafts';
const MOST_DRAFTS = 8;

export const draftSchema = z.object({
  name: z.string().max(120),
  preset: z.string().nullable(),
  edits: z.record(z.string(), z.union([z.string(), z.boolean()])),
  several: z
    .object({
      seeds: z.string().max(2000),
      axes: z.array(z.object({ path: z.string().max(200), values: z.string().max(4000) })).max(MOST_AXES),
    })
    .default({ seeds: NOT_SEVERAL.seeds, axes: [] }),
  tags: z.array(z.string().max(40)).max(32).default([]),
});
export type Draft = z.infer<typeof draftSchema>;

const draftsSchema = z.record(z.string(), draftSchema);
/** By where the form started from, the newest last. */
export type Drafts = z.infer<typeof draftsSchema>;

/** What cannot be read is no draft. */
export function readDrafts(text: string | null): Drafts {
  if (text === null) return {};
  try {
    return draftsSchema.safeParse(JSON.parse(text)).data ?? {};
  } catch {
    return {}; // Not JSON: some other program's.
  }
}

/** With the draft of `start` renewed, or without it where there is nothing to keep. */
export function withDraft(drafts: Drafts, start: string, draft: Draft | null): Drafts {
  const { [start]: _, ...others } = drafts;
  const kept = Object.entries(others).slice(draft === null ? 0 : 1 - MOST_DRAFTS);
  return Object.fromEntries(draft === null ? kept : [...kept, [start, draft]]);
}

export const isSameDraft = (a: Draft, b: Draft): boolean => canonical(a) === canonical(b);

/** The order in which options were edited says nothing. */
function canonical({ name, preset, edits, several, tags }: Draft): string {
  return JSON.stringify([name, preset, Object.entries(edits).sort(([a], [b]) => (a < b ? -1 : 1)), several, tags]);
}
