/** Carries the Api to the desktop window over Electron's IPC. preload.ts is the other end. */
import type { IpcMain, IpcMainInvokeEvent, WebContents } from 'electron';
import type { Reply } from '../../src-shared/api.ts';
import type { Shell } from './shell.ts';

export const CALL_CHANNEL = 'assay:call';
export const EVENT_CHANNEL = 'assay:event';

/** The part of `WebContents` that is used. */
export type Receiver = Pick<WebContents, 'send' | 'isDestroyed'>;

export interface IpcOptions {
  readonly ipcMain: Pick<IpcMain, 'handle' | 'removeHandler'>;
  /** Windows that get the events. */
  readonly receivers: () => Iterable<Receiver>;
  /** Origin of the window's own pages; a call from any other page, or from a frame inside one, is refused. */
  readonly origin: string;
}

/** @returns the function that stops carrying */
export function carryIpc(shell: Shell, { ipcMain, receivers, origin }: IpcOptions): () => void {
  ipcMain.handle(CALL_CHANNEL, async (event, name: unknown, input: unknown): Promise<Reply> => {
    if (!isOwnPage(event, origin))
      return { ok: false, error: { code: 'usage', message: 'This page may not call Assay' } };
    return shell.dispatch(String(name), input);
  });
  const stop = shell.listen((event, payload) => {
    for (const receiver of receivers()) if (!receiver.isDestroyed()) receiver.send(EVENT_CHANNEL, event, payload);
  });
  return () => {
    ipcMain.removeHandler(CALL_CHANNEL);
    stop();
  };
}

function isOwnPage(event: IpcMainInvokeEvent, origin: string): boolean {
  const frame = event.senderFrame;
  // Null when the frame went away meanwhile. Custom schemes have origin "null" in URL, so the text is compared.
  return frame !== null && frame.parent === null && frame.url.startsWith(`${origin}/`);
}
