// Saving a template on the real API server: conflicts as it names them, and who owns which field afterwards.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { createEngine } from '../../engine/index.ts';
import { RESOURCE } from '../../engine/kube/port.ts';
import type { WorkflowTemplate } from '../../engine/spec/types.ts';
import { connect, kubeconfigPath, NO_CLUSTER, withNamespace } from './support.ts';

const kubeconfig = kubeconfigPath();

test('what another manager set is named, taken only when that is said, and taken out with its owner told', { skip: kubeconfig === undefined ? NO_CLUSTER : false, timeout: 60_000 }, async () => {
  const cluster = await connect(kubeconfig ?? '');
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'tiphys-apply-'));
  const engine = createEngine({ cluster, clusterId: 'apply', dataDir });
  try {
    await withNamespace(cluster, 'apply', async (namespace) => {
      const template = (image: string, more: Partial<WorkflowTemplate['spec']> = {}): WorkflowTemplate => ({ metadata: { name: 'lib' }, spec: { entrypoint: 'main', templates: [{ name: 'main', container: { name: '', image, command: ['echo'] } }], ...more } });
      const first = await engine.definitions.apply('WorkflowTemplate', namespace, template('a'));
      assert.ok('object' in first && first.created);
      const version = first.object.metadata.resourceVersion ?? '';
      const labels = { 'team.example.com/x': 'b' };
      await cluster.patch(RESOURCE.workflowTemplate, namespace, 'lib', { type: 'apply', fieldManager: 'argocd', force: true, body: { ...template('theirs', { activeDeadlineSeconds: 60 }), metadata: { name: 'lib', labels } } });
      const refused = await engine.definitions.apply('WorkflowTemplate', namespace, template('mine'), { version });
      assert.ok(!('object' in refused));
      assert.deepEqual([refused.changed, refused.conflicts], [true, [{ path: ['spec', 'templates'], manager: 'argocd' }]]);
      const base = refused.current;
      const seen = { version: base.metadata.resourceVersion ?? '', base };
      const asked = await engine.definitions.apply('WorkflowTemplate', namespace, template('mine'), { ...seen, force: true });
      assert.ok(!('object' in asked));
      assert.deepEqual(asked.kept.map(({ path: place }) => place), [['metadata', 'labels', 'team.example.com/x'], ['spec', 'activeDeadlineSeconds']]);
      assert.ok('object' in await engine.definitions.apply('WorkflowTemplate', namespace, template('mine'), { ...seen, force: true, remove: asked.kept.map(({ path: place }) => place) }));
      const now = await cluster.get<WorkflowTemplate>(RESOURCE.workflowTemplate, namespace, 'lib');
      assert.deepEqual([now.spec.templates?.[0]?.container?.image, now.spec.activeDeadlineSeconds, now.metadata.labels], ['mine', undefined, undefined]);
      const owners = await cluster.owners(RESOURCE.workflowTemplate, namespace, 'lib');
      assert.deepEqual(owners.filter(({ fields }) => fields.some((field) => field.join('.').startsWith('spec.templates'))).map(({ manager }) => manager), ['tiphys']);
    });
  } finally {
    await engine.close();
    await cluster.close();
    await rm(dataDir, { recursive: true, force: true });
  }
});
