/** Steps whose Pods wait too long. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Template } from '../spec/types.ts';
import { container, NS, withWorld, workflow } from './harness.test.ts';

test('a Pod that waits longer than timeout or pendingTimeout fails its step, is deleted, and tried again where the step may be', async () => {
  await withWorld([{ node: /./, hang: 'pending' }], async ({ cluster, clock, engine, nodes, run, made, finish }) => {
    const e = engine();
    await e.start(NS);
    const steps = (job: string): Template => ({ name: 'main', steps: [[{ name: 'a', template: job }]] });
    const submit = async (name: string, ...templates: Template[]): Promise<void> => {
      await e.submit(workflow(name, { entrypoint: 'main', templates }), { namespace: NS });
    };
    await submit('steps', steps('job'), container('job', { pendingTimeout: '30s' }));
    await submit('dag', { name: 'main', dag: { tasks: [{ name: 'a', template: 'job' }] } }, container('job', { timeout: '30s' }));
    await submit('again', steps('job'), container('job', { pendingTimeout: '30', retryStrategy: { limit: 1 } }));
    await submit('free', steps('job'), container('job'));
    await clock.advance(29_000);
    assert.deepEqual(['steps', 'dag', 'again'].map((name) => run(name).status?.phase), ['Running', 'Running', 'Running']);
    for (const name of ['steps', 'dag']) {
      const { status } = await finish(name, 10);
      assert.equal(status?.phase, 'Failed');
      const node = Object.values(nodes(name)).find(({ displayName }) => displayName === 'a');
      assert.deepEqual([node?.phase, node?.message], ['Failed', 'timeout']);
    }
    assert.equal((await finish('again', 60)).status?.phase, 'Failed');
    assert.deepEqual(made.filter((node) => node.startsWith('again')), ['again[0].a(0)', 'again[0].a(1)']);
    assert.ok(await clock.until(() => cluster.pods(NS).length === 1, 5_000));
    assert.equal(run('free').status?.phase, 'Running', 'without a timeout a Pod may wait');
  });
});
