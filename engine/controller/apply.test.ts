import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApplyOutcome, FieldClaim } from '../api.ts';
import { RESOURCE } from '../kube/port.ts';
import { LABEL } from '../spec/types.ts';
import type { WorkflowTemplate } from '../spec/types.ts';
import { NS, withWorld } from './harness.test.ts';

const template = (image: string, more: Partial<WorkflowTemplate['spec']> = {}): WorkflowTemplate => ({ metadata: { name: 'lib', namespace: NS }, spec: { entrypoint: 'main', templates: [{ name: 'main', container: { image, command: ['x'] } }], ...more } });
const asked = (outcome: ApplyOutcome): { changed: boolean; conflicts: FieldClaim[]; kept: FieldClaim[]; version: string } => {
  assert.ok(!('object' in outcome));
  return { changed: outcome.changed, conflicts: outcome.conflicts, kept: outcome.kept, version: outcome.current.metadata.resourceVersion ?? '' };
};

test('a template is saved by server-side apply: what others own is asked about, and taken only when that is said', async () => {
  await withWorld([], async ({ engine, cluster }) => {
    const { definitions } = engine();
    const stored = (): WorkflowTemplate => cluster.store.get(RESOURCE.workflowTemplate, NS, 'lib') as WorkflowTemplate;
    const other = (object: WorkflowTemplate): Promise<unknown> => cluster.patch(RESOURCE.workflowTemplate, NS, 'lib', { type: 'apply', body: object, fieldManager: 'kubectl', force: true });

    const first = await definitions.apply('WorkflowTemplate', NS, template('a'));
    assert.ok('object' in first && first.created);
    const again = await definitions.apply('WorkflowTemplate', NS, template('b'), { version: first.object.metadata.resourceVersion ?? '' });
    assert.ok('object' in again && !again.created, 'our own fields are no conflict');

    await other({ ...template('theirs', { activeDeadlineSeconds: 60 }), metadata: { name: 'lib', labels: { team: 'b' } } });
    const refused = asked(await definitions.apply('WorkflowTemplate', NS, template('mine'), { version: again.object.metadata.resourceVersion ?? '', base: again.object as WorkflowTemplate }));
    assert.equal(refused.changed, true);
    assert.deepEqual(refused.conflicts, [{ path: ['spec', 'templates'], manager: 'kubectl' }]);
    assert.deepEqual(refused.kept, [], 'what was not there when the change began is not missed');
    assert.equal(stored().spec.templates?.[0]?.container?.image, 'theirs', 'nothing was written');

    const base = stored();
    const gone = asked(await definitions.apply('WorkflowTemplate', NS, template('theirs'), { version: refused.version, base }));
    assert.deepEqual(gone.kept, [{ path: ['metadata', 'labels', 'team'], manager: 'kubectl' }, { path: ['spec', 'activeDeadlineSeconds'], manager: 'kubectl' }], 'what the person took out and others own');
    assert.equal(gone.changed, false);

    const done = await definitions.apply('WorkflowTemplate', NS, template('mine'), { version: refused.version, base, force: true, remove: gone.kept.map(({ path }) => path) });
    assert.ok('object' in done);
    assert.equal(stored().spec.templates?.[0]?.container?.image, 'mine');
    assert.equal(stored().spec.activeDeadlineSeconds, undefined);
    assert.equal(stored().metadata.labels?.['team'], undefined);
    const owners = await cluster.owners(RESOURCE.workflowTemplate, NS, 'lib');
    assert.deepEqual(owners.filter(({ fields }) => fields.some((field) => field.join('.') === 'spec.templates')).map(({ manager }) => manager), ['tiphys']);
  });
});

test('a new schedule is ours, one of somebody else stays theirs', async () => {
  await withWorld([], async ({ engine, cluster }) => {
    const { definitions } = engine();
    const cron = (schedule: string): Parameters<typeof definitions.apply>[2] => ({ metadata: { name: 'c' }, spec: { schedules: [schedule], workflowSpec: template('a').spec } });
    await definitions.apply('CronWorkflow', NS, cron('0 1 * * *'));
    assert.equal(cluster.store.get(RESOURCE.cronWorkflow, NS, 'c').metadata.labels?.[LABEL.instanceId], 'tiphys');
    cluster.store.delete(RESOURCE.cronWorkflow, NS, 'c');
    cluster.store.create(RESOURCE.cronWorkflow, { metadata: { name: 'c', namespace: NS }, spec: { schedules: ['0 1 * * *'] } });
    await definitions.apply('CronWorkflow', NS, cron('0 1 * * *'));
    assert.equal(cluster.store.get(RESOURCE.cronWorkflow, NS, 'c').metadata.labels?.[LABEL.instanceId], undefined);
  });
});

test('where the kind is not known, it is saved on this machine and guarded by its version', async () => {
  await withWorld([], async ({ engine }) => {
    const { definitions } = engine();
    const first = await definitions.apply('WorkflowTemplate', NS, template('a'));
    assert.ok('object' in first);
    const version = first.object.metadata.resourceVersion ?? '';
    assert.ok('object' in await definitions.apply('WorkflowTemplate', NS, template('b'), { version }));
    assert.equal(asked(await definitions.apply('WorkflowTemplate', NS, template('c'), { version })).changed, true);
  }, { crds: false });
});
