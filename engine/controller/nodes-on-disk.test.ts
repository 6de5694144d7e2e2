/** Runs whose status is too large for the API server even when compressed. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { seeded } from '../kube/fake/index.ts';
import { RESOURCE } from '../kube/port.ts';
import { isAppError } from '../spec/error.ts';
import type { WorkflowSpec } from '../spec/types.ts';
import { container, killable, NS, withWorld, workflow } from './harness.test.ts';

const LIMIT = 60_000;

/** Text that no compression makes much smaller. */
function noise(seed: number): string {
  const random = seeded(seed);
  return Array.from({ length: 300 }, () => random().toString(36).slice(2)).join('');
}

/** Each of 30 steps hands on a text of its own. */
const rules = Array.from({ length: 30 }, (_, index) => ({ node: new RegExp(`\\(${index}:`), after: 2, params: { text: noise(index + 1) } }));

function spec(groups: string[]): WorkflowSpec {
  return {
    entrypoint: 'main',
    templates: [
      { name: 'main', steps: groups.map((name) => [{ name, template: 'one', withSequence: { count: 30 } }]) },
      container('one', { outputs: { parameters: [{ name: 'text', valueFrom: { path: '/text' } }] } }),
    ],
  };
}

test('its nodes are kept on disk, it says so, and it goes on to its end', async () => {
  await withWorld(rules, async ({ engine, finish, cluster, made, clock, dataDir, run }) => {
    const e = engine();
    await e.start(NS);
    await e.submit(workflow('huge', spec(['one'])), { namespace: NS });
    const kept = await finish('huge');
    assert.equal(kept.status?.phase, 'Succeeded');
    assert.equal(made.length, 30);
    assert.equal(kept.status.nodes ?? kept.status.compressedNodes, undefined);
    const refused = cluster.requests.filter((r) => r.verb === 'update' && r.type.plural === 'workflows' && r.error !== undefined);
    assert.ok(refused.length >= 1 && refused.length <= 2, `${refused.length} saves refused`);
    await clock.advance(10_000);
    const condition = run('huge').status?.conditions?.find(({ type }) => type === 'NodesOnDisk');
    assert.match(condition?.message ?? '', /32 nodes .* kept on .* split the workflow/);
    assert.equal(Object.keys((await e.getRun(NS, 'huge')).status?.nodes ?? {}).length, 32);
    assert.equal((await e.listRuns(NS))[0]?.counts.Succeeded, 30);
    const files = (await readdir(path.join(dataDir, 'nodes'), { recursive: true })).filter((file) => file.endsWith('.json.gz'));
    assert.equal(files.length, 1, 'older versions are gone');
    await e.act(NS, 'huge', { action: 'delete' });
    await clock.advance(1_000);
    assert.deepEqual((await readdir(path.join(dataDir, 'nodes'), { recursive: true })).filter((file) => file.endsWith('.json.gz')), []);
  }, { maxObjectBytes: LIMIT });
});

test('an engine that died is followed by one that finds all of it; on another machine it is left alone, and can be deleted', async () => {
  await withWorld(rules, async (world) => {
    const { engine, abandon, cluster, finish, made, clock } = world;
    const first = killable(cluster);
    const e = engine({ cluster: first.cluster });
    await e.start(NS);
    await e.submit(workflow('huge', spec(['one', 'two'])), { namespace: NS });
    await clock.until(() => cluster.store.list(RESOURCE.workflow, NS).items.some((item) => item.metadata.annotations?.['tiphys.dev/nodes-on-disk'] !== undefined), 60_000);
    first.kill();
    abandon(e);
    const elsewhere = await mkdtemp(path.join(tmpdir(), 'tiphys-elsewhere-'));
    try {
      const stranger = engine({ dataDir: elsewhere });
      await stranger.start(NS);
      const before = made.length;
      await clock.advance(120_000);
      assert.equal(made.length, before, 'no step is done twice');
      assert.equal(world.phase('huge'), 'Running');
      await assert.rejects(stranger.getRun(NS, 'huge'), (error) => isAppError(error, 'unavailable') && error.message.includes(hostname()));
      assert.match((await stranger.listRuns(NS))[0]?.note ?? '', /are kept on|more than the API server keeps/);
      await stranger.close();
      const second = engine();
      await second.start(NS);
      const run = await finish('huge');
      assert.equal(run.status?.phase, 'Succeeded');
      assert.equal(new Set(made).size, made.length);
      assert.equal(made.length, 60);
      const another = engine({ dataDir: elsewhere });
      await another.act(NS, 'huge', { action: 'delete' });
      assert.equal(world.phase('huge'), '');
    } finally {
      await rm(elsewhere, { recursive: true, force: true });
    }
  }, { maxObjectBytes: LIMIT });
});
