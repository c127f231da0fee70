/** Runs in the window before its page, sandboxed: gives the page `window.assay`: one Transport, where a
 * chosen file lies, and nothing else. */
import { contextBridge, type IpcRendererEvent, ipcRenderer, webUtils } from 'electron';
import type { Transport } from '../src-shared/api.ts';
import { CALL_CHANNEL, EVENT_CHANNEL } from './api/ipc.ts';

const transport: Transport = {
  call: (name, input) => ipcRenderer.invoke(CALL_CHANNEL, name, input),
  listen: (listener) => {
    // The Electron event stays here: it would hand the page the whole of ipcRenderer.
    const deliver = (_: IpcRendererEvent, event: string, payload: unknown) => listener(event, payload);
    ipcRenderer.on(EVENT_CHANNEL, deliver);
    return () => {
      ipcRenderer.off(EVENT_CHANNEL, deliver);
    };
  },
};
// Only of a File that a person chose or dropped: a page cannot make one for another path.
contextBridge.exposeInMainWorld('assay', { ...transport, pathOf: (file: File) => webUtils.getPathForFile(file) });
