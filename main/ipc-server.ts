/** Answers the window: checks who asks, how much and what, then calls the service. Nothing else listens to IPC. */
import path from 'node:path';
import type { IpcMain, IpcMainEvent, IpcMainInvokeEvent, MessagePortMain } from 'electron';
import { AppError } from '../engine/spec/error.ts';
import { STREAMS, VERBS } from './ipc/contract.ts';
import type { Stream, StreamItems, Verb, WireError, WireResult } from './ipc/contract.ts';
import { Pump } from './pump.ts';
import { redact } from './redact.ts';
import { isOurs } from './security.ts';
import type { Services, Sink, Source } from './services/service.ts';

const MAX_REQUEST = 18 * 1024 * 1024;
const MAX_DEPTH = 100;
const MAX_RUNNING = 64;
const MAX_STREAMS = 128;
const MAX_DROPPED = 20;

export interface IpcServerOptions {
  ipcMain: Pick<IpcMain, 'handle' | 'on'>;
  services: Services;
  /** Whether the page with this id is a window of ours. */
  isWindow: (webContentsId: number) => boolean;
  /** The person dropped files or folders on the window: their paths, as the system told the bridge. */
  dropped: (paths: readonly string[]) => void;
  /** Told of refused requests and of bugs; never given what a request held. */
  log: (message: string, detail?: unknown) => void;
}

/** Starts to answer. */
export function serveIpc({ ipcMain, services, isWindow, dropped, log }: IpcServerOptions): void {
  let running = 0;
  let streams = 0;

  const refuse = (event: IpcMainInvokeEvent | IpcMainEvent): AppError | undefined => {
    const frame = event.senderFrame;
    if (frame && frame.parent === null && isOurs(frame.url) && isWindow(event.sender.id)) return undefined;
    log('refused a request from a page that is not the window');
    return new AppError('forbidden', 'Only the window of Tiphys may ask this.');
  };

  ipcMain.handle('tiphys:invoke', async (event, verb: unknown, request: unknown): Promise<WireResult<unknown>> => {
    const refused = refuse(event);
    if (refused) return failure(refused, log);
    if (running >= MAX_RUNNING) return failure(new AppError('throttled', 'Too much is being asked at once.', { retryable: true }), log);
    running += 1;
    try {
      const name = known(VERBS, verb);
      const input = checked(VERBS[name], request, name);
      return { ok: true, value: await services.handlers[name](input as never) };
    } catch (error) {
      return failure(error, log);
    } finally {
      running -= 1;
    }
  });

  ipcMain.on('tiphys:dropped', (event, paths: unknown) => {
    if (refuse(event) || !Array.isArray(paths)) return;
    dropped(paths.slice(0, MAX_DROPPED).filter((each): each is string => typeof each === 'string' && path.isAbsolute(each)));
  });

  ipcMain.on('tiphys:subscribe', (event, message: unknown) => {
    const [port] = event.ports;
    if (!port) return;
    const refused = refuse(event);
    if (refused || streams >= MAX_STREAMS) {
      port.postMessage(failure(refused ?? new AppError('throttled', 'Too many streams are open at once.'), log));
      port.close();
      return;
    }
    streams += 1;
    serveStream(port, message, services, log, () => { streams -= 1; });
  });
}

function serveStream(port: MessagePortMain, message: unknown, services: Services, log: IpcServerOptions['log'], onEnd: () => void): void {
  const stopped = new AbortController();
  let pump: Pump<StreamItems[Stream]> | undefined;
  const end = (): void => {
    if (stopped.signal.aborted) return;
    stopped.abort();
    pump?.close();
    port.close();
    onEnd();
  };
  const fail = (error: unknown): void => {
    if (stopped.signal.aborted) return;
    port.postMessage(failure(error, log));
  };
  port.on('close', end);
  port.on('message', ({ data }) => {
    if (data === 'close') end();
    else if (data === 'taken') pump?.taken();
  });
  port.start();
  try {
    const { stream, request } = (message ?? {}) as { stream?: unknown; request?: unknown };
    const name = known(STREAMS, stream);
    const input = checked(STREAMS[name], request, name);
    const source = services.sources[name] as unknown as Source<Stream>;
    const open = new Pump<StreamItems[Stream]>((value) => { port.postMessage({ ok: true, value }); }, { merge: source.merge?.bind(source), split: source.split?.bind(source) });
    pump = open;
    const sink: Sink<StreamItems[Stream]> = { push: (item) => { open.push(item); }, drained: () => open.drained(), fail };
    Promise.resolve(source.open(input as never, sink, stopped.signal)).catch(fail);
  } catch (error) {
    fail(error);
  }
}

function known<T extends object>(table: T, name: unknown): keyof T {
  if (typeof name === 'string' && Object.hasOwn(table, name)) return name as keyof T;
  throw new AppError('invalid', 'The window asked for something this version does not have.');
}

/** @returns the request as its schema reads it. What a request holds is never part of an error. */
function checked(schema: (typeof VERBS)[Verb] | (typeof STREAMS)[Stream], request: unknown, name: string): unknown {
  if (weight(request) > MAX_REQUEST) throw new AppError('too-large', `${name}: the request is too large.`);
  const result = schema.safeParse(request);
  if (result.success) return result.data;
  throw new AppError('invalid', `${name}: the request is not of the contract's shape.`);
}

/** @returns about how many bytes a value holds; Infinity for what is nested too deep (or in circles) */
export function weight(value: unknown, depth = 0): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 8;
  if (depth > MAX_DEPTH) return Infinity;
  if (ArrayBuffer.isView(value)) return value.byteLength;
  let sum = 16;
  for (const [key, item] of Object.entries(value)) {
    sum += key.length + weight(item, depth + 1);
    if (sum > MAX_REQUEST) return Infinity;
  }
  return sum;
}

function failure(error: unknown, log: IpcServerOptions['log']): { ok: false; error: WireError } {
  return { ok: false, error: wireError(error, log) };
}

/** @returns the error as it crosses: its code, words and diagnostics; a bug becomes `internal` and goes to the log */
export function wireError(error: unknown, log: IpcServerOptions['log']): WireError {
  if (!(error instanceof AppError)) {
    log('a service failed', error);
    return { code: 'internal', message: 'Something in Tiphys went wrong. The log has the details.', hint: 'Try again; if it stays so, restart Tiphys.', retryable: true };
  }
  const wire: WireError = { code: error.code, message: redact(error.message), retryable: error.retryable };
  if (error.hint !== undefined) wire.hint = redact(error.hint);
  if (error.code === 'invalid' && Array.isArray(error.cause)) wire.diagnostics = error.cause;
  return wire;
}
