// The whole main process on a fake Electron: what it asks of Electron, and what it answers to the window.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { STREAMS, VERBS } from './ipc/contract.ts';
import type { ContextSummary, Sample, WireResult } from './ipc/contract.ts';
import { fakeElectron, runMain } from './testing/fake-electron.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'tiphys-main-'));
const fake = fakeElectron();
const MARKERS = ['MARKER-token-5f1d', 'MARKER-password-77aa', 'TUFSS0VSLWtleS1kYXRh', 'MARKER-exec-env-31'];

before(async () => {
  const kubeconfig = path.join(folder, 'config');
  writeFileSync(kubeconfig, `apiVersion: v1
kind: Config
current-context: secrets
clusters:
- {name: c, cluster: {server: "https://127.0.0.1:1", insecure-skip-tls-verify: true}}
users:
- {name: token, user: {token: ${MARKERS[0]!}}}
- {name: basic, user: {username: me, password: ${MARKERS[1]!}}}
- {name: key, user: {client-certificate-data: ${MARKERS[2]!}, client-key-data: ${MARKERS[2]!}}}
- {name: exec, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/false, args: [get-token], env: [{name: SECRET, value: ${MARKERS[3]!}}], interactiveMode: Never}}}
contexts:
- {name: secrets, context: {cluster: c, user: token}}
- {name: basic, context: {cluster: c, user: basic}}
- {name: key, context: {cluster: c, user: key}}
- {name: exec, context: {cluster: c, user: exec, namespace: team-a}}
`);
  process.env.KUBECONFIG = kubeconfig;
  process.env.TIPHYS_DATA_DIR = path.join(folder, 'data');
  process.env.TERM = 'xterm';
  await runMain(fake);
});
after(() => {
  fake.app.emit('before-quit', { preventDefault: () => undefined });
  setTimeout(() => { rmSync(folder, { recursive: true, force: true }); }, 200).unref();
  setTimeout(() => process.exit(), 1000).unref();
});

test('the window is as locked up as Electron allows', () => {
  assert.equal(fake.windows.length, 1);
  const [window] = fake.windows;
  const preferences = window!.options.webPreferences as Record<string, unknown>;
  const { preload, ...rest } = preferences;
  assert.match(String(preload), /out[\\/]main[\\/]preload\.cjs$/);
  assert.deepEqual(rest, {
    sandbox: true, contextIsolation: true, nodeIntegration: false, nodeIntegrationInWorker: false, nodeIntegrationInSubFrames: false, webSecurity: true,
    allowRunningInsecureContent: false, experimentalFeatures: false, webviewTag: false, navigateOnDragDrop: false, disableBlinkFeatures: 'Auxclick', spellcheck: false, safeDialogs: true,
  });
  assert.deepEqual(window!.urls, ['app://bundle/']);
  assert.ok(fake.calls.some(({ name }) => name === 'enableSandbox'));
  assert.deepEqual(fake.schemes, [{ scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
  assert.deepEqual([...fake.protocols.keys()], ['app']);
  assert.deepEqual([...fake.handlers.keys()], ['tiphys:invoke']);
  assert.deepEqual([...fake.listeners.keys()], ['tiphys:dropped', 'tiphys:subscribe']);
});

test('one instance only, its data in the folder it was told', () => {
  assert.ok(fake.calls.some(({ name }) => name === 'requestSingleInstanceLock'));
  const [setPath] = fake.calls.filter(({ name }) => name === 'setPath');
  assert.deepEqual(setPath?.args, ['userData', path.join(folder, 'data', 'window')]);
});

test('pages may not navigate, open windows or attach webviews', () => {
  const contents = Object.assign(new EventEmitter(), { setWindowOpenHandler: (handler: (details: { url: string }) => unknown) => { open = handler; } });
  let open: (details: { url: string }) => unknown = () => undefined;
  fake.app.emit('web-contents-created', {}, contents);
  const prevented = (event: string, url: string): boolean => {
    let denied = false;
    contents.emit(event, { url, preventDefault: () => { denied = true; } }, url);
    return denied;
  };
  for (const event of ['will-navigate', 'will-redirect', 'will-frame-navigate']) {
    assert.equal(prevented(event, 'app://bundle/index.html'), false, event);
    for (const url of ['https://example.com/', 'file:///etc/passwd', 'app://bundle.evil/', 'app://other/', 'javascript:alert(1)', 'data:text/html,x', 'about:blank', '']) assert.equal(prevented(event, url), true, `${event} ${url}`);
  }
  assert.equal(prevented('will-attach-webview', 'app://bundle/'), true);
  for (const url of ['https://example.com/', 'file:///etc/passwd', 'app://bundle/']) assert.deepEqual(open({ url }), { action: 'deny' });
});

test('permissions, devices, downloads and foreign requests are denied', () => {
  const decide = (permission: string, url: string): boolean => {
    let answer = true;
    (fake.session.permissionRequest![0] as (...args: unknown[]) => void)({}, permission, (granted: boolean) => { answer = granted; }, { requestingUrl: url });
    return answer;
  };
  for (const permission of ['media', 'geolocation', 'notifications', 'midi', 'pointerLock', 'openExternal', 'clipboard-read', 'fullscreen', 'hid', 'serial', 'usb']) assert.equal(decide(permission, 'app://bundle/'), false, permission);
  assert.equal(decide('clipboard-sanitized-write', 'app://bundle/'), true);
  assert.equal(decide('clipboard-sanitized-write', 'https://example.com/'), false);
  assert.equal(fake.session.device![0]!(), false);
  let prevented = false;
  fake.session.on![0]!({ preventDefault: () => { prevented = true; } });
  assert.equal(prevented, true);
  for (const [url, cancel] of [['app://bundle/main.js', false], ['https://example.com/', true], ['http://127.0.0.1:16443/', true], ['file:///etc/passwd', true], ['ws://localhost/', true]] as const) {
    let answer: unknown;
    fake.session.beforeRequest![0]!({ url }, (given: unknown) => { answer = given; });
    assert.deepEqual(answer, { cancel }, url);
  }
});

test('only https links leave the app, and only after a yes', async () => {
  const asked = (): number => fake.calls.filter(({ name }) => name === 'showMessageBox').length;
  const before = asked();
  for (const url of ['http://example.com/', 'file:///etc/passwd', 'javascript:alert(1)', 'https://user:pw@example.com/', 'mailto:a@b', '']) {
    const result = await fake.invoke('app.openExternal', { url });
    assert.equal(result.ok, false, url);
  }
  assert.equal(asked(), before);
  assert.equal((await fake.invoke('app.openExternal', { url: 'https://argo-workflows.readthedocs.io/en/latest/' })).ok, true);
  assert.equal(asked(), before + 1);
  assert.equal(fake.calls.filter(({ name }) => name === 'openExternal').length, 0, 'the person said no');
});

test('every verb and stream of the contract is answered by a service', async () => {
  for (const verb of Object.keys(VERBS)) {
    const result = await fake.invoke(verb, { not: 'of this shape', contextId: 7 });
    assert.ok(result.ok || result.error.code !== 'internal', `${verb}: ${JSON.stringify(result)}`);
  }
  for (const stream of Object.keys(STREAMS)) {
    const items: WireResult<unknown>[] = [];
    const open = fake.subscribe({ stream, request: stream === 'contexts' || stream === 'commands' ? undefined : { wrong: true } }, (item) => items.push(item));
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(items.every((item) => item.ok || item.error.code === 'invalid'), stream);
    open.close();
    assert.equal(open.closed, true);
  }
});

test('a page that is not the window is refused, whatever it asks', async () => {
  const strangers = [
    { frame: null }, { frame: { url: 'https://example.com/', parent: null } }, { frame: { url: 'app://bundle/', parent: {} } }, { frame: { url: 'app://bundle.evil/', parent: null } },
    { frame: { url: 'file:///index.html', parent: null } }, { frame: { url: '', parent: null } }, { webContentsId: 99 },
  ];
  for (const sender of strangers) {
    const result = await fake.invoke('app.info', undefined, sender);
    assert.deepEqual(result.ok ? 'answered' : result.error.code, 'forbidden');
    const items: WireResult<unknown>[] = [];
    const stream = fake.subscribe({ stream: 'contexts', request: undefined }, (item) => items.push(item), sender);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(stream.closed, true);
    assert.ok(items.every((item) => !item.ok));
  }
});

test('whatever is thrown at the verbs is answered with a clean refusal', async () => {
  const hostile = fc.oneof(
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true, withNullPrototype: true, withObjectString: true }),
    fc.record({ contextId: fc.constantFrom('local', '__proto__', 'constructor', '', 'x'.repeat(300)), namespace: fc.anything(), name: fc.anything(), text: fc.anything(), key: fc.constantFrom('__proto__', 'constructor', 'toString', 'a'), value: fc.anything() }),
    fc.constant(JSON.parse('{"__proto__":{"polluted":true},"contextId":"local"}')),
    fc.constant(JSON.parse('{"key":"__proto__","value":{"polluted":true}}')),
  );
  // The dialogs of the fake are always cancelled, so files.open and files.save end too.
  const verbs = fc.oneof(fc.constantFrom(...Object.keys(VERBS).filter((verb) => !verb.startsWith('contexts.') || verb === 'contexts.list')), fc.anything());
  await fc.assert(fc.asyncProperty(verbs, hostile, async (verb, request) => {
    const result = await fake.invoke(verb, request);
    assert.equal(typeof result.ok, 'boolean');
    if (!result.ok) {
      assert.notEqual(result.error.code, 'internal', JSON.stringify(result.error));
      assert.ok(!/\n\s+at /.test(result.error.message), 'no stack crosses');
    }
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  }), { numRuns: 1500 });
});

test('requests that are too large or go in circles are refused', async () => {
  const big = await fake.invoke('files.saveDraft', { id: 'a', title: 't', text: 'x'.repeat(19 * 1024 * 1024) });
  assert.equal(big.ok ? '' : big.error.code, 'too-large');
  const circle: Record<string, unknown> = { key: 'a' };
  circle.value = circle;
  const round = await fake.invoke('settings.set', circle);
  assert.equal(round.ok ? '' : round.error.code, 'too-large');
  const many = await Promise.all(Array.from({ length: 200 }, () => fake.invoke('contexts.list', undefined)));
  assert.ok(many.every((result) => result.ok || result.error.code === 'throttled'));
});

test('samples come with title and text', async () => {
  const result = await fake.invoke('samples.list', undefined) as WireResult<Sample[]>;
  assert.ok(result.ok);
  assert.ok(result.value.length >= 10);
  for (const sample of result.value) {
    assert.ok(sample.title && sample.text.includes('kind: Workflow'), sample.id);
    assert.ok(sample.description, sample.id);
  }
});

test('a second start brings the window forward with its file', async () => {
  const file = path.join(folder, 'mine.yaml');
  writeFileSync(file, 'kind: Workflow\n');
  const items: unknown[] = [];
  const stream = fake.subscribe({ stream: 'commands', request: undefined }, (item) => items.push(item));
  fake.app.emit('second-instance', {}, ['electron', '--flag', '.', 'mine.yaml', 'missing.yaml'], folder);
  for (let tries = 0; tries < 250 && items.length === 0; tries++) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(fake.calls.some(({ name }) => name === 'focus'));
  assert.equal(items.length, 1);
  const { ok, value } = items[0] as { ok: boolean; value: { command: string; file: { name: string; text: string; handle: string } } };
  assert.ok(ok);
  assert.deepEqual([value.command, value.file.name, value.file.text], ['open-file', 'mine.yaml', 'kind: Workflow\n']);
  assert.ok(!JSON.stringify(value).includes(folder), 'the window learns no path');
  stream.close();
});

test('what is dropped on the window or named by a folder is opened, and only the window may say so', async () => {
  const flows = path.join(folder, 'flows');
  mkdirSync(flows);
  const items: { value: { command: string; folder?: { name: string; handle: string } } }[] = [];
  const stream = fake.subscribe({ stream: 'commands', request: undefined }, (item) => items.push(item as never));
  const drop = (frame: unknown, paths: unknown): void => { (fake.listeners.get('tiphys:dropped') as (event: unknown, paths: unknown) => void)({ senderFrame: frame, sender: { id: 1 } }, paths); };
  drop({ url: 'https://example.com/', parent: null }, [flows]);
  drop({ url: 'app://bundle/', parent: null }, ['flows', 7, flows]);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(items.map(({ value }) => [value.command, value.folder?.name]), [['open-folder', 'flows']]);
  stream.close();
});

test('no credential ever reaches the window, the log or a file', async () => {
  const traffic: string[] = [];
  const items: unknown[] = [];
  const stream = fake.subscribe({ stream: 'contexts', request: undefined }, (item) => items.push(item));
  const listed = await fake.invoke('contexts.list', undefined) as WireResult<ContextSummary[]>;
  assert.ok(listed.ok);
  const contexts = listed.value;
  assert.deepEqual(contexts.map(({ name }) => name), ['secrets', 'basic', 'key', 'exec', 'local']);
  await Promise.all(contexts.filter(({ kind }) => kind === 'kubeconfig').map(async ({ id: contextId, namespace }) => {
    for (const [verb, request] of [['contexts.connect', { contextId }], ['contexts.namespaces', { contextId }], ['contexts.permissions', { contextId, namespace }], ['runs.get', { contextId, namespace, name: 'x' }]] as const) {
      const answer = fake.invoke(verb, request);
      traffic.push(JSON.stringify(await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 8000, 'slow'))])));
    }
  }));
  stream.close();
  traffic.push(JSON.stringify(items), JSON.stringify(fake.calls.filter(({ name }) => name !== 'setApplicationMenu')));
  assert.ok(traffic.some((text) => /offline|auth-needed/.test(text)), 'the connections were really tried');
  const files = readdirSync(path.join(folder, 'data'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const kept = files.map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'));
  for (const marker of MARKERS) {
    assert.ok(!traffic.some((text) => text.includes(marker)), `${marker} crossed to the window`);
    assert.ok(!kept.some((text) => text.includes(marker)), `${marker} was written to a file`);
  }
});
