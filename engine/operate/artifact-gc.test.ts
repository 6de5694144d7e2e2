import { test } from 'node:test';
import assert from 'node:assert/strict';
import { collectorPod } from '../pod/collector.ts';
import type { Pod } from '../spec/kubernetes.ts';
import type { Artifact, Workflow, WorkflowSpec } from '../spec/types.ts';
import { operate } from './operate.ts';
import type { CollectorPlan, Outcome } from './types.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const OPTIONS = { busybox: 'busybox', curl: 'curl', git: 'git' };
const FINALIZER = 'workflows.argoproj.io/artifact-gc';
const s3 = (key: string): Partial<Artifact> => ({ s3: { endpoint: 'e:9000', bucket: 'b', key, accessKeySecret: { name: 'cred', key: 'a' }, secretKeySecret: { name: 'cred', key: 's' } } });

function run(spec: WorkflowSpec, artifacts: Artifact[], metadata: Workflow['metadata'] = {}, status: Workflow['status'] = {}): Workflow {
  return {
    metadata: { name: 'w', namespace: 'ns', labels: { 'workflows.argoproj.io/completed': 'true' }, finalizers: [FINALIZER], ...metadata },
    spec: { entrypoint: 'main', templates: [{ name: 'main', container: { image: 'i' } }], ...spec },
    status: {
      phase: 'Succeeded', finishedAt: '2026-01-01T00:00:00Z', artifactRepositoryRef: { artifactRepository: { s3: { endpoint: 'repo:9000', bucket: 'r' } } },
      nodes: { w: { id: 'w', name: 'w', displayName: 'w', type: 'Pod', templateName: 'main', templateScope: 'local/w', phase: 'Succeeded', outputs: { artifacts } } }, ...status,
    },
  };
}

const look = (workflow: Workflow, pods: Pod[] = []): Outcome => operate(workflow, { pods: new Map(pods.map((pod) => [pod.metadata.name ?? '', pod])), reports: new Map() }, NOW);
const plans = (outcome: Outcome): CollectorPlan[] => outcome.actions.flatMap((action) => (action.type === 'collect-artifacts' ? action.plan : []));
const ended = (plan: CollectorPlan, message: string, phase = 'Succeeded'): Pod => ({
  ...collectorPod(plan, OPTIONS), status: { phase, containerStatuses: [{ name: 'main', state: { terminated: { exitCode: phase === 'Succeeded' ? 0 : 1, message } } }] },
});

test('a run that will have artifacts to delete gets the finalizer, others do not', () => {
  const begin = (spec: WorkflowSpec): string[] | undefined => look({ metadata: { name: 'w', namespace: 'ns', creationTimestamp: '2026-01-01T00:00:00Z' }, spec: { entrypoint: 'main', templates: [{ name: 'main', container: { image: 'i' } }], ...spec } }).workflow.metadata.finalizers;
  assert.deepEqual(begin({ artifactGC: { strategy: 'OnWorkflowDeletion' } }), [FINALIZER]);
  assert.deepEqual(begin({ templates: [{ name: 'main', container: { image: 'i' }, outputs: { artifacts: [{ name: 'o', path: '/o', ...s3('k'), artifactGC: { strategy: 'OnWorkflowCompletion' } }] } }] }), [FINALIZER]);
  assert.equal(begin({ artifactGC: { strategy: 'Never' } }), undefined);
  assert.equal(begin({}), undefined);
});

test('at the end the artifacts of that strategy are deleted once, marked, and the run is let go', () => {
  const workflow = run({ artifactGC: { strategy: 'OnWorkflowCompletion' } }, [{ name: 'a', ...s3('a') }, { name: 'b', s3: { key: 'b' } }, { name: 'c', ...s3('c'), artifactGC: { strategy: 'Never' } }]);
  const first = look(workflow);
  const [plan] = plans(first);
  assert.match(plan?.name ?? '', /^w-artgc-wfcomp-\d+$/);
  assert.deepEqual(plan?.artifacts.map(({ artifact, location }) => [artifact.name, location.s3?.['endpoint'], location.s3?.['key']]), [['a', 'e:9000', 'a'], ['b', 'repo:9000', 'b']]);
  const running = look(first.workflow, [{ ...collectorPod(plan, OPTIONS), status: { phase: 'Running' } }]);
  assert.deepEqual(plans(running), []);
  const done = look(running.workflow, [ended(plan, '{"failed":"","faults":""}')]);
  assert.deepEqual(done.workflow.status?.nodes?.['w']?.outputs?.artifacts?.map(({ deleted }) => deleted ?? false), [true, true, false]);
  assert.deepEqual(done.workflow.status.artifactGCStatus, { podsRecouped: { [plan.name]: true }, strategiesProcessed: { OnWorkflowCompletion: true } });
  assert.deepEqual(done.workflow.metadata.finalizers, []);
  const after = look(done.workflow);
  assert.deepEqual([after.changed, after.actions], [false, []]);
});

test('what is deleted with the run waits for that, in one Pod for each account and metadata', () => {
  const gc = { artifactGC: { strategy: 'OnWorkflowDeletion' } };
  const artifacts = [{ name: 'a', ...s3('a') }, { name: 'b', ...s3('b'), artifactGC: { serviceAccountName: 'other', podMetadata: { annotations: { x: 'y' } } } }];
  assert.deepEqual(look(run(gc, artifacts)).actions, []);
  const deleting = look(run(gc, artifacts, { deletionTimestamp: '2026-01-01T00:00:00Z' }));
  assert.deepEqual(plans(deleting).map(({ serviceAccountName, annotations, artifacts: all }) => [serviceAccountName, annotations, all.length]), [[undefined, {}, 1], ['other', { x: 'y' }, 1]]);
  const done = look(deleting.workflow, plans(deleting).map((plan) => ended(plan, '{"failed":"","faults":""}')));
  assert.deepEqual(done.workflow.metadata.finalizers, []);
});

test('a run that is deleted in the middle starts nothing more', () => {
  const workflow = run({ artifactGC: { strategy: 'OnWorkflowDeletion' } }, [], { labels: {}, deletionTimestamp: '2026-01-01T00:00:00Z' }, { phase: 'Running', nodes: {} });
  const { actions, workflow: after } = look(workflow);
  assert.deepEqual([actions, after.metadata.finalizers], [[], []]);
});

test('what cannot be deleted is told and holds the run, unless it may go all the same', () => {
  for (const force of [false, true]) {
    const first = look(run({ artifactGC: { strategy: 'OnWorkflowCompletion', forceFinalizerRemoval: force } }, [{ name: 'a', ...s3('a') }, { name: 'b', ...s3('b') }]));
    const [plan] = plans(first);
    const done = look(first.workflow, [ended(plan!, `{"failed":"1","faults":"${btoa('s3 b: no')}"}`, 'Failed')]);
    assert.deepEqual(done.workflow.status?.nodes?.['w']?.outputs?.artifacts?.map(({ deleted }) => deleted ?? false), [true, false]);
    const condition = done.workflow.status.conditions?.find(({ type }) => type === 'ArtifactGCError');
    assert.equal(condition?.message, `Artifact Garbage Collection failed for strategy OnWorkflowCompletion, pod ${plan!.name}: s3 b: no`);
    assert.deepEqual(done.workflow.metadata.finalizers, force ? [] : [FINALIZER]);
    assert.deepEqual(look(done.workflow, [ended(plan!, '', 'Failed')]).actions, []);
  }
});

test('many artifacts are deleted in portions that stay the same while others are done', () => {
  const artifacts = Array.from({ length: 150 }, (_, i): Artifact => ({ name: `a${i}`, ...s3(`k${i}`) }));
  const first = look(run({ artifactGC: { strategy: 'OnWorkflowCompletion' } }, artifacts));
  const [one, two] = plans(first);
  assert.deepEqual([one?.artifacts.length, two?.artifacts.length], [100, 50]);
  const half = look(first.workflow, [ended(one!, '{"failed":"","faults":""}')]);
  assert.deepEqual(plans(half).map(({ name }) => name), [two!.name]);
});
