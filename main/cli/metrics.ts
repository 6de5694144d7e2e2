/** metrics: what the runs of a namespace measure, printed once or served to a Prometheus server of this machine. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Command, CommandContext } from './command.ts';
import type { Connection } from './connect.ts';
import { usageError } from './io.ts';
import { connected } from './runs.ts';

const TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const MOST_PORT = 65_535;

export const metrics: Command = {
  name: 'metrics', operands: '[options]', count: [0, 0], connects: true, outputs: [],
  summary: 'Prints the metrics of a namespace\'s runs in Prometheus\' text format.',
  details: 'They are derived from the runs that are kept: what was deleted counts no more. With --serve they are answered at http://127.0.0.1:PORT/metrics until Ctrl-C; port 0 takes a free one.',
  options: { serve: { type: 'string', argument: 'PORT', help: 'serve them on this port of this machine' } },
  examples: ['tiphys metrics -n team-a', 'tiphys metrics -n team-a --serve 9090'],
  run: (context) => {
    const port = context.options.count('serve');
    if (port !== undefined && port > MOST_PORT) throw usageError(`There is no port ${port}.`, `Ports go to ${MOST_PORT}.`);
    return connected(context, async (connection) => {
      if (port !== undefined) return serve(context, connection, port);
      const text = await connection.engine.metrics(connection.namespace);
      if (text) context.io.out(text);
      else context.io.err(`The runs in namespace ${connection.namespace} of ${connection.contextName} have no metrics.\n`);
      return 0;
    });
  },
};

async function serve({ io }: CommandContext, { engine, namespace }: Connection, port: number): Promise<number> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404).end('metrics are at /metrics\n');
      return;
    }
    engine.metrics(namespace).then(
      (text) => response.writeHead(200, { 'content-type': TYPE }).end(text),
      (error: unknown) => response.writeHead(503).end(`${error instanceof Error ? error.message : String(error)}\n`),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  io.err(`Metrics of namespace ${namespace}: http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics\n`);
  if (!io.interrupted.aborted) await new Promise((resolve) => io.interrupted.addEventListener('abort', resolve, { once: true }));
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  return 0;
}
