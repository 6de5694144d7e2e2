/** Running a command in a container over the API server's web socket protocol (v5.channel.k8s.io, v4 for older servers). */
import { WebSocket } from 'undici';
import type { Dispatcher } from 'undici';
import { AppError } from '../spec/error.ts';
import type { ExecResult } from './port.ts';
import { isMap } from './store/json.ts';

const STDOUT = 1;
const STDERR = 2;
const RESULT = 3;
const MAX_OUTPUT = 16 * 1024 * 1024;

/** What opens a web socket to an API server. */
export interface Socket {
  url: string;
  dispatcher: Dispatcher;
  headers: Record<string, string>;
}

/**
 * @param connect where to
 * @param explain called when the upgrade is refused; throws the reason
 * @returns exit code and output, once the command has ended
 */
export async function execOverSocket(connect: () => Promise<Socket>, explain: () => Promise<unknown>, signal?: AbortSignal): Promise<ExecResult> {
  const { url, dispatcher, headers } = await connect();
  const socket = new WebSocket(url, { protocols: ['v5.channel.k8s.io', 'v4.channel.k8s.io'], dispatcher, headers });
  socket.binaryType = 'arraybuffer';
  const output: Buffer[][] = [[], [], [], []];
  let size = 0;
  const upgrade = { done: false };
  const abort = () => socket.close();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => (upgrade.done = true));
      socket.addEventListener('message', (event) => {
        const frame = Buffer.from(event.data as ArrayBuffer);
        size += frame.length;
        if (size > MAX_OUTPUT) reject(new AppError('too-large', 'The command wrote more than 16 MB.'));
        else output[frame[0] ?? 0]?.push(frame.subarray(1));
      });
      socket.addEventListener('close', () => resolve());
      socket.addEventListener('error', () => resolve());
    });
  } finally {
    signal?.removeEventListener('abort', abort);
    socket.close();
  }
  if (signal?.aborted) throw new AppError('cancelled', 'Cancelled.');
  if (!upgrade.done) {
    await explain();
    throw new AppError('unreachable', 'The API server refused to open a connection into the container.', { retryable: true, hint: 'A proxy before the API server may not let web sockets through.' });
  }
  const read = (channel: number) => Buffer.concat(output[channel] ?? []).toString('utf8');
  return { exitCode: exitCode(read(RESULT)), stdout: read(STDOUT), stderr: read(STDERR) };
}

/** Kubernetes tells the end as a Status: Success, or a Failure whose causes name the exit code. */
function exitCode(result: string): number {
  let status: unknown;
  try {
    status = JSON.parse(result);
  } catch (error) {
    throw new AppError('unreachable', 'The connection into the container was lost before the command ended.', { cause: error, retryable: true });
  }
  if (!isMap(status) || status['status'] === 'Success') return 0;
  const causes = isMap(status['details']) && Array.isArray(status['details']['causes']) ? status['details']['causes'].filter(isMap) : [];
  const code = causes.find((cause) => cause['reason'] === 'ExitCode')?.['message'];
  if (typeof code === 'string') return Number(code);
  throw new AppError('invalid', `The command could not be run: ${String(status['message'])}`);
}
