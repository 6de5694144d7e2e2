import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../spec/kubernetes.ts';
import type { HTTPTemplate, Parameter, Workflow } from '../spec/types.ts';
import { judgeResponse } from './http.ts';
import { operate } from './operate.ts';
import type { Observed, PodPlan } from './types.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');

function workflow(http: HTTPTemplate): Workflow {
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { name: 'wf', namespace: 'ns', uid: 'u' }, spec: { entrypoint: 'main', templates: [{ name: 'main', http }] } };
}

function observed(plan: PodPlan, exitCode: number, message: string | undefined, parts: Record<string, string>): Observed {
  const terminated = { exitCode, finishedAt: '2026-01-01T00:00:01Z', ...(message === undefined ? {} : { message }) };
  const pod: Pod = { metadata: { name: plan.name, labels: plan.labels }, spec: plan.spec, status: { phase: exitCode === 0 ? 'Succeeded' : 'Failed', containerStatuses: [{ name: 'main', state: { terminated } }] } };
  const parameters = Object.entries(parts).map(([name, value]): Parameter => ({ name, value }));
  return { pods: new Map([[plan.nodeId, pod]]), reports: new Map([[plan.nodeId, { complete: true, outputs: { parameters } }]]) };
}

function planned(http: HTTPTemplate): { plan: PodPlan; workflow: Workflow } {
  const outcome = operate(workflow(http), { pods: new Map(), reports: new Map(), settings: { curlImage: 'mirror/curl' } }, NOW);
  const [action] = outcome.actions;
  assert.equal(action?.type, 'create-pod');
  return { plan: (action as { plan: PodPlan }).plan, workflow: outcome.workflow };
}

test('the request goes to a Pod; a secret reaches it by reference only', () => {
  const { plan, workflow: run } = planned({ url: 'http://x/$(HOME)', method: 'post', body: '{}', headers: [{ name: 'Authorization', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }, { name: 'A', value: 'b' }] });
  const [main] = plan.spec.containers;
  assert.equal(main?.image, 'mirror/curl');
  assert.deepEqual(main.env, [
    { name: 'HTTP_METHOD', value: 'POST' }, { name: 'HTTP_URL', value: 'http://x/$$(HOME)' }, { name: 'HTTP_BODY', value: '{}' }, { name: 'HTTP_HEADERS', value: '2' },
    { name: 'HTTP_HEADER_0_NAME', value: 'Authorization' }, { name: 'HTTP_HEADER_0', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
    { name: 'HTTP_HEADER_1_NAME', value: 'A' }, { name: 'HTTP_HEADER_1', value: 'b' },
  ]);
  const node = run.status?.nodes?.['wf'];
  assert.deepEqual([node?.type, node?.phase], ['HTTP', 'Pending']);
});

test('the response makes the node: phase, message and result', () => {
  const end = (http: HTTPTemplate, exitCode: number, message: string | undefined, parts: Record<string, string>): (string | undefined)[] => {
    const { plan, workflow: run } = planned(http);
    const done = operate(run, observed(plan, exitCode, message, parts), NOW + 1000).workflow.status?.nodes?.['wf'];
    return [done?.type, done?.phase, done?.message, done?.outputs?.result];
  };
  const http = { url: 'http://x' };
  assert.deepEqual(end(http, 0, undefined, { status: '200', headers: '', body: 'yes\n' }), ['HTTP', 'Succeeded', undefined, 'yes\n']);
  assert.deepEqual(end(http, 0, undefined, { status: '404', headers: '', body: 'no' }), ['HTTP', 'Failed', 'received non-2xx response code: 404', 'no']);
  assert.deepEqual(end(http, 6, 'curl: (6) Could not resolve host: x\n', {}), ['HTTP', 'Failed', 'curl: (6) Could not resolve host: x', undefined]);
  assert.deepEqual(end({ ...http, successCondition: 'response.statusCode == 404' }, 0, undefined, { status: '404', headers: '', body: '' }), ['HTTP', 'Succeeded', undefined, '']);
});

test('a success condition sees request and response', () => {
  const judged = (successCondition: string): string[] => {
    const { phase, message } = judgeResponse({ url: 'http://x', method: 'GET', headers: [{ name: 'x-a', value: '1' }], successCondition }, [
      { name: 'status', value: '201' }, { name: 'headers', value: 'HTTP/1.1 302 Found\r\nX-Old: 1\r\n\r\nHTTP/1.1 201 Created\r\ncontent-type: text/plain\r\nSet-Cookie: a\r\nset-cookie: b\r\n\r\n' }, { name: 'body', value: 'hello' },
    ]);
    return [phase, message];
  };
  assert.deepEqual(judged('response.statusCode in [200, 201] && response.body contains "ell"'), ['Succeeded', '']);
  assert.deepEqual(judged('response.headers["Set-Cookie"][1] == "b" && request.headers["X-A"][0] == "1" && request.method == "GET"'), ['Succeeded', '']);
  assert.deepEqual(judged('"X-Old" in response.headers'), ['Failed', 'successCondition \'"X-Old" in response.headers\' evaluated false']);
  assert.deepEqual(judged('response.statusCode'), ['Failed', "unable to cast expression result '201' to bool"]);
  assert.equal(judged('nope.x')[0], 'Failed');
});
