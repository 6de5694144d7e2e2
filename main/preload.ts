/**
 * The bridge between the window and the main process, as `window.tiphys`. It knows no verb and no stream: main checks each
 * request against the contract. Every stream has a port of its own; an item is acknowledged once the window took it.
 * Paths of what is dropped on the window go to main past the page, which never learns them.
 */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { Bridge } from './ipc/contract.ts';

const bridge: Bridge = {
  invoke: async (verb, request) => await ipcRenderer.invoke('tiphys:invoke', verb, request) as never,
  subscribe: (stream, request, onItem) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (message: MessageEvent) => {
      try {
        onItem(message.data as never);
      } finally {
        port1.postMessage('taken');
      }
    };
    ipcRenderer.postMessage('tiphys:subscribe', { stream, request }, [port2]);
    return () => {
      port1.onmessage = null;
      port1.postMessage('close');
      port1.close();
    };
  },
};

contextBridge.exposeInMainWorld('tiphys', bridge);

const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
window.addEventListener('dragover', (event) => { if (hasFiles(event)) event.preventDefault(); });
window.addEventListener('drop', (event) => {
  if (!event.isTrusted || !hasFiles(event)) return;
  event.preventDefault();
  ipcRenderer.send('tiphys:dropped', Array.from(event.dataTransfer?.files ?? []).map((file) => webUtils.getPathForFile(file)).filter((file) => file !== ''));
});
