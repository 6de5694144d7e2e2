import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import type { Engine } from '../../engine/index.ts';
import { createEngine } from '../../engine/index.ts';
import { createFakeCluster } from '../../engine/kube/fake/index.ts';
import { RESOURCE } from '../../engine/kube/port.ts';
import type { StreamItems } from '../ipc/contract.ts';
import { artifactHandlers, artifactSources } from './artifacts.ts';
import type { SavingDialogs } from './artifacts.ts';

const root = mkdtempSync(path.join(os.tmpdir(), 'tiphys-artifacts-'));
const store = path.join(root, 'store');
const cluster = Object.assign(createFakeCluster(), { artifactFolder: store });
const engine: Engine = createEngine({ cluster, clusterId: 'fake', dataDir: path.join(root, 'data') });
after(async () => {
  await engine.close();
  await cluster.close();
  rmSync(root, { recursive: true, force: true });
});
mkdirSync(path.join(store, 'run/dir/sub'), { recursive: true });
writeFileSync(path.join(store, 'run/report.txt'), 'hello\n'.repeat(50_000));
writeFileSync(path.join(store, 'run/dir/sub/b'), 'B');
const artifact = (name: string, key: string, more = {}): object => ({ name, archive: { none: {} }, s3: { key }, ...more });
await cluster.create(RESOURCE.workflow, {
  metadata: { name: 'run', namespace: 'ns' }, spec: { entrypoint: 'main', templates: [] },
  status: {
    phase: 'Succeeded', startedAt: '2026-01-01T00:00:00Z', finishedAt: '2026-01-01T00:00:00Z', artifactRepositoryRef: { artifactRepository: { s3: { endpoint: 'folder.tiphys.local', bucket: 'artifacts' } } },
    nodes: { run: { id: 'run', name: 'run', displayName: 'run', type: 'Pod', phase: 'Succeeded', outputs: { artifacts: [artifact('report', 'run/report.txt'), artifact('dir', 'run/dir'), artifact('lost', 'run/lost'), artifact('old', 'run/old', { deleted: true })] } } },
  },
});

const at = { contextId: 'c', namespace: 'ns', name: 'run' };
const ref = (name: string) => ({ nodeId: 'run', name });
const contexts = { engine: () => Promise.resolve(engine) };
const verbs = artifactHandlers(contexts);

type Item = StreamItems['artifacts.download'];
async function download(name: string, unpack: boolean, dialogs: Partial<SavingDialogs>, onItem: (item: Item, stop: AbortController) => void = () => undefined): Promise<Item[]> {
  const items: Item[] = [];
  const stop = new AbortController();
  const never = (): Promise<never> => Promise.reject(new Error('not asked'));
  await artifactSources(contexts, { file: never, folder: never, ...dialogs })['artifacts.download'].open({ ...at, ref: ref(name), unpack }, {
    push: (item) => { items.push(item); onItem(item, stop); }, fail: (error) => { throw error; }, drained: () => Promise.resolve(),
  }, stop.signal);
  return items;
}

test('the artifacts of a run, how much there is of each, and why of some nothing', async () => {
  const listed = await verbs['artifacts.list'](at);
  assert.deepEqual(listed.map(({ name, key, kind, deleted }) => [name, key, kind, deleted]), [['report', 'run/report.txt', 's3', false], ['dir', 'run/dir', 's3', false], ['lost', 'run/lost', 's3', false], ['old', 'run/old', 's3', true]]);
  const sizes = await verbs['artifacts.sizes']({ ...at, refs: listed.map(({ name }) => ref(name)) });
  assert.deepEqual(sizes.map((size) => ('code' in size ? size.code : [size.files, size.bytes])), [[1, 300_000], [1, 1], 'not-found', 'gone']);
  const { url, local } = await verbs['artifacts.link']({ ...at, ref: ref('report'), seconds: 60 });
  assert.deepEqual([url, local], [`file://${store}/run/report.txt`, true]);
});

test('a preview is one item', async () => {
  const items: unknown[] = [];
  await artifactSources(contexts, { file: () => Promise.resolve(undefined), folder: () => Promise.resolve(undefined) })['artifacts.preview'].open({ ...at, ref: ref('dir'), file: 'sub/b' }, {
    push: (item) => { items.push(item); }, fail: (error) => { throw error; }, drained: () => Promise.resolve(),
  }, new AbortController().signal);
  assert.deepEqual(items, [{ kind: 'text', path: 'sub/b', size: 1, text: 'B', cut: false }]);
});

test('a download asks where, tells how far it is, and is whole or not there', async () => {
  const folder = mkdtempSync(path.join(root, 'to-'));
  const asked: string[] = [];
  const file = (name: string): Promise<string> => { asked.push(name); return Promise.resolve(path.join(folder, name)); };
  const items = await download('report', false, { file });
  assert.deepEqual([asked, items.at(-1)], [['report.txt'], { bytes: 0, end: { name: 'report.txt' } }]);
  assert.deepEqual([items.at(-2), readFileSync(path.join(folder, 'report.txt'), 'utf8').length], [{ bytes: 300_000, of: 300_000 }, 300_000]);
  for (const n of [1, 2]) assert.deepEqual((await download('dir', true, { folder: () => Promise.resolve(folder) })).at(-1)?.end, { name: n === 1 ? 'sub' : 'sub 2', files: 1, left: 0 });
  assert.deepEqual(readdirSync(folder).sort(), ['report.txt', 'sub', 'sub 2']);
  assert.deepEqual(await download('report', false, { file: () => Promise.resolve(undefined) }), [{ bytes: 0, end: {} }]);
});

test('a download that is cancelled leaves nothing; for what is not there no place is asked', async () => {
  const folder = mkdtempSync(path.join(root, 'to-'));
  await assert.rejects(download('report', false, { file: (name) => Promise.resolve(path.join(folder, name)) }, (_item, stop) => { stop.abort(); }), { code: 'cancelled' });
  assert.deepEqual(readdirSync(folder), []);
  await assert.rejects(download('lost', false, {}), { code: 'not-found', message: 'There is nothing under the key "run/lost".' });
  await assert.rejects(download('old', true, {}), { code: 'gone' });
});
