/** How far a step is, as it says itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NS, withWorld, workflow } from './harness.test.ts';

test('a running step is asked how far it is; what it said last stays when it fails', async () => {
  await withWorld([{ node: /teller/, hang: 'running' }], async ({ cluster, clock, engine, nodes, run, finish }) => {
    const asked = new Set<string>();
    const logs = cluster.logs.bind(cluster);
    cluster.logs = (namespace, name, options) => {
      if (options?.tailLines === 1) asked.add(name);
      return logs(namespace, name, options);
    };
    const e = engine();
    await e.start(NS);
    await e.submit(workflow('wf', { entrypoint: 'main', templates: [
      { name: 'main', steps: [[{ name: 'teller', template: 'teller' }, { name: 'silent', template: 'silent' }]] },
      { name: 'teller', script: { image: 'busybox', command: ['sh'], source: 'echo 3/10 > $ARGO_PROGRESS_FILE; sleep 60' } },
      { name: 'silent', container: { image: 'busybox', command: ['true'] } },
    ] }), { namespace: NS });
    await clock.advance(2_000);
    const pod = cluster.pods(NS).find(({ metadata }) => metadata.name?.includes('teller'))?.metadata.name ?? '';
    assert.equal(nodes('wf')['wf[0].teller']?.progress, '0/1');
    cluster.setLog(NS, pod, 'wait', 'progress 3/10\n');
    assert.ok(await clock.until(() => nodes('wf')['wf[0].teller']?.progress === '3/10', 10_000));
    assert.equal(run('wf').status?.progress, '4/11');
    cluster.setPodStatus(NS, pod, { podIP: '10.0.0.9' });
    cluster.setLog(NS, pod, 'wait', 'progress 3/10\nprogress 5/10\n');
    assert.ok(await clock.until(() => run('wf').status?.progress === '6/11', 10_000));
    cluster.finishPod(NS, pod, { exitCode: 1, containers: { wait: { exitCode: 0, message: JSON.stringify({ progress: '7/10', parameters: {} }) } } });
    await finish('wf');
    assert.equal(nodes('wf')['wf[0].teller']?.progress, '7/10');
    assert.deepEqual([...asked], [pod], 'nobody else is asked');
  });
});
