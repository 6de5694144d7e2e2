import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster, Engine, RunListChange, RunSummary } from '../../engine/index.ts';
import { AppError } from '../../engine/spec/error.ts';
import type { ContextSummary } from '../ipc/contract.ts';
import { realTimers } from '../pump.ts';
import { Contexts, initialsOf } from './contexts.ts';
import type { ContextEntry } from './contexts.ts';
import type { Place } from './settings.ts';

interface FakeCluster { id: string; closed: boolean; cluster: Cluster }

/** Contexts over clusters that are always there; what was opened, started and closed is recorded. */
function world(places: Place[] = []) {
  const made: FakeCluster[] = [];
  const started: string[] = [];
  const closedEngines: string[] = [];
  const watchers = new Map<string, (change: RunListChange) => void>();
  let kept = places;
  let changed: () => void = () => undefined;
  const entry = (id: string, revision = '1'): ContextEntry => ({
    id, name: id, namespace: 'team-a', kind: id === 'local' ? 'local' : 'kubeconfig', revision,
    open: () => {
      const fake: FakeCluster = {
        id, closed: false,
        cluster: {
          version: () => Promise.resolve({ major: 1, minor: 34, gitVersion: 'v1.34.4' }), can: ({ verb }: { verb: string }) => Promise.resolve(verb !== 'delete'), reconnect: () => undefined,
          list: () => (id === 'limited' ? Promise.reject(new AppError('forbidden', 'no')) : Promise.resolve({ items: [{ metadata: { name: 'b' } }, { metadata: { name: 'a' } }], resourceVersion: '1' })),
          resourceFor: () => Promise.resolve(undefined), close: () => { fake.closed = true; return Promise.resolve(); },
        } as unknown as Cluster,
      };
      made.push(fake);
      return Promise.resolve(fake.cluster);
    },
  });
  let entries = [entry('one'), entry('limited'), entry('local')];
  const contexts = new Contexts({
    source: { ready: Promise.resolve(), list: () => entries, onChange: (callback) => { changed = callback; } },
    createEngine: (_cluster, clusterId) => ({
      start: (namespace: string) => { started.push(`${clusterId}/${namespace}`); return Promise.resolve({ state: 'us' }); },
      definitions: { watch: () => ({ close: () => undefined, refresh: () => undefined }) },
      watchRuns: (namespace: string, onChange: (change: RunListChange) => void) => { watchers.set(`${clusterId}/${namespace}`, onChange); return { close: () => watchers.delete(`${clusterId}/${namespace}`), refresh: () => undefined }; },
      store: () => Promise.resolve({ store: 'disk', reason: 'no CRDs' }), close: () => { closedEngines.push(clusterId); return Promise.resolve(); },
    } as unknown as Engine),
    places: { get: () => kept, set: (next) => { kept = next; } },
    timers: realTimers, random: () => 0, log: () => undefined,
  });
  return { contexts, made, started, closedEngines, watchers, entry, places: () => kept, change: (next: ContextEntry[]) => { entries = next; changed(); } };
}

const run = (name: string, phase: RunSummary['phase'], ours = true): RunSummary => ({ namespace: 'n', name, uid: name, phase, createdAt: '', ours, suspended: false, counts: {} });

test('lists every context, connects none', async () => {
  const { contexts, made } = world();
  const list = await contexts.handlers['contexts.list'](undefined);
  assert.deepEqual(list.map(({ id, state }) => [id, state.state]), [['one', 'idle'], ['limited', 'idle'], ['local', 'idle']]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(made.length, 0);
  await contexts.close();
});

test('namespaces: all, or the one of the context where listing is forbidden', async () => {
  const { contexts } = world();
  assert.deepEqual(await contexts.handlers['contexts.namespaces']({ contextId: 'one' }), { namespaces: ['a', 'b'], forbidden: false });
  assert.deepEqual(await contexts.handlers['contexts.namespaces']({ contextId: 'limited' }), { namespaces: ['team-a'], forbidden: true });
  await contexts.close();
});

test('rights are told by name, with where runs are kept and why', async () => {
  const { contexts } = world();
  const permissions = await contexts.handlers['contexts.permissions']({ contextId: 'one', namespace: 'n' });
  assert.equal(permissions.may['create pods'], true);
  assert.equal(permissions.may['delete pods'], false);
  assert.deepEqual([permissions.crds, permissions.store, permissions.storeReason], [false, 'disk', 'no CRDs']);
  await contexts.close();
});

test('where runs of ours are unfinished is remembered, and forgotten when they end', async () => {
  const { contexts, watchers, places } = world();
  await contexts.startEngine('one', 'n');
  const change = watchers.get('one/n')!;
  change({ upserts: [run('others', 'Running', false), run('done', 'Succeeded')], removed: [], reset: true });
  assert.deepEqual(places(), []);
  change({ upserts: [run('a', 'Running'), run('b', '')], removed: [], reset: false });
  assert.deepEqual(places(), [{ contextId: 'one', namespace: 'n' }]);
  change({ upserts: [run('a', 'Failed')], removed: [], reset: false });
  assert.equal(places().length, 1);
  change({ upserts: [], removed: ['b'], reset: false });
  assert.deepEqual(places(), []);
  await contexts.close();
});

test('at the next start only those places are taken up, one that is gone does no harm', async () => {
  const { contexts, started, made } = world([{ contextId: 'one', namespace: 'n' }, { contextId: 'gone', namespace: 'n' }]);
  await contexts.resume();
  assert.deepEqual(started, ['one/n']);
  assert.deepEqual(made.map(({ id }) => id), ['one']);
  await contexts.close();
});

test('a changed kubeconfig touches only the contexts that changed', async () => {
  const { contexts, made, entry, change, closedEngines } = world();
  await contexts.startEngine('one', 'n');
  await contexts.startEngine('local', 'n');
  const seen: ContextSummary[][] = [];
  const stop = new AbortController();
  await contexts.sources.contexts.open(undefined, { push: (list) => { seen.push(list); }, fail: () => undefined, drained: () => Promise.resolve() }, stop.signal);
  change([entry('one', '2'), entry('new'), entry('local')]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(seen.at(-1)?.map(({ id, state }) => [id, state.state]), [['one', 'idle'], ['new', 'idle'], ['local', 'online']]);
  assert.deepEqual(closedEngines, ['one']);
  assert.deepEqual(made.map(({ id, closed }) => [id, closed]), [['one', true], ['local', false]]);
  await assert.rejects(contexts.engine('limited'), { code: 'not-found' });
  stop.abort();
  await contexts.close();
  assert.ok(made.every(({ closed }) => closed));
});

test('badges tell contexts apart', () => {
  for (const [name, initials] of [['local', 'LO'], ['team-a-prod', 'TA'], ['gke_my-project_europe-west1_main-cluster', 'MC'], ['arn:aws:eks:eu-west-1:123:cluster/billing', 'BI'], ['kubernetes-admin@kind', 'KI'], ['ünï kode', 'ÜK'], ['---', '?'], ['x', 'X']] as const) assert.equal(initialsOf(name), initials, name);
});
