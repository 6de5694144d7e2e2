// A person looks at what a run left: artifacts in a store inside the cluster, reached through a forwarded port, by the window's
// service and by the command line; and logs whose Pods are gone. On the real cluster, with its own rights and its real S3 server.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { clearKeptLogs, createEngine, loadKubeconfig } from '../../engine/index.ts';
import type { ArtifactPreview } from '../../engine/index.ts';
import { readText } from '../../engine/controller/text.ts';
import { RESOURCE } from '../../engine/kube/port.ts';
import type { Workflow } from '../../engine/spec/types.ts';
import { connect as connectCli } from '../../main/cli/connect.ts';
import { runProgram } from '../../main/cli/program.ts';
import type { StreamItems } from '../../main/ipc/contract.ts';
import { realTimers } from '../../main/pump.ts';
import { artifactHandlers, artifactSources } from '../../main/services/artifacts.ts';
import { runSources } from '../../main/services/runs.ts';
import type { Sink } from '../../main/services/service.ts';
import { connect, createArtifactStore, kubeconfigPath, mirrors, NO_CLUSTER, withNamespace } from './support.ts';

const SIZE = 200 * 1024 * 1024;
/** Bytes by which the process may grow while it loads SIZE of them. */
const GROWTH = 96 * 1024 * 1024;

const kubeconfig = kubeconfigPath();
test('artifacts and kept logs of a run on a real cluster', { skip: kubeconfig === undefined ? NO_CLUSTER : false }, async (t) => {
  const cluster = await connect(kubeconfig ?? '');
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'tiphys-browse-'));
  t.after(async () => {
    await cluster.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  await withNamespace(cluster, 'browse', async (namespace) => {
    await createArtifactStore(cluster, namespace);
    // As the command line names the cluster, which shares the kept logs.
    const clusterId = (await loadKubeconfig({ paths: [kubeconfig ?? ''] })).current ?? '';
    const engine = createEngine({ cluster, clusterId, dataDir, registryMirrors: await mirrors() });
    t.after(() => engine.close());
    await engine.start(namespace);
    const run = async (name: string, script: string, artifacts: object[], spec: object = {}): Promise<Workflow> => {
      await engine.submit({ metadata: { name }, spec: { entrypoint: 'main', templates: [{ name: 'main', container: { image: 'debian', command: ['bash', '-c'], args: [script] }, outputs: { artifacts } }], ...spec } } as Workflow, { namespace });
      for (let tries = 0; tries < 600; tries++) {
        const found = await engine.getRun(namespace, name);
        if (found.status?.finishedAt) return found;
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
      throw new Error(`${name} did not end: ${JSON.stringify((await engine.getRun(namespace, name)).status)}`);
    };
    const cli = async (...args: string[]): Promise<{ code: number; out: string; err: string }> => {
      let out = '';
      let err = '';
      const code = await runProgram([...args, '-n', namespace], {
        out: (text) => { out += text; }, err: (text) => { err += text; }, env: { KUBECONFIG: kubeconfig, TIPHYS_DATA_DIR: dataDir, HOME: dataDir, PATH: process.env['PATH'] }, cwd: dataDir, tty: false, columns: 80,
        now: () => Date.now(), interrupted: new AbortController().signal, readStdin: () => Promise.resolve(''),
      }, '0', connectCli);
      return { code, out, err };
    };
    const contexts = { engine: () => Promise.resolve(engine) };
    const at = { contextId: 'e2e', namespace };
    const sink = <T>(items: T[]): Sink<T> => ({ push: (item) => { items.push(item); }, fail: (error) => { throw error; }, drained: () => Promise.resolve() });

    const none = { archive: { none: {} } };
    const done = await run('left', 'mkdir -p /o/dir/sub; echo hello > "/o/dir/a b"; echo deep > /o/dir/sub/c; ln -s /etc/passwd /o/dir/link; printf "{\\"a\\": [1, 2]}" > /o/data.json; head -c 209715200 /dev/urandom > /o/big; sha256sum < /o/big', [
      { name: 'dir', path: '/o/dir' }, { name: 'zipped', path: '/o/dir', archive: { zip: {} } }, { name: 'files', path: '/o/dir', ...none }, { name: 'data', path: '/o/data.json', ...none }, { name: 'big', path: '/o/big', ...none },
    ]);
    assert.equal(done.status?.phase, 'Succeeded', JSON.stringify(done.status));
    const nodeId = Object.keys(done.status.nodes ?? {})[0] ?? '';
    const ref = (name: string) => ({ nodeId, name });

    await t.test('listed with sizes, looked into whatever they are packed in, linked through the forwarded port', async () => {
      const verbs = artifactHandlers(contexts);
      const listed = await verbs['artifacts.list']({ ...at, name: 'left' });
      assert.deepEqual(listed.map(({ name, archive, key }) => [name, archive, key]), [
        ['dir', 'tar', 'art/left/left/dir.tgz'], ['zipped', 'zip', 'art/left/left/zipped.zip'], ['files', 'none', 'art/left/left/dir'], ['data', 'none', 'art/left/left/data.json'], ['big', 'none', 'art/left/left/big'],
      ]);
      const sizes = await verbs['artifacts.sizes']({ ...at, name: 'left', refs: listed.map(({ name }) => ref(name)) });
      assert.deepEqual(sizes.slice(2).map((size) => ('code' in size ? size.code : [size.files, size.bytes])), [[2, 11], [1, 13], [1, SIZE]]);
      const look = async (name: string, file?: string): Promise<ArtifactPreview | undefined> => {
        const items: ArtifactPreview[] = [];
        await artifactSources(contexts, { file: () => Promise.resolve(undefined), folder: () => Promise.resolve(undefined) })['artifacts.preview'].open({ ...at, name: 'left', ref: ref(name), ...(file !== undefined && { file }) }, sink(items), new AbortController().signal);
        return items[0];
      };
      const paths = (preview: ArtifactPreview | undefined): string[] => (preview?.kind === 'files' ? preview.files.map(({ path: name, target }) => `${name}${target === undefined ? '' : ` -> ${target}`}`).sort() : []);
      assert.deepEqual(paths(await look('dir')), ['dir/a b', 'dir/link -> /etc/passwd', 'dir/sub/c']);
      assert.deepEqual(paths(await look('zipped')), ['dir/a b', 'dir/sub/c']);
      assert.deepEqual(paths(await look('files')), ['a b', 'sub/c']);
      for (const [name, file] of [['dir', 'dir/sub/c'], ['zipped', 'dir/sub/c'], ['files', 'sub/c']] as const) assert.deepEqual(await look(name, file), { kind: 'text', path: file, size: 5, text: 'deep\n', cut: false });
      assert.deepEqual(await look('data'), { kind: 'text', path: '', size: 13, text: '{"a": [1, 2]}', cut: false });
      const raw = await look('big');
      assert.deepEqual([raw?.kind, raw?.kind === 'bytes' && [raw.size, raw.cut]], ['bytes', [SIZE, true]]);
      const { url, local } = await verbs['artifacts.link']({ ...at, name: 'left', ref: ref('data'), seconds: 60 });
      assert.ok(local && !url.includes('S3RVER/S3RVER'));
      assert.equal(await fetch(url).then((answer) => answer.text()), '{"a": [1, 2]}');
    });

    await t.test('200 MiB downloaded to the chosen place, without the memory of them; cancelled half-way, nothing stays', async () => {
      const folder = mkdtempSync(path.join(dataDir, 'to-'));
      const target = path.join(folder, 'big');
      const download = (items: StreamItems['artifacts.download'][], onItem: (item: StreamItems['artifacts.download']) => void, signal: AbortSignal): Promise<void> => Promise.resolve(
        artifactSources(contexts, { file: () => Promise.resolve(target), folder: () => Promise.resolve(folder) })['artifacts.download'].open({ ...at, name: 'left', ref: ref('big'), unpack: false }, { ...sink(items), push: (item) => { items.splice(0, items.length, item); onItem(item); } }, signal));
      const start = process.memoryUsage().rss;
      let peak = start;
      const items: StreamItems['artifacts.download'][] = [];
      const began = performance.now();
      await download(items, () => { peak = Math.max(peak, process.memoryUsage().rss); }, new AbortController().signal);
      t.diagnostic(`200 MiB in ${((performance.now() - began) / 1000).toFixed(1)} s, memory grew by ${((peak - start) / 1048576).toFixed(0)} MiB`);
      assert.deepEqual(items, [{ bytes: 0, end: { name: 'big' } }]);
      const hash = createHash('sha256');
      for await (const chunk of createReadStream(target)) hash.update(chunk as Buffer);
      const said = await readText(cluster.logs(namespace, 'left', { container: 'main' }));
      assert.equal(`${hash.digest('hex')}  -`, said.trim());
      assert.ok(peak - start < GROWTH, `it grew by ${peak - start} bytes`);
      rmSync(target);
      const stop = new AbortController();
      await assert.rejects(download([], ({ bytes }) => { if (bytes > SIZE / 10) stop.abort(); }, stop.signal), { code: 'cancelled' });
      assert.deepEqual(readdirSync(folder), []);
    });

    await t.test('the command line: the list, an archive unpacked, one file of it', async () => {
      const { out, err } = await cli('artifacts', 'left');
      assert.match(out, /^left +dir +output +s3 +\d+B +\d+s +art\/left\/left\/dir\.tgz$/m, err);
      assert.match(out, /^left +big +output +s3 +200MiB /m);
      assert.match((await cli('cp', 'left:dir', 'got')).err, /^Left out.*dir\/link/);
      assert.equal(readFileSync(path.join(dataDir, 'got/a b'), 'utf8'), 'hello\n');
      assert.equal((await cli('cp', 'left:zipped/sub/c', '.')).code, 0);
      assert.equal(readFileSync(path.join(dataDir, 'c'), 'utf8'), 'deep\n');
    });

    await t.test('the log of a Pod that podGC deleted is kept; when it is cleared, the archived one is read', async () => {
      const quick = await run('quick', 'echo one; echo two', [], { archiveLogs: true, podGC: { strategy: 'OnPodCompletion' } });
      assert.equal(quick.status?.phase, 'Succeeded');
      for (let tries = 0; (await cluster.list(RESOURCE.pod, namespace, { labelSelector: 'workflows.argoproj.io/workflow=quick' })).items.length > 0; tries++) {
        assert.ok(tries < 240, 'podGC deletes the Pod');
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
      const stream = async (): Promise<{ lines: string[]; source: unknown }> => {
        const items: StreamItems['runs.logs'][] = [];
        await runSources(contexts, realTimers)['runs.logs'].open({ ...at, name: 'quick', follow: true }, sink(items), new AbortController().signal);
        return { lines: items.flatMap(({ lines }) => lines.map(({ text }) => text)), source: items.find(({ source }) => source !== undefined)?.source };
      };
      const printed = async (): Promise<unknown[]> => {
        const { code, out, err } = await cli('logs', 'quick', '--no-prefix');
        return [code, out, /as it was kept/.test(err)];
      };
      assert.deepEqual(await stream(), { lines: ['one', 'two'], source: 'kept' });
      assert.deepEqual(await printed(), [0, 'one\ntwo\n', true]);
      await clearKeptLogs(dataDir);
      assert.deepEqual(await stream(), { lines: ['one', 'two'], source: 'archived' });
      assert.deepEqual(await printed(), [0, 'one\ntwo\n', false]);
    });
  });
});
