/**
 * Ways to what only the cluster reaches: a port of this machine, forwarded to a Pod behind a Service, for as long as somebody
 * uses it. Only this machine can connect to the port.
 */
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { RESOURCE } from '../kube/port.ts';
import type { Cluster, KubeObject, Pod } from '../kube/port.ts';
import { AppError, isAppError } from '../spec/error.ts';

/** A port without a connection for so long is closed. */
const IDLE_MS = 10 * 60_000;

interface Target {
  namespace: string;
  service: string;
  port: number;
}

interface ServicePort {
  name?: string;
  port: number;
  targetPort?: number | string;
}

interface Tunnel {
  server: Server;
  port: number;
  sockets: Set<Socket>;
  idle: NodeJS.Timeout | undefined;
  /** Milliseconds since the epoch until which it stays, used or not. */
  until: number;
}

export class Tunnels {
  readonly #cluster: Cluster;
  readonly #open = new Map<string, Promise<Tunnel>>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /**
   * @param endpoint `host:port`; `namespace` is where a bare host is a Service
   * @returns a port of this machine that leads to the Service of that name; undefined when the host is none of the cluster's.
   *   Throws AppError when the Service has no Pod that is ready, or the user may not reach it.
   */
  async portTo(endpoint: string, namespace: string, defaultPort: number): Promise<number | undefined> {
    const target = await this.#target(endpoint, namespace, defaultPort);
    if (!target) return undefined;
    const key = `${target.namespace}/${target.service}:${target.port}`;
    let opening = this.#open.get(key);
    if (!opening) {
      this.#open.set(key, opening = this.#listen(target, key));
      opening.catch(() => this.#open.delete(key));
    }
    const tunnel = await opening;
    this.#restartIdle(tunnel, key);
    return tunnel.port;
  }

  /** Keeps the port that a link leads to open for `ms` milliseconds, whether it is used or not. */
  keep(url: string, ms: number): void {
    const { port } = new URL(url);
    for (const opening of this.#open.values()) {
      void opening.then((tunnel) => {
        if (String(tunnel.port) === port) tunnel.until = Math.max(tunnel.until, Date.now() + ms);
      }, () => undefined);
    }
  }

  async #target(endpoint: string, namespace: string, defaultPort: number): Promise<Target | undefined> {
    const [host = '', port] = endpoint.split(':');
    const match = /^([a-z0-9-]+)(?:\.([a-z0-9-]+)(?:\.svc(?:\.[a-z0-9.-]+)?)?)?$/.exec(host);
    if (!match || /^\d+$/.test(match[1] ?? '')) return undefined;
    const target = { namespace: match[2] ?? namespace, service: match[1] ?? '', port: port === undefined ? defaultPort : Number(port) };
    const inCluster = host.includes('.svc');
    try {
      await this.#cluster.get(RESOURCE.service, target.namespace, target.service);
      return target;
    } catch (error) {
      // A short name that is no Service is a name of the user's network.
      if (!inCluster && isAppError(error) && (error.code === 'not-found' || error.code === 'forbidden')) return undefined;
      throw error;
    }
  }

  async #listen(target: Target, key: string): Promise<Tunnel> {
    await this.#pod(target);
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      void this.#join(socket, target);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    server.unref();
    const tunnel: Tunnel = { server, port: (server.address() as AddressInfo).port, sockets, idle: undefined, until: 0 };
    this.#restartIdle(tunnel, key);
    return tunnel;
  }

  async #join(socket: Socket, target: Target): Promise<void> {
    socket.pause();
    try {
      const { pod, port } = await this.#pod(target);
      const remote = await this.#cluster.portForward(target.namespace, pod, port);
      remote.on('error', () => socket.destroy());
      remote.once('close', () => socket.end());
      socket.once('close', () => remote.destroy());
      socket.pipe(remote, { end: false });
      remote.pipe(socket);
    } catch {
      // Whoever uses the port sees the connection end; the next one looks for a Pod again.
      socket.destroy();
    }
  }

  /** @returns a Pod behind the Service that is ready, and its own number of the port */
  async #pod({ namespace, service, port }: Target): Promise<{ pod: string; port: number }> {
    const found = await this.#cluster.get<KubeObject & { spec?: { selector?: Record<string, string>; ports?: ServicePort[] } }>(RESOURCE.service, namespace, service);
    const labelSelector = Object.entries(found.spec?.selector ?? {}).map(([name, value]) => `${name}=${value}`).join(',');
    const { items } = labelSelector ? await this.#cluster.list<Pod>(RESOURCE.pod, namespace, { labelSelector }) : { items: [] };
    const pod = items.find(isReady);
    if (!pod) {
      throw new AppError('unavailable', `No Pod behind the Service ${namespace}/${service} is ready.`, { retryable: true, hint: 'Start the artifact store, or look at its Pods.' });
    }
    const listed = found.spec?.ports?.find((each) => each.port === port);
    return { pod: pod.metadata.name ?? '', port: numberOf(listed?.targetPort ?? port, pod) ?? port };
  }

  #restartIdle(tunnel: Tunnel, key: string): void {
    clearTimeout(tunnel.idle);
    tunnel.idle = setTimeout(() => {
      if (tunnel.sockets.size > 0 || Date.now() < tunnel.until) this.#restartIdle(tunnel, key);
      else void this.#close(key);
    }, IDLE_MS);
    tunnel.idle.unref();
  }

  async #close(key: string): Promise<void> {
    const opening = this.#open.get(key);
    this.#open.delete(key);
    const tunnel = await opening?.catch(() => undefined);
    if (!tunnel) return;
    clearTimeout(tunnel.idle);
    for (const socket of tunnel.sockets) socket.destroy();
    tunnel.server.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((key) => this.#close(key)));
  }
}

function isReady(pod: Pod): boolean {
  return pod.status?.phase === 'Running' && pod.metadata.deletionTimestamp === undefined && (pod.status.containerStatuses ?? []).every(({ ready }) => ready);
}

/** A port by number, or by its name in the Pod's containers. */
function numberOf(port: number | string, pod: Pod): number | undefined {
  if (typeof port === 'number') return port;
  const ports = pod.spec.containers.flatMap((container) => (container['ports'] ?? []) as { name?: string; containerPort: number }[]);
  return ports.find(({ name }) => name === port)?.containerPort;
}
