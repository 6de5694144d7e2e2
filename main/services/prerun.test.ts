import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Diagnostic, Engine, Workflow } from '../../engine/index.ts';
import { AppError } from '../../engine/spec/error.ts';
import type { StreamItems, StreamRequest } from '../ipc/contract.ts';
import { prerunHandlers, prerunSources } from './prerun.ts';

const TEXT = `apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: nightly}
spec:
  schedules: ["0 1 * * *"]
  workflowSpec:
    entrypoint: main
    templates:
    - name: main
      dag:
        tasks:
        - {name: a, template: work}
        - {name: b, template: work, dependencies: [a]}
    - name: work
      container: {image: busybox, command: ["true"]}
`;

const offline = { engine: () => Promise.reject(new AppError('unreachable', 'no network')) };

async function play(request: Partial<StreamRequest<'runs.simulate'>>): Promise<StreamItems['runs.simulate'][]> {
  const items: StreamItems['runs.simulate'][] = [];
  const sink = { push: (item: StreamItems['runs.simulate']) => { items.push(item); }, fail: (error: unknown) => { throw error; }, drained: () => Promise.resolve() };
  await prerunSources(offline, () => 0)['runs.simulate'].open({ contextId: 'x', namespace: 'ns', text: TEXT, parameters: {}, rules: [], duration: 2, ...request }, sink, new AbortController().signal);
  return items;
}

test('a schedule is simulated as the workflow it would start, also without its cluster', async () => {
  const items = await play({ rules: [{ node: 'nightly-.a', outcome: 'Failed' }] });
  const end = items.at(-1)?.end;
  assert.equal(end?.workflow.status?.phase, 'Failed');
  assert.deepEqual(end.plans.map(({ nodeName }) => nodeName), ['nightly-.a']);
  assert.equal(end.workflow.status.nodes, undefined);
});

test('what does not fit into one message is merged in order', async () => {
  const [first, second] = [{ frames: [{ atMs: 0, phase: 'Running' as const, nodes: [] }] }, { frames: [{ atMs: 5, phase: 'Succeeded' as const, nodes: [] }] }];
  assert.deepEqual(prerunSources(offline, () => 0)['runs.simulate'].merge?.(first, second).frames.map(({ atMs }) => atMs), [0, 5]);
  await assert.rejects(play({ text: 'kind: Pod' }), { code: 'invalid' });
});

test('a dry run asks the engine for the workflow of the text', async () => {
  const asked: Workflow[] = [];
  const told: Diagnostic[] = [{ severity: 'error', code: 'server-invalid', message: 'no', path: ['spec'] }];
  const engine = { dryRun: (workflow: Workflow) => { asked.push(workflow); return Promise.resolve(told); } } as unknown as Engine;
  assert.deepEqual(await prerunHandlers({ engine: () => Promise.resolve(engine) })['runs.dryRun']({ contextId: 'x', namespace: 'ns', text: TEXT, parameters: {} }), told);
  assert.equal(asked[0]?.metadata.generateName, 'nightly-');
});
