/** A scripted bridge for pictures and tests of the window alone: `?s=SCENE` chooses what it tells. Never part of the app. */
import type { AppCommand, Bridge, ContextSummary, FromManifests, Sample, StreamItems, StreamRequest, UnappliedDefinition, VerbRequest, VerbResponses, WireError, WireResult } from '../../main/ipc/contract.ts';
import { artifactsIn, downloadIn, previewIn, sizesIn } from './fake-artifacts.ts';
import { definitionsIn, SCHEDULED_RUNS } from './fake-definitions.ts';
import { clusterTexts, FOLDER, folderChange, readPath } from './fake-folder.ts';
import { simulateText } from './fake-simulation.ts';
import type { LogLine, RunSummary } from '../../engine/api.ts';
import type { KubeObject } from '../../engine/spec/kubernetes.ts';
import type { DAGTask, NodeStatus, Template, Workflow } from '../../engine/spec/types.ts';

declare const SAMPLES: Sample[];
declare const MADE: FromManifests;

/** What a test may do beside the window: give it a file to open, and read what it saved. */
const saved: { text?: string; open?: (name: string, text: string) => void } = {};

const query = new URLSearchParams(location.search);
const scene = query.get('s') ?? 'run';
const start = Date.now();
const at = (secondsAgo: number): string => new Date(start - secondsAgo * 1000).toISOString().replace(/\.\d+Z$/, 'Z');

const CONTEXTS: ContextSummary[] = [
  { id: 'c1', name: 'prod-eu', initials: 'PE', hue: 7, production: true, namespace: 'data-team', origin: '~/.kube/config', kind: 'kubeconfig', state: { state: 'online', latencyMs: 42, serverVersion: 'v1.33.2' } },
  { id: 'c2', name: 'staging', initials: 'ST', hue: 4, production: false, namespace: 'default', origin: '~/.kube/config', kind: 'kubeconfig', state: { state: 'online', latencyMs: 18, serverVersion: 'v1.34.4' } },
  { id: 'c3', name: 'lab-a100', initials: 'LA', hue: 9, production: false, namespace: 'ml', origin: '~/.kube/lab', kind: 'kubeconfig', state: { state: 'offline', message: 'connect ETIMEDOUT 10.20.0.4:6443' } },
  { id: 'c4', name: 'tenant-42', initials: 'T4', hue: 1, production: false, namespace: 'team-a', origin: '~/.kube/config', kind: 'kubeconfig', state: { state: 'no-rights', message: 'User "ada" cannot list resource "workflows" in API group "argoproj.io" in the namespace "team-a"' } },
  { id: 'local', name: 'local', initials: 'LO', hue: 6, production: false, namespace: 'default', kind: 'local', note: 'processes: images are not used', state: { state: 'online', latencyMs: 1 } },
];

function contexts(): ContextSummary[] {
  if (scene === 'first' || scene === 'none') return CONTEXTS.slice(-1);
  const state: Partial<Record<string, ContextSummary['state']>> = {
    offline: { state: 'offline', message: 'connect ETIMEDOUT 10.20.0.4:6443' }, auth: { state: 'auth-needed', message: 'kubectl oidc-login asks you to sign in with your browser.' }, connecting: { state: 'connecting', message: 'Running aws eks get-token' },
    norights: { state: 'no-rights', message: 'User "ada" cannot list resource "pods" in the namespace "data-team"' },
  };
  return CONTEXTS.map((context) => (context.id === 'c1' && state[scene] ? { ...context, state: state[scene] } : context));
}

const task = (name: string, template: string, more: Partial<DAGTask> = {}): DAGTask => ({ name, template, ...more });
const script = (name: string, more: Partial<Template> = {}): Template => ({ name, script: { name: 'main', image: 'python:3.12', command: ['python'], source: 'print(84)' }, ...more });
const container = (name: string, more: Partial<Template> = {}): Template => ({ name, container: { name: 'main', image: 'ghcr.io/acme/features:1.42', command: ['run'] }, ...more });

const NIGHTLY: Workflow = {
  apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { name: 'nightly-features-x7k2p', namespace: 'data-team', uid: '5b1f9f6e-3df4-4a6b-a8e2-2b8d0c6e4b11', generateName: 'nightly-features-' },
  spec: {
    entrypoint: 'main', serviceAccountName: 'features', arguments: { parameters: [{ name: 'date', value: '2026-11-22' }, { name: 'environment', value: 'production' }] },
    templates: [
      { name: 'main', dag: { tasks: [
        task('list-partitions', 'list'), task('plan', 'plan', { dependencies: ['list-partitions'] }), task('extract', 'extract', { dependencies: ['plan'], withParam: '{{tasks.plan.outputs.result}}' }),
        task('validate-schema', 'validate', { dependencies: ['plan'] }), task('snapshot', 'snapshot', { dependencies: ['plan'] }),
        task('build-features', 'build', { depends: 'extract.Succeeded && validate-schema.Succeeded', when: "{{tasks.validate-schema.status}} == Succeeded" }), task('train-baseline', 'train', { dependencies: ['snapshot'] }),
        task('compare', 'compare', { dependencies: ['build-features', 'train-baseline'] }), task('approve-release', 'approve', { dependencies: ['compare'] }),
      ] } },
      script('list'), script('plan'), container('extract'), container('validate', { retryStrategy: { limit: 2 }, inputs: { parameters: [{ name: 'partition' }] } }), { name: 'snapshot', resource: { action: 'create', manifest: 'x' } }, script('build'),
      container('train', { synchronization: { semaphores: [{ configMapKeyRef: { name: 'locks', key: 'gpu' } }] } }), script('compare'), { name: 'approve', suspend: {} },
    ],
  },
  status: { phase: 'Running', startedAt: at(252), finishedAt: null, progress: '66/84', estimatedDuration: 430 },
};
const LONG = 'load-the-partition-of-the-day-into-the-warehouse-and-verify-it';

function hash(name: string): number {
  let value = 7;
  for (let i = 0; i < name.length; i++) value = (value * 33 + name.charCodeAt(i)) >>> 0;
  return value;
}

function nightlyNodes(): NodeStatus[] {
  const wf = NIGHTLY.metadata.name ?? '';
  const node = (name: string, more: Partial<NodeStatus>): NodeStatus => ({
    id: name === '' ? wf : `${wf}-${hash(name)}`, name: name === '' ? wf : `${wf}.${name}`, displayName: name || wf, type: 'Pod', phase: 'Succeeded', boundaryID: wf, templateScope: `local/${wf}`, ...more,
  });
  const items = Array.from({ length: 64 }, (_, i) => node(`extract(${i}:2026-11-${String(22 - (i % 20)).padStart(2, '0')})`, {
    templateName: 'extract', phase: i < 61 ? 'Succeeded' : 'Running', startedAt: at(230 - i * 2), finishedAt: i < 61 ? at(190 - i * 2.5) : null, hostNodeName: `gke-eu-n2-${i % 5}c1`, displayName: `extract(${i}:2026-11-${String(22 - (i % 20)).padStart(2, '0')})`,
  }));
  const tries = [0, 1, 2].map((i) => node(`validate-schema(${i})`, {
    templateName: 'validate', displayName: `validate-schema(${i})`, phase: 'Failed', message: 'Error (exit code 3)', startedAt: at(200 - i * 40), finishedAt: at(186 - i * 40), nodeFlag: { retried: true }, hostNodeName: 'gke-eu-n2-7c1',
    inputs: { parameters: [{ name: 'partition', value: '2026-11-22' }], artifacts: [{ name: 'schema', path: '/in/schema.json' }] }, outputs: { exitCode: '3' },
  }));
  const root = node('', { type: 'DAG', phase: 'Running', startedAt: at(252), children: [] });
  delete root.boundaryID;
  return [
    root,
    node('list-partitions', { templateName: 'list', startedAt: at(252), finishedAt: at(246) }), node('plan', { templateName: 'plan', startedAt: at(245), finishedAt: at(236), outputs: { result: '84', exitCode: '0' } }),
    node('extract', { type: 'TaskGroup', phase: 'Running', startedAt: at(232), children: items.map((item) => item.id) }), ...items,
    node('validate-schema', { type: 'Retry', phase: 'Failed', message: 'Error (exit code 3)', templateName: 'validate', startedAt: at(200), finishedAt: at(106), children: tries.map((each) => each.id), inputs: tries[2]?.inputs ?? {} }), ...tries,
    node('snapshot', { templateName: 'snapshot', startedAt: at(232), finishedAt: at(171) }), node('train-baseline', { templateName: 'train', phase: 'Running', startedAt: at(160), finishedAt: null, hostNodeName: 'gke-eu-a2-1a9f' }),
  ];
}

const run = (name: string, phase: RunSummary['phase'], secondsAgo: number, counts: RunSummary['counts'], more: Partial<RunSummary> = {}): RunSummary => ({
  namespace: 'data-team', name, uid: name, phase, createdAt: at(secondsAgo), startedAt: at(secondsAgo), ours: true, suspended: false, counts, ...more,
});

function runList(): RunSummary[] {
  const list = [
    run('nightly-features-x7k2p', 'Running', 252, { Succeeded: 60, Failed: 1, Running: 4 }, { progress: '65/84' }),
    run('release-checkout-8dd1', 'Running', 720, { Succeeded: 7, Suspended: 1 }, { note: 'waits for you: approve-release', progress: '7/10' }),
    run('train-eu-llm-small', 'Running', 3700, { Succeeded: 412, Running: 600 }, { progress: '412/2000' }),
    run('ingest-orders-20261122', 'Failed', 3 * 3600 + 200, { Succeeded: 16, Failed: 4 }, { note: 'step load-to-warehouse: OOMKilled', finishedAt: at(2 * 3600) }),
    run('sock-shop-persist', 'Succeeded', 5 * 3600 + 60, { Succeeded: 14 }, { finishedAt: at(5 * 3600 + 60 - 370) }),
    run('coinflip-recursive-q2m', 'Succeeded', 26 * 3600, { Succeeded: 6, Skipped: 3 }, { finishedAt: at(26 * 3600 - 41), ours: false }),
    run('backfill-2025-31-days', 'Error', 30 * 3600, { Succeeded: 48, Error: 12 }, { note: 'could not create Pod: quota cpu 40/40', progress: '60/100' }),
    run(LONG, 'Running', 90, { Running: 1 }, {}),
  ];
  if (scene !== 'many') return list;
  const phases: RunSummary['phase'][] = ['Succeeded', 'Succeeded', 'Succeeded', 'Failed', 'Running', 'Succeeded', 'Error'];
  return [...list, ...Array.from({ length: 4992 }, (_, i) => run(`etl-${(i * 7919).toString(36).padStart(5, '0')}`, phases[i % 7] ?? '', 40 * 3600 + i * 613, phases[i % 7] === 'Failed' ? { Succeeded: 5, Failed: 1 } : phases[i % 7] === 'Running' ? { Succeeded: 3, Running: 2 } : { Succeeded: 8 }, { finishedAt: at(40 * 3600 + i * 613 - 95) }))];
}

/** A layered graph of many tasks, or one loop of as many items. */
function big(size: number, loop: boolean): { workflow: Workflow; nodes: NodeStatus[] } {
  const name = loop ? 'fan-10000' : 'layers-10000';
  const wide = 80;
  const tasks: DAGTask[] = loop ? [task('each', 'work', { withSequence: { count: String(size) } })]
    : Array.from({ length: size }, (_, i) => task(`t${i}`, 'work', i < wide ? {} : { dependencies: [`t${(Math.floor(i / wide) - 1) * wide + ((i * 7) % wide)}`, `t${(Math.floor(i / wide) - 1) * wide + ((i * 13 + 5) % wide)}`] }));
  const workflow: Workflow = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { name, uid: name }, spec: { entrypoint: 'main', templates: [{ name: 'main', dag: { tasks } }, container('work')] }, status: { phase: 'Running', startedAt: at(900), finishedAt: null } };
  const phase = (i: number): NodeStatus['phase'] => (i < size * 0.6 ? (i % 977 === 5 ? 'Failed' : 'Succeeded') : i < size * 0.65 ? 'Running' : 'Pending');
  const nodes: NodeStatus[] = [{ id: name, name, displayName: name, type: 'DAG', phase: 'Running', startedAt: at(900) }];
  const names = Array.from({ length: size }, (_, i) => (loop ? `${name}.each(${i}:${i})` : `${name}.t${i}`));
  if (loop) nodes.push({ id: 'g', name: `${name}.each`, displayName: 'each', type: 'TaskGroup', phase: 'Running', boundaryID: name, children: names });
  names.forEach((each, i) => { if (loop || i < size * 0.65) nodes.push({ id: each, name: each, displayName: each.slice(name.length + 1), type: 'Pod', phase: phase(i) ?? 'Pending', boundaryID: name, templateName: 'work', startedAt: at(900 - i * 0.05), finishedAt: i < size * 0.6 ? at(880 - i * 0.05) : null, ...(phase(i) === 'Failed' ? { message: 'Error (exit code 1)' } : {}) }); });
  return { workflow, nodes };
}

function opened(name: string): { workflow: Workflow; nodes: NodeStatus[] } {
  if (scene === 'big') return big(10_000, false);
  if (scene === 'mid') return big(1600, false);
  if (scene === 'fan') return big(10_000, true);
  if (name === LONG) {
    return {
      workflow: { ...NIGHTLY, metadata: { name: LONG, uid: 'l' }, spec: { entrypoint: LONG, templates: [container(LONG)] }, status: { phase: 'Running', startedAt: at(90), finishedAt: null } },
      nodes: [{ id: LONG, name: LONG, displayName: LONG, type: 'Pod', phase: 'Running', startedAt: at(90), finishedAt: null, templateName: LONG }],
    };
  }
  return { workflow: { ...NIGHTLY, metadata: { ...NIGHTLY.metadata, name: NIGHTLY.metadata.name ?? '' } }, nodes: nightlyNodes() };
}

const LOG: [number, string][] = [
  [96, 'reading s3://raw/2026-11-22'], [90, '1,204,331 rows'], [85, 'column price: 17 nulls'], [83, '\u001b[31mSchemaError: price is not null\u001b[0m'], [83, 'exit 3'],
];

function logLines(nodeId: string | undefined): LogLine[] {
  if (scene === 'longlog') return Array.from({ length: 200_000 }, (_, i) => ({ time: at(900 - i / 300), pod: 'p', container: 'main', nodeId: nodeId ?? 'n', text: i === 199_990 ? 'x'.repeat(10_000) : `line ${i} \u001b[32mok\u001b[0m some text about partition ${i % 97}` }));
  const nodes = nodeId === undefined ? nightlyNodes().filter((node) => node.type === 'Pod').slice(0, 12) : [{ id: nodeId }];
  return nodes.flatMap((node) => LOG.map(([ago, text]) => ({ time: at(ago), pod: 'p', container: 'main', nodeId: node.id, text })));
}

const EVENTS = [
  ['Warning', 'BackOff', 'Back-off restarting failed container main in pod nightly-features-x7k2p-validate-2680558651', 84], ['Normal', 'Started', 'Started container main', 98], ['Normal', 'Pulled', 'Container image "ghcr.io/acme/features:1.42" already present on machine', 99], ['Normal', 'Scheduled', 'Successfully assigned data-team/nightly-features-x7k2p-validate-2680558651 to gke-eu-n2-7c1', 101],
].map(([type, reason, message, ago], i) => ({ metadata: { uid: String(i), name: `e${i}` }, type, reason, message, lastTimestamp: at(Number(ago)), involvedObject: { kind: 'Pod', name: 'nightly-features-x7k2p-validate-2680558651' } })) as unknown as KubeObject[];

const ok = <T>(value: T): WireResult<T> => ({ ok: true, value });
const started: RunSummary[] = [];

const fileText = SAMPLES.find((sample) => sample.id === 'dag-nested')?.text ?? '';

const CRON_TEXT = `apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata:
  name: nightly-features
spec:
  schedules: ["0 3 * * 1-5", "30 4 * * 0,6"]
  timezone: Europe/Berlin
  workflowSpec:
    entrypoint: main
    templates:
    - name: main
      container: {image: busybox, command: [echo]}
`;

let asked = 0;
/** Another manager has changed the schedule, and owns what its templates run. */
const CONFLICT: UnappliedDefinition = {
  kind: 'CronWorkflow', name: 'nightly-features', changed: true,
  current: { version: '2', text: CRON_TEXT.replace('Europe/Berlin', 'Europe/Paris').replace('image: busybox', 'image: "busybox:1.37"') },
  conflicts: [{ path: ['spec', 'timezone'], manager: 'argocd-controller' }, { path: ['spec', 'workflowSpec', 'templates'], manager: 'kubectl' }], kept: [],
};

const answers: { [V in keyof VerbResponses]?: (request: never) => VerbResponses[V] } = {
  'app.info': () => ({ version: '0.1.0', platform: 'linux', electron: '45.4.1', dataDir: '~/.config/tiphys' }),
  'contexts.list': contexts,
  'contexts.connect': () => contexts()[0] as ContextSummary,
  'contexts.namespaces': () => (scene === 'typed' ? { namespaces: ['data-team'], forbidden: true } : { namespaces: ['data-team', 'default', 'kube-system', 'ml-platform', 'team-a', 'team-b'], forbidden: false }),
  'contexts.startEngine': () => ({ state: 'us' }),
  'contexts.permissions': () => ({ may: { 'create pods': scene !== 'nopods', 'list pods': true, 'patch workflows': scene !== 'nopods', 'list workflows': true, 'list namespaces': false }, crds: true, store: 'cluster' }),
  'runs.submit': () => ({ name: 'nightly-features-x7k2p' }),
  'runs.dryRun': () => [
    { severity: 'error', code: 'server-forbidden', path: ['spec', 'templates', 1], message: 'Pod of deploy.test: pods "deploy-test-2680558651" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "main" must set securityContext.allowPrivilegeEscalation=false)' },
    { severity: 'error', code: 'server-invalid', path: ['spec', 'templates', 1, 'container', 'image'], message: 'Pod of deploy.lint: spec.containers[0].image: Required value' },
  ],
  'runs.act': () => ({}),
  'artifacts.list': () => artifactsIn(scene, nightlyNodes()),
  'artifacts.sizes': ({ refs }: VerbRequest<'artifacts.sizes'>) => sizesIn(scene, refs),
  'artifacts.link': () => ({ url: 'https://minio.example.com/b/k?X-Amz-Signature=0', expiresAt: at(-3600), local: true }),
  'logs.use': () => ({ files: 1204, bytes: 224_395_264, limit: 1024 ** 3 }),
  'definitions.text': () => ({ text: scene === 'conflict' && asked++ > 0 ? CONFLICT.current.text : CRON_TEXT, version: '1' }),
  'definitions.apply': () => (scene === 'conflict' ? CONFLICT : { kind: 'CronWorkflow', name: 'nightly-features', created: false, text: CRON_TEXT, version: '2' }),
  'runs.pod': () => ({ pod: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'nightly-features-x7k2p-validate-2680558651', namespace: 'data-team' }, spec: { containers: [{ name: 'main', image: 'ghcr.io/acme/features:1.42' }] } } }),
  'runs.events': () => EVENTS,
  'samples.list': () => SAMPLES,
  'files.open': () => ({ handle: 'h', name: 'nightly.yaml', text: fileText }),
  'manifests.generate': () => (scene !== 'broken' ? MADE : {
    handle: 'folder', name: 'deploy', kind: 'files', text: '', groups: [], parameters: [],
    notices: [
      { severity: 'error', place: 'orders/deployment.yaml:12', message: 'The bracket is not closed.', hint: 'Close it, or quote the value.' },
      { severity: 'warning', place: 'orders/secret.yaml:1', message: "Secret orders: its contents stand in the workflow's text, readable for everybody who may read workflows.", hint: 'Create Secrets another way, and leave this file out.' },
    ],
  }),
  'files.save': ({ handle, text, suggestedName }: VerbRequest<'files.save'>) => {
    saved.text = text;
    return { handle: handle ?? 'h', name: suggestedName ?? 'nightly.yaml' };
  },
  'files.openFolder': () => FOLDER,
  'files.recentFolders': () => (scene === 'first' ? [] : [FOLDER, { handle: 'other', name: 'charts', where: '~/work/charts' }]),
  'files.read': ({ handle }: VerbRequest<'files.read'>) => readPath(handle),
  'files.rewrite': ({ files }: VerbRequest<'files.rewrite'>) => ({ written: files.map(() => 'v2') }),
  'files.create': ({ path, text }: VerbRequest<'files.create'>) => ({ handle: path, name: path, path, text }),
  'files.drafts': () => [{ id: 'd', title: 'nightly.yaml', text: 'kind: Workflow\n', savedAt: at(600) }],
  'settings.get': () => (scene === 'first' || scene === 'none' ? {} : { window: { contextId: 'c1', theme: query.get('t') ?? 'system' } }),
};

function stream(name: keyof StreamItems, request: Record<string, unknown>, push: (item: unknown) => void, fail: (error: { code: string; message: string; hint?: string }) => void): void {
  if (name === 'contexts') push(contexts());
  if (name === 'definitions.list') push(definitionsIn(scene, request.kind as 'CronWorkflow'));
  if (name === 'definitions.texts') push({ change: { upserts: clusterTexts(String(request.kind)), removed: [], reset: true }, watch: { state: 'live' } });
  if (name === 'files.folder') push(folderChange(scene));
  if (name === 'commands') saved.open = (title, text) => { push({ command: 'open-file', file: { handle: title, name: title, text } } satisfies AppCommand); };
  if (name === 'runs.list') {
    if (['offline', 'auth', 'connecting', 'norights'].includes(scene)) return;
    if (scene === 'forbidden') { push({ watch: { state: 'forbidden', error: { name: 'AppError', message: 'User "ada" cannot list resource "workflows" in API group "argoproj.io" in the namespace "data-team"' } } }); return; }
    const empty = scene === 'first' || scene === 'none' || scene === 'empty';
    push({ change: { upserts: empty ? started : [...runList(), ...SCHEDULED_RUNS, ...started], removed: [], reset: true }, watch: { state: scene === 'reconnecting' ? 'reconnecting' : 'live', ...(scene === 'reconnecting' ? { error: { name: 'e', message: 'x' }, retryAt: start } : {}) }, holder: scene === 'other' ? { state: 'other', identity: 'ada@workstation-7', renewedAt: at(4) } : { state: 'us' } });
    if (scene === 'new') setTimeout(() => { push({ change: { upserts: [1, 2, 3].map((i) => run(`fresh-${i}`, 'Running', 1, { Running: 1 })), removed: [], reset: false } }); }, 1500);
  }
  if (name === 'runs.run') {
    const { workflow, nodes } = opened(String(request.name));
    push({ change: { reset: true, workflow, nodes, removedNodes: [] }, watch: { state: scene === 'reconnecting' ? 'reconnecting' : 'live', error: { name: 'e', message: 'x' }, retryAt: start } });
  }
  // Another program changes the open file: beside what the person writes, or in the same line.
  if (name === 'files.watch' && (scene === 'disk' || scene === 'disk-both')) addEventListener('other-program', () => { push({ version: 'v2', text: scene === 'disk' ? `${fileText}# changed by another program\n` : fileText.replace('release', 'delivery') }); });
  if (name === 'artifacts.preview') previewIn(scene, { name: (request.ref as { name: string }).name, file: request.file as string | undefined }, push, fail);
  if (name === 'artifacts.download') downloadIn(push);
  if (name === 'runs.simulate') push(simulateText(request as StreamRequest<'runs.simulate'>));
  if (name === 'runs.logs') push({ lines: scene === 'nolog' ? [] : logLines(request.nodeId as string | undefined), source: scene === 'nolog' ? 'gone' : 'pod', end: scene !== 'live' });
}

/** Verbs that are refused. */
const refusals: { [V in keyof VerbResponses]?: WireError } = {
  'settings.repository': { code: 'invalid', message: 's3 needs s3.endpoint.', hint: 'For example:\ns3:\n  endpoint: minio.storage:9000\n  bucket: artifacts', retryable: false },
};

const bridge: Bridge = {
  invoke: async (verb, request) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const refused = refusals[verb];
    if (refused) return { ok: false, error: refused };
    const answer = answers[verb] as ((request: unknown) => VerbResponses[typeof verb]) | undefined;
    return ok(answer?.(request) as VerbResponses[typeof verb]);
  },
  subscribe: (name, request, onItem) => {
    let closed = false;
    setTimeout(() => { if (!closed) stream(name, (request ?? {}), (item) => { if (!closed) onItem(ok(item) as never); }, (error) => { if (!closed) onItem({ ok: false, error: { retryable: false, ...error } }); }); }, 5);
    return () => { closed = true; };
  },
};
Object.defineProperty(window, 'tiphys', { value: bridge });
Object.defineProperty(window, 'fake', { value: saved });
