/** data templates and manifests out of artifacts, with an S3 server of the real cluster. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RESOURCE } from '../../engine/kube/port.ts';
import { connect, createArtifactStore, kubeconfigPath, NO_CLUSTER, told, withEngine, withNamespace } from './support.ts';

const kubeconfig = kubeconfigPath();
const RUN = `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: listed}
spec:
  entrypoint: main
  templates:
    - name: main
      steps:
        - - {name: make, template: make}
        - - {name: list, template: list}
          - {name: packed, template: apply, arguments: {artifacts: [{name: m, from: "{{steps.make.outputs.artifacts.m}}"}]}}
          - {name: raw, template: apply, arguments: {artifacts: [{name: m, raw: {data: "{apiVersion: v1, kind: ConfigMap, metadata: {name: from-raw}}"}}]}}
    - name: make
      script: {image: alpine, command: [sh], source: "echo '{apiVersion: v1, kind: ConfigMap, metadata: {name: from-artifact}}' > /tmp/m; for i in 1 2 3; do echo $i > /tmp/$i.log; done"}
      outputs:
        artifacts:
          - {name: m, path: /tmp/m}
          - {name: a, path: /tmp/1.log, archive: {none: {}}, s3: {key: logs/1.log}}
          - {name: b, path: /tmp/2.log, archive: {none: {}}, s3: {key: logs/deep/2.log}}
          - {name: c, path: /tmp/3.log, archive: {none: {}}, s3: {key: logs/3.txt}}
    - name: list
      data: {source: {artifactPaths: {name: all, s3: {key: logs}}}, transformation: [{expression: "filter(data, {# endsWith '.log'})"}, {expression: "map(data, {# + '!'})"}]}
    - name: apply
      inputs: {artifacts: [{name: m, path: /tmp/m}]}
      resource: {action: apply, manifestFrom: {artifact: {name: m}}}
`;

test('a data template lists the store, and manifests come out of artifacts, packed or raw', { skip: kubeconfig === undefined ? NO_CLUSTER : false }, async () => {
  const cluster = await connect(kubeconfig ?? '');
  try {
    await withNamespace(cluster, 'exec-data', async (namespace) => {
      await createArtifactStore(cluster, namespace);
      await withEngine(cluster, namespace, async (play) => {
        const run = await play(RUN);
        assert.equal(run.status?.phase, 'Succeeded', JSON.stringify(told(run)));
        assert.equal(Object.values(run.status.nodes ?? {}).find(({ displayName }) => displayName === 'list')?.outputs?.result, '["logs/1.log!","logs/deep/2.log!"]');
        for (const name of ['from-artifact', 'from-raw']) await cluster.get(RESOURCE.configMap, namespace, name);
      });
    });
  } finally {
    await cluster.close();
  }
});
