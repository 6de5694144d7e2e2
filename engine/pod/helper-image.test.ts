import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerStatus, Pod } from '../spec/kubernetes.ts';
import { helperImagePatch, helperPull, mayFareBetter } from './helper-image.ts';
import type { HelperPull } from './helper-image.ts';

const MUSL = 'docker.io/library/busybox:1.36-musl';
const PLAIN = 'docker.io/library/busybox:1.36';

function pod(init: Partial<ContainerStatus> | undefined, wait?: Partial<ContainerStatus>): Pod {
  const status = (name: string, more: Partial<ContainerStatus>): ContainerStatus => ({ name, image: MUSL, imageID: '', ready: false, restartCount: 0, ...more });
  return {
    metadata: { name: 'p' },
    spec: {
      initContainers: [{ name: 'init', image: MUSL, env: [{ name: 'TIPHYS_RUN', value: '' }] }, { name: 'theirs', image: 'nonesuch' }],
      containers: [{ name: 'wait', image: MUSL, env: [{ name: 'TIPHYS_OUTPUTS', value: '{}' }] }, { name: 'main', image: 'nonesuch' }],
    },
    status: { phase: 'Pending', initContainerStatuses: init ? [status('init', init)] : [], containerStatuses: wait ? [status('wait', wait)] : [] },
  };
}

const waiting = (reason: string, message = 'not found'): Partial<ContainerStatus> => ({ state: { waiting: { reason, message } } });

test('a helper that waits for its image fails; one that has ended well works', () => {
  for (const reason of ['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName']) assert.equal(helperPull(pod(waiting(reason)))?.state, 'fails', reason);
  assert.equal(helperPull(pod({ state: { terminated: { exitCode: 0 } } }, waiting('ErrImagePull')))?.state, 'works');
  assert.equal(helperPull(pod(undefined, waiting('ErrImagePull')))?.state, 'fails');
  assert.equal(helperPull(pod({ state: { terminated: { exitCode: 65 } } }))?.state, 'unfit');
  assert.equal(helperPull(pod({ state: { terminated: { exitCode: 1 } } }))?.state, 'open');
  assert.equal(helperPull(pod(waiting('PodInitializing')))?.state, 'open');
  assert.equal(helperPull(pod({ ...waiting('ErrImagePull'), image: PLAIN }))?.state, 'open', 'a status of another image');
});

test('the user\'s containers are no helpers, whatever their name', () => {
  const theirs: Pod = { metadata: {}, spec: { initContainers: [{ name: 'init', image: 'a' }], containers: [{ name: 'wait', image: 'b' }] } };
  assert.equal(helperPull(theirs), undefined);
  assert.deepEqual(helperImagePatch(theirs, PLAIN), { spec: {} });
  assert.deepEqual(helperImagePatch(pod(undefined), PLAIN), { spec: { initContainers: [{ name: 'init', image: PLAIN }], containers: [{ name: 'wait', image: PLAIN }] } });
});

test('a registry in trouble is not left for another image of it', () => {
  const failed = (message: string, reason = 'ErrImagePull', image = MUSL): HelperPull => ({ image, state: 'fails', reason, message });
  const missing = `failed to resolve reference "${MUSL}": ${MUSL}: not found`;
  assert.equal(mayFareBetter(failed(missing), PLAIN), true);
  assert.equal(mayFareBetter(failed('dial tcp: lookup registry-1.docker.io: no such host'), PLAIN), true, 'what a mirror lacks');
  assert.equal(mayFareBetter(failed(`Back-off pulling image "${MUSL}": ErrImagePull: ${missing}`, 'ImagePullBackOff'), PLAIN), true);
  for (const message of ['429 Too Many Requests', 'toomanyrequests: the limit is reached', 'unexpected status: 503']) {
    assert.equal(mayFareBetter(failed(message), PLAIN), false, message);
    assert.equal(mayFareBetter(failed(message), 'quay.io/tools/busybox'), true, message);
  }
  assert.equal(mayFareBetter(failed(`Back-off pulling image "${MUSL}"`, 'ImagePullBackOff'), PLAIN), false);
  assert.equal(mayFareBetter(failed('couldn\'t parse image name', 'InvalidImageName', 'A B'), 'busybox'), true);
});
