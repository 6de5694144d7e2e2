/** One connection to a port of a Pod over the API server's web socket protocol (v4.channel.k8s.io): a stream of bytes both ways. */
import { Duplex } from 'node:stream';
import { WebSocket } from 'undici';
import { AppError } from '../spec/error.ts';
import type { Socket } from './exec-socket.ts';

const DATA = 0;
const ERROR = 1;
/** The first frame of each channel names the port, in two bytes. */
const PORT_BYTES = 2;
/** With more than this on its way, a writer waits. */
const BUFFERED = 1024 * 1024;
const BUFFER_CHECK_MS = 5;

/**
 * @param connect where to
 * @param explain called when the upgrade is refused; throws the reason
 * @returns the open connection. Throws AppError `unreachable` when the API server lets none through.
 */
export async function forwardOverSocket(connect: () => Promise<Socket>, explain: () => Promise<unknown>): Promise<Duplex> {
  const { url, dispatcher, headers } = await connect();
  const socket = new WebSocket(url, { protocols: ['v4.channel.k8s.io'], dispatcher, headers });
  socket.binaryType = 'arraybuffer';
  const stream = new PortStream(socket);
  if (await stream.opened) return stream;
  await explain();
  throw new AppError('unreachable', 'The API server refused to open a connection to the Pod.', { retryable: true, hint: 'A proxy before the API server may not let web sockets through.' });
}

class PortStream extends Duplex {
  readonly #socket: WebSocket;
  readonly opened: Promise<boolean>;
  readonly #greeted = new Set<number>();

  constructor(socket: WebSocket) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    this.opened = new Promise((resolve) => {
      socket.addEventListener('open', () => resolve(true));
      for (const end of ['error', 'close'] as const) socket.addEventListener(end, () => {
        resolve(false);
        this.push(null);
      });
    });
    socket.addEventListener('message', (event) => this.#take(Buffer.from(event.data as ArrayBuffer)));
  }

  #take(frame: Buffer): void {
    const channel = frame[0] ?? DATA;
    const first = !this.#greeted.has(channel);
    this.#greeted.add(channel);
    const data = frame.subarray(first ? 1 + PORT_BYTES : 1);
    if (data.length === 0) return;
    if (channel === DATA) this.push(data);
    else if (channel === ERROR) this.destroy(new AppError('unreachable', `The Pod's port cannot be reached: ${data.toString('utf8').trim()}`, { retryable: true }));
  }

  override _read(): void {
    // A web socket cannot be told to wait: what has come is pushed.
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.#socket.readyState !== WebSocket.OPEN) {
      done(new AppError('unreachable', 'The connection to the Pod was closed.', { retryable: true }));
      return;
    }
    this.#socket.send(Buffer.concat([Buffer.of(DATA), chunk]));
    const settle = (): void => {
      if (this.#socket.bufferedAmount > BUFFERED && this.#socket.readyState === WebSocket.OPEN) setTimeout(settle, BUFFER_CHECK_MS);
      else done();
    };
    settle();
  }

  override _final(done: () => void): void {
    this.#socket.close();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.close();
    done(error);
  }
}
