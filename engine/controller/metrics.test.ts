import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WorkflowSpec } from '../spec/types.ts';
import { container, NS, withWorld, workflow } from './harness.test.ts';

const counted: WorkflowSpec = {
  entrypoint: 'main',
  metrics: { prometheus: [
    { name: 'run_seconds', help: 'of the run', gauge: { realtime: true, value: '{{workflow.duration}}' } },
    { name: 'runs_total', help: 'by "status"', labels: [{ key: 'status', value: '{{workflow.status}}' }], counter: { value: '1' } },
  ] },
  templates: [
    { name: 'main', steps: [[{ name: 'a', template: 'tried', continueOn: { failed: true } }, { name: 'b', template: 'size' }, { name: 'c', template: 'size', when: '1 == 2' }]] },
    container('tried', { retryStrategy: { limit: '2' }, metrics: { prometheus: [{ name: 'tries_total', help: 'tries', labels: [{ key: 'exit', value: '{{exitCode}}' }], counter: { value: '1' } }] } }),
    container('size', { metrics: { prometheus: [
      { name: 'size', help: 'size', when: '{{status}} == Succeeded', histogram: { value: '{{outputs.parameters.n}}', buckets: [1, 5] } },
      { name: 'left', help: 'left', gauge: { value: '7', operation: 'Sub' } },
      { name: 'wrong', help: 'wrong', counter: { value: 'many' } },
    ] }, outputs: { parameters: [{ name: 'n', valueFrom: { path: '/n' } }] } }),
  ],
};

test('metrics are derived from the runs, whoever asks, and a wrong one is a condition', async () => {
  await withWorld([{ node: /\.a/, exitCode: 3 }, { node: /\.b/, params: { n: '4' } }], async ({ engine, finish, clock }) => {
    const e = engine();
    await e.start(NS);
    await e.submit(workflow('counted', counted), { namespace: NS });
    const run = await finish('counted');
    assert.equal(run.status?.phase, 'Succeeded');
    assert.deepEqual(run.status.conditions?.find(({ type }) => type === 'MetricsError'), { type: 'MetricsError', status: 'True', message: 'could not construct metric \'wrong\': strconv.ParseFloat: parsing "many": invalid syntax' });
    const text = await e.metrics(NS);
    const lines = text.split('\n').filter((line) => !line.startsWith('#') && !line.startsWith('run_seconds'));
    assert.deepEqual(lines, [
      'left -7', 'runs_total{status="Succeeded"} 1', 'size_bucket{le="1"} 0', 'size_bucket{le="5"} 1', 'size_bucket{le="+Inf"} 1', 'size_sum 4', 'size_count 1', 'tries_total{exit="3"} 3', '',
    ]);
    assert.match(text, /# HELP runs_total by "status"\n# TYPE runs_total counter\n/);
    await clock.advance(60_000);
    assert.equal(await engine({ identity: 'another' }).metrics(NS), text);
  });
});

test('what is told in real time goes on while the run does', async () => {
  await withWorld([{ node: /./, hang: 'running' }], async ({ engine, clock, phase }) => {
    const e = engine();
    await e.start(NS);
    await e.submit(workflow('slow', { entrypoint: 'main', metrics: { prometheus: [{ name: 'seconds', help: 'x', gauge: { realtime: true, value: '{{workflow.duration}}' } }] }, templates: [container('main')] }), { namespace: NS });
    await clock.until(() => phase('slow') === 'Running', 10_000);
    const value = async (): Promise<number> => Number(/^seconds (.*)$/m.exec(await e.metrics(NS))?.[1]);
    const before = await value();
    await clock.advance(30_000);
    assert.ok(await value() >= before + 29);
  });
});
