/** What people keep to come back to. The state belongs to whoever saved it, who parses it before it is believed. */
import { z } from 'zod';

/** `runs`: filters, columns and order of the list of runs. `comparison`, `report`, `preset`: what they are made of.
 * `study`: as it was started last. */
export const VIEW_KINDS = ['runs', 'comparison', 'report', 'preset', 'study'] as const;
export type ViewKind = (typeof VIEW_KINDS)[number];

export const savedViewSchema = z.object({
  id: z.string(),
  kind: z.enum(VIEW_KINDS),
  name: z.string(),
  state: z.unknown(),
  /** Milliseconds since 1970. */
  createdAt: z.number(),
  updatedAt: z.number(),
});
export type SavedView = z.infer<typeof savedViewSchema>;

/** Of a state, written as JSON. */
const MOST_CHARACTERS = 1 << 20;

const newViewSchema = z.strictObject({
  /** Of the one that it takes the place of. */
  id: z.string().min(1).max(64).optional(),
  kind: z.enum(VIEW_KINDS),
  name: z.string().trim().min(1).max(200),
  state: z.unknown().refine((state) => state !== undefined && JSON.stringify(state).length <= MOST_CHARACTERS, {
    error: `Missing or too big: written as JSON it may have ${MOST_CHARACTERS} characters`,
  }),
});
export type NewView = z.infer<typeof newViewSchema>;

export const viewCalls = {
  /** Of one kind, last changed first. */
  views: { input: z.object({ kind: z.enum(VIEW_KINDS) }), output: z.array(savedViewSchema) },
  /** A new one, or with an id in place of the one that has it. */
  saveView: { input: newViewSchema, output: savedViewSchema },
  /** One that is gone already is no error. */
  deleteView: { input: z.object({ id: z.string() }), output: z.object({}) },
} as const;
