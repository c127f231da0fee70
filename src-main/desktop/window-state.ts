/** Where the window was when it was last closed. A file beside the store; a help, so that a broken one is like none. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** In pixels of the desktop, from the top left of the first display. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const state = z.object({
  bounds: z.object({ x: z.int(), y: z.int(), width: z.int(), height: z.int() }),
  isMaximized: z.boolean(),
});
export type WindowState = z.infer<typeof state>;

/** A title bar must be within reach: so much of the window lies on a display, at least. */
const GRIP = { width: 120, height: 40 };

const fileOf = (home: string) => join(home, 'window.json');

/** @param displays Work areas of the displays that are there now. @returns Null where there is none, or out of reach. */
export function readWindowState(home: string, displays: readonly Rectangle[]): WindowState | null {
  let text: string;
  try {
    text = readFileSync(fileOf(home), 'utf8');
  } catch {
    // The first start.
    return null;
  }
  const parsed = z
    .string()
    .transform((json, context) => {
      try {
        return JSON.parse(json) as unknown;
      } catch {
        context.addIssue({ code: 'custom', message: 'not JSON' });
        return z.NEVER;
      }
    })
    .pipe(state)
    .safeParse(text);
  return parsed.success && displays.some((display) => isWithinReach(parsed.data.bounds, display)) ? parsed.data : null;
}

export function writeWindowState(home: string, value: WindowState): void {
  try {
    writeFileSync(fileOf(home), JSON.stringify(value));
  } catch (error) {
    console.error('Where the window is cannot be kept:', error);
  }
}

function isWithinReach(window: Rectangle, display: Rectangle): boolean {
  const width = Math.min(window.x + window.width, display.x + display.width) - Math.max(window.x, display.x);
  const top = window.y >= display.y && window.y + GRIP.height <= display.y + display.height;
  return width >= GRIP.width && top;
}
