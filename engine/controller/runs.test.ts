/** Whole runs on the fake cluster. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { container, NS, withWorld, workflow } from './harness.test.ts';

test('a run of one step succeeds, with its Pod owned by it', async () => {
  await withWorld([], async ({ engine, finish, cluster, nodes }) => {
    const e = engine();
    assert.deepEqual(await e.start(NS), { state: 'us' });
    const made = await e.submit(workflow('hello', { entrypoint: 'main', templates: [container('main')] }), { namespace: NS });
    assert.equal(made.metadata.labels?.['workflows.argoproj.io/controller-instanceid'], 'tiphys');
    const run = await finish('hello');
    assert.equal(run.status?.phase, 'Succeeded');
    assert.equal(nodes('hello')['hello']?.phase, 'Succeeded');
    const [pod] = cluster.pods(NS);
    assert.equal(pod?.metadata.ownerReferences?.[0]?.uid, run.metadata.uid);
  });
});

test('steps and a dag hand outputs on', async () => {
  await withWorld([{ node: /\.produce$/, result: '42' }], async ({ engine, finish, made, nodes }) => {
    const e = engine();
    await e.start(NS);
    await e.submit(workflow('pipe', {
      entrypoint: 'main',
      templates: [
        { name: 'main', dag: { tasks: [
          { name: 'produce', template: 'produce' },
          { name: 'consume', template: 'consume', dependencies: ['produce'], arguments: { parameters: [{ name: 'n', value: '{{tasks.produce.outputs.result}}' }] } },
        ] } },
        { name: 'produce', script: { image: 'busybox', command: ['sh'], source: 'echo 42' } },
        { name: 'consume', inputs: { parameters: [{ name: 'n' }] }, container: { image: 'busybox', command: ['echo', '{{inputs.parameters.n}}'] } },
      ],
    }), { namespace: NS });
    const run = await finish('pipe');
    assert.equal(run.status?.phase, 'Succeeded');
    assert.equal(nodes('pipe')['pipe.consume']?.inputs?.parameters?.[0]?.value, '42');
    assert.deepEqual(made, ['pipe.produce', 'pipe.consume']);
  });
});
