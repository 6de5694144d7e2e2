/** An image that answers on the ports of the sock shop in the place of its real ones, pushed to the cluster's registry. */
import { createHash } from 'node:crypto';

const REGISTRY = 'http://127.0.0.1:15000/v2';
const BASE = 'library/python';
export const STAND_IN = 'e2e/sock-shop:1';
const NAME = 'e2e/sock-shop';
const PORTS = [80, 3000, 3306, 5601, 5672, 6379, 8079, 8080, 8081, 9090, 9100, 9200, 9300, 9411, 15672, 24231, 27017];

/** Every request on every port ends well. */
const PROGRAM = `#!/usr/bin/env python3
import socket, threading
def answer(connection):
    connection.settimeout(5)
    try:
        connection.recv(65536)
        connection.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\n{}')
    except OSError:
        pass
    connection.close()
def serve(port):
    server = socket.create_server(('', port), backlog=64)
    while True:
        answer(server.accept()[0])
for port in [${PORTS.join(', ')}]:
    threading.Thread(target=serve, args=(port,)).start()
`;

const sha = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** @returns whether the registry has it now */
export async function pushStandIn(): Promise<boolean> {
  const base = await fetch(`${REGISTRY}/${BASE}/manifests/3`, { headers: { accept: 'application/vnd.docker.distribution.manifest.v2+json' } }).catch(() => undefined);
  if (!base?.ok) return false;
  const manifest = await base.json() as { config: { digest: string }; layers: { digest: string; size: number; mediaType: string }[] };
  const config = await fetch(`${REGISTRY}/${BASE}/blobs/${manifest.config.digest}`).then((response) => response.json()) as { config?: object; rootfs: { diff_ids: string[] } };
  const layer = tar([['app', PROGRAM], ['stand-in', PROGRAM]]);
  config.rootfs.diff_ids.push(sha(layer));
  const changed = Buffer.from(JSON.stringify({ ...config, config: { ...config.config, Entrypoint: ['/stand-in'], Cmd: [] } }));
  for (const { digest } of manifest.layers) await fetch(`${REGISTRY}/${NAME}/blobs/uploads/?mount=${digest}&from=${BASE}`, { method: 'POST' });
  await push(layer);
  await push(changed);
  const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
  const body = JSON.stringify({
    ...manifest, config: { ...manifest.config, size: changed.length, digest: sha(changed) },
    layers: [...manifest.layers, { mediaType: 'application/vnd.docker.image.rootfs.diff.tar', size: layer.length, digest: sha(layer) }],
  });
  const put = await fetch(`${REGISTRY}/${NAME}/manifests/1`, { method: 'PUT', headers: { 'content-type': mediaType }, body });
  if (!put.ok) throw new Error(`the registry did not take the image: ${await put.text()}`);
  return true;
}

async function push(bytes: Buffer): Promise<void> {
  const started = await fetch(`${REGISTRY}/${NAME}/blobs/uploads/`, { method: 'POST' });
  const to = new URL(started.headers.get('location') ?? '', REGISTRY);
  to.searchParams.set('digest', sha(bytes));
  const put = await fetch(to, { method: 'PUT', headers: { 'content-type': 'application/octet-stream' }, body: new Uint8Array(bytes) });
  if (!put.ok) throw new Error(`the registry did not take a layer: ${await put.text()}`);
}

/** Files that everybody may run. */
function tar(files: readonly (readonly [name: string, text: string])[]): Buffer {
  const blocks = files.flatMap(([name, text]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000755\0', 100);
    header.write('0000000\0', 108);
    header.write('0000000\0', 116);
    header.write(`${Buffer.byteLength(text).toString(8).padStart(11, '0')}\0`, 124);
    header.write('00000000000\0', 136);
    header.write('        ', 148);
    header.write('0', 156);
    header.write('ustar\x0000', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    const body = Buffer.from(text);
    return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
