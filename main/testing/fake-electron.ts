/** Electron without a window, for tests of the main process: records what is asked of it. */
import { build } from 'esbuild';
import { EventEmitter } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import Module from 'node:module';
import path from 'node:path';
import type { WireResult } from '../ipc/contract.ts';
import { appRoot } from '../paths.ts';

interface Frame { url: string; parent: unknown }
interface Sender { frame?: Frame | null; webContentsId?: number }
type Listener = (...args: unknown[]) => unknown;

export interface FakeElectron {
  module: Record<string, unknown>;
  app: EventEmitter;
  windows: { options: Record<string, unknown>; urls: string[]; webContents: EventEmitter & { id: number } }[];
  schemes: unknown[];
  handlers: Map<string, Listener>;
  listeners: Map<string, Listener>;
  protocols: Map<string, (request: { url: string; method: string }) => Promise<Response>>;
  session: Record<string, Listener[]>;
  calls: { name: string; args: unknown[] }[];
  powerMonitor: EventEmitter;
  invoke(verb: unknown, request: unknown, sender?: Sender): Promise<WireResult<unknown>>;
  subscribe(message: unknown, onItem: (item: WireResult<unknown>) => void, sender?: Sender): { close(): void; closed: boolean };
}

const OURS: Frame = { url: 'app://bundle/', parent: null };

export function fakeElectron(): FakeElectron {
  const calls: FakeElectron['calls'] = [];
  const note = (name: string, result?: unknown): Listener => (...args) => {
    calls.push({ name, args });
    return result;
  };
  const app = Object.assign(new EventEmitter(), {
    isPackaged: false, setPath: note('setPath'), enableSandbox: note('enableSandbox'), requestSingleInstanceLock: note('requestSingleInstanceLock', true),
    whenReady: () => Promise.resolve(), getVersion: () => '0.1.0', quit: note('quit'), commandLine: { hasSwitch: () => false },
  });
  const powerMonitor = new EventEmitter();
  const windows: FakeElectron['windows'] = [];
  class BrowserWindow extends EventEmitter {
    readonly webContents = Object.assign(new EventEmitter(), { id: windows.length + 1, reload: note('reload'), setWindowOpenHandler: note('setWindowOpenHandler') });
    readonly urls: string[] = [];
    readonly options: Record<string, unknown>;
    constructor(options: Record<string, unknown>) {
      super();
      this.options = options;
      windows.push(this);
    }
    static getAllWindows(): unknown[] { return windows; }
    loadURL(url: string): Promise<void> {
      this.urls.push(url);
      return Promise.resolve();
    }
    isDestroyed(): boolean { return false; }
    isMinimized(): boolean { return false; }
    focus(): void { calls.push({ name: 'focus', args: [] }); }
  }
  const session: Record<string, Listener[]> = {};
  const keep = (name: string): Listener => (...args) => { (session[name] ??= []).push(args.at(-1) as Listener); };
  const handlers = new Map<string, Listener>();
  const listeners = new Map<string, Listener>();
  const protocols: FakeElectron['protocols'] = new Map();
  const schemes: unknown[] = [];
  const eventOf = ({ frame = OURS, webContentsId = 1 }: Sender): Record<string, unknown> => ({ senderFrame: frame, sender: { id: webContentsId } });
  return {
    app, windows, schemes, handlers, listeners, protocols, session, calls, powerMonitor,
    module: {
      app, BrowserWindow, powerMonitor,
      ipcMain: { handle: (channel: string, handler: Listener) => handlers.set(channel, handler), on: (channel: string, handler: Listener) => listeners.set(channel, handler) },
      protocol: { registerSchemesAsPrivileged: (list: unknown[]) => schemes.push(...list), handle: (scheme: string, handler: never) => protocols.set(scheme, handler) },
      session: {
        defaultSession: {
          setPermissionRequestHandler: keep('permissionRequest'), setPermissionCheckHandler: keep('permissionCheck'), setDevicePermissionHandler: keep('device'),
          on: keep('on'), webRequest: { onBeforeRequest: keep('beforeRequest') },
        },
      },
      Menu: { buildFromTemplate: (template: unknown) => template, setApplicationMenu: note('setApplicationMenu') },
      dialog: { showMessageBox: note('showMessageBox', Promise.resolve({ response: 0 })), showOpenDialog: note('showOpenDialog', Promise.resolve({ filePaths: [] })), showSaveDialog: note('showSaveDialog', Promise.resolve({ filePath: '' })), showErrorBox: note('showErrorBox') },
      shell: { openExternal: note('openExternal', Promise.resolve()) },
      nativeTheme: { shouldUseDarkColors: false },
      screen: { getPrimaryDisplay: () => ({ workAreaSize: { width: 1600, height: 1000 } }), getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1600, height: 1000 } }] },
    },
    invoke: async (verb, request, sender = {}) => await handlers.get('tiphys:invoke')?.(eventOf(sender), verb, request) as WireResult<unknown>,
    subscribe: (message, onItem, sender = {}) => {
      const port = Object.assign(new EventEmitter(), {
        start: () => undefined,
        postMessage: (item: WireResult<unknown>) => {
          // As over a real port: a copy, later, and acknowledged.
          const copy = structuredClone(item);
          setImmediate(() => {
            onItem(copy);
            port.emit('message', { data: 'taken' });
          });
        },
        close: () => {
          stream.closed = true;
          port.emit('close');
        },
      });
      const stream = { closed: false, close: () => port.emit('message', { data: 'close' }) };
      listeners.get('tiphys:subscribe')?.({ ...eventOf(sender), ports: [port] }, message);
      return stream;
    },
  };
}

/** Runs the whole main process, bundled as it is shipped, on a fake Electron. Environment variables are the caller's. */
export async function runMain(fake: FakeElectron): Promise<void> {
  const folder = path.join(appRoot, 'node_modules/.cache');
  mkdirSync(folder, { recursive: true });
  // Two levels below a folder named out, as the built program lies.
  const work = mkdtempSync(path.join(folder, 'main-test-'));
  const file = path.join(work, 'out/main/main.cjs');
  try {
    await build({
      entryPoints: [path.join(appRoot, 'main/main.ts')], outfile: file, bundle: true, platform: 'node', format: 'cjs', external: ['electron'], logLevel: 'error',
      define: { 'import.meta.url': 'importMetaUrl' }, banner: { js: 'const importMetaUrl=require("node:url").pathToFileURL(__filename).href;' },
    });
    mkdirSync(path.join(work, 'out/renderer'), { recursive: true });
    writeFileSync(path.join(work, 'out/renderer/index.html'), '<!doctype html>');
    writeFileSync(path.join(work, 'out/secret.txt'), 'not for the window');
    writeFileSync(path.join(work, 'out/main/renderer-files.json'), '["index.html"]');
    cpSync(path.join(appRoot, 'assets/samples'), path.join(work, 'assets/samples'), { recursive: true });
    const loader = Module as unknown as { _load: (request: string, ...rest: unknown[]) => unknown };
    const load = loader._load;
    loader._load = (request, ...rest) => (request === 'electron' ? fake.module : load.call(loader, request, ...rest));
    createRequire(file)(file);
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.on('exit', () => { rmSync(work, { recursive: true, force: true }); });
  }
}
