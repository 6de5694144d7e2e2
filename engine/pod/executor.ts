/**
 * Puts the in-Pod protocol around a plan: PodPlan -> Pod. No image of ours, no rights for the Pod: a static busybox in
 * `init` and `wait`, and the user's command wrapped where something must be seen from inside. A container whose outputs
 * nobody wants runs as it is, with no helper at all.
 */
import { AppError } from '../spec/error.ts';
import type { Container, OwnerReference, Pod, PodSpec, VolumeMount } from '../spec/kubernetes.ts';
import { ANNOTATION, LABEL } from '../spec/types.ts';
import type { Template } from '../spec/types.ts';
import type { PodPlan } from '../operate/types.ts';
import { INIT, RUN, SHARED_DIR, STAGING_DIR, WAIT } from './scripts.ts';

/**
 * How sidecars end when main has ended. `native`: as restartable init containers, by the kubelet (servers from 1.29);
 * `wrapped`: their wrapper sees main end; `deadline`: the engine sees it and sets the Pod's deadline to now.
 */
export type SidecarMode = 'native' | 'wrapped' | 'deadline';

/** What an image runs when the Pod does not say. */
export interface ImageConfig {
  entrypoint?: string[];
  cmd?: string[];
}

export interface ExecutorOptions {
  /** A static busybox. */
  busybox: string;
  sidecars: SidecarMode;
  /** Commands of the images that `imagesToLookUp` named. */
  imageConfigs?: ReadonlyMap<string, ImageConfig>;
  instanceId?: string;
  /** The Workflow object, where there is one: its deletion takes the Pod along. */
  owner?: OwnerReference;
}

const VOLUME = 'tiphys';
const SHARED: VolumeMount = { name: VOLUME, mountPath: SHARED_DIR };
const WRAPPER = [`${SHARED_DIR}/busybox`, 'sh', `${SHARED_DIR}/run`];
/** Linux allows 128 KiB in one variable. */
const ENV_BYTES = 96 * 1024;
/** `run NAME MODE AFTER WAITED --` */
const WRAPPER_LENGTH = WRAPPER.length + 5;

/** @returns images whose command must be known before `executorPod` can wrap their containers */
export function imagesToLookUp(plan: PodPlan, options: Pick<ExecutorOptions, 'sidecars'>): string[] {
  const images = wrappedContainers(plan, options.sidecars)
    .filter((container) => !container.command?.length)
    .map((container) => container.image ?? '');
  return [...new Set(images)];
}

/**
 * @param plan what the language means
 * @returns the Pod to create
 * @throws AppError `unsupported` when a command to wrap is not known, or an output path holds a line break
 */
export function executorPod(plan: PodPlan, options: ExecutorOptions): Pod {
  const wrapped = new Set(wrappedContainers(plan, options.sidecars).map((container) => container.name ?? ''));
  const mains = mainNames(plan);
  const spec: PodSpec = { ...plan.spec, containers: [] };
  const reports = needsReport(plan);
  const prepare = (container: Container): Container => {
    const identified = withIdentity(container, plan);
    return wrapped.has(container.name ?? '') ? wrap(identified, plan, options) : identified;
  };
  const sidecars = plan.spec.containers.filter((c) => !mains.includes(c.name ?? '')).map(prepare);
  const init = [...(wrapped.size ? [initContainer(plan, options, [...wrapped])] : []), ...(plan.spec.initContainers ?? [])];
  if (options.sidecars === 'native') init.push(...sidecars.map((c) => ({ ...c, restartPolicy: 'Always' })));
  spec.containers = [
    ...(reports ? [waitContainer(plan, options, mains)] : []),
    ...plan.spec.containers.filter((c) => mains.includes(c.name ?? '')).map(prepare),
    ...(options.sidecars === 'native' ? [] : sidecars),
  ];
  if (init.length) spec.initContainers = init;
  if (wrapped.size) spec.volumes = [...(plan.spec.volumes ?? []), { name: VOLUME, emptyDir: {} }];
  return { apiVersion: 'v1', kind: 'Pod', metadata: podMetadata(plan, options), spec };
}

/** @returns the command and arguments as the user gave them, from a container this module may have wrapped */
export function unwrap(container: Container): Pick<Container, 'command' | 'args'> {
  const { command = [], args } = container;
  const ours = WRAPPER.every((part, i) => command[i] === part);
  const own = ours ? command.slice(WRAPPER_LENGTH) : command;
  return { ...(own.length ? { command: own } : {}), ...(args ? { args } : {}) };
}

/** @returns whether the step's outputs come through a `wait` container */
export function needsReport(plan: PodPlan): boolean {
  return plan.includeResult || (plan.template.outputs?.parameters ?? []).length > 0;
}

/** @returns paths of output parameters in the main container, in the order of the template's parameters that have one */
export function outputPaths(template: Template): string[] {
  return (template.outputs?.parameters ?? []).flatMap((parameter) => parameter.valueFrom?.path ?? []);
}

function mainNames(plan: PodPlan): string[] {
  const set = plan.template.containerSet?.containers.map((c) => c.name ?? '');
  return set ?? ['main'];
}

/** The containers that need the wrapper: those that are waited for, looked into, or ended by it. */
function wrappedContainers(plan: PodPlan, sidecars: SidecarMode): Container[] {
  const mains = mainNames(plan);
  const isSet = plan.template.containerSet !== undefined;
  const others = plan.spec.containers.filter((c) => !mains.includes(c.name ?? ''));
  const wrapMain = needsReport(plan) || plan.template.script?.source !== undefined || isSet || (others.length > 0 && sidecars === 'wrapped');
  return plan.spec.containers.filter((c) => {
    if (mains.includes(c.name ?? '')) return wrapMain;
    // A native sidecar whose command is not given is a server: the kubelet ends it.
    return sidecars === 'wrapped' || (sidecars === 'native' && (c.command?.length ?? 0) > 0);
  });
}

function podMetadata(plan: PodPlan, options: ExecutorOptions): Pod['metadata'] {
  return {
    name: plan.name,
    namespace: plan.namespace,
    labels: { ...plan.labels, ...(options.instanceId ? { [LABEL.instanceId]: options.instanceId } : {}) },
    annotations: { [ANNOTATION.nodeId]: plan.nodeId, [ANNOTATION.nodeName]: plan.nodeName, ...plan.annotations },
    ...(options.owner ? { ownerReferences: [options.owner] } : {}),
  };
}

function withIdentity(container: Container, plan: PodPlan): Container {
  const own = container.env ?? [];
  const identity = [
    { name: 'ARGO_CONTAINER_NAME', value: container.name ?? '' },
    { name: 'ARGO_NODE_ID', value: plan.nodeId },
    { name: 'ARGO_WORKFLOW_NAME', value: plan.labels[LABEL.workflow] ?? '' },
  ].filter((variable) => !own.some((e) => e.name === variable.name));
  return { ...container, env: [...own, ...identity] };
}

function wrap(container: Container, plan: PodPlan, options: ExecutorOptions): Container {
  const { command, args } = commandOf(container, options);
  const mounts = [...(container.volumeMounts ?? []), SHARED];
  if (container.name === 'main' && plan.template.script?.source !== undefined) {
    mounts.push({ name: VOLUME, mountPath: STAGING_DIR, subPath: 'staging' });
  }
  const waited = needsReport(plan) && mainNames(plan).includes(container.name ?? '') ? '1' : '0';
  const wrapper = [...WRAPPER, container.name ?? 'main', modeOf(container, plan, options), dependenciesOf(container, plan), waited, '--'];
  return { ...container, command: [...wrapper, ...command], ...(args.length ? { args } : {}), volumeMounts: mounts };
}

function modeOf(container: Container, plan: PodPlan, options: ExecutorOptions): 'main' | 'result' | 'side' | 'hold' {
  if (!mainNames(plan).includes(container.name ?? '')) return options.sidecars === 'native' ? 'hold' : 'side';
  return container.name === 'main' && plan.includeResult ? 'result' : 'main';
}

function dependenciesOf(container: Container, plan: PodPlan): string {
  const member = plan.template.containerSet?.containers.find((c) => c.name === container.name);
  return member?.dependencies?.join(',') ?? '';
}

/** Argo: a missing command is the image's entrypoint, and the image's cmd stands in for missing arguments only then. */
function commandOf(container: Container, options: ExecutorOptions): { command: string[]; args: string[] } {
  if (container.command?.length) return { command: container.command, args: container.args ?? [] };
  const image = container.image ?? '';
  const config = options.imageConfigs?.get(image);
  const entrypoint = config?.entrypoint ?? [];
  const args = container.args ?? config?.cmd ?? [];
  const all = entrypoint.length ? { command: entrypoint, args } : { command: args.slice(0, 1), args: args.slice(1) };
  if (!all.command.length) {
    throw new AppError('unsupported', `failed to look-up entrypoint/cmd for image "${image}" of container "${container.name ?? 'main'}"`, {
      hint: 'Give the container a command, or make the image\'s registry reachable from this machine.',
    });
  }
  return all;
}

function initContainer(plan: PodPlan, options: ExecutorOptions, containers: string[]): Container {
  const env = [
    { name: 'TIPHYS_RUN', value: RUN },
    { name: 'TIPHYS_CONTAINERS', value: containers.join(' ') },
    { name: 'TIPHYS_PARAMS', value: checkedPaths(plan.template).join('\n') },
  ];
  const source = plan.template.script?.source;
  if (source !== undefined) {
    const parts = splitText(source, ENV_BYTES);
    env.push({ name: 'TIPHYS_SOURCE_PARTS', value: String(parts.length) });
    parts.forEach((value, i) => env.push({ name: `TIPHYS_SOURCE_${i}`, value }));
  }
  return helper('init', plan, options, ['sh', '-c', INIT], env);
}

function waitContainer(plan: PodPlan, options: ExecutorOptions, mains: string[]): Container {
  return helper('wait', plan, options, ['sh', '-c', WAIT], [
    { name: 'TIPHYS_MAIN', value: mains.join(' ') },
    // What to collect: the report reader (report.ts) finds it here after a restart of the engine.
    { name: 'TIPHYS_OUTPUTS', value: JSON.stringify({ parameters: plan.template.outputs?.parameters ?? [], result: plan.includeResult }) },
  ]);
}

/** Helpers pass the `restricted` Pod security level, quotas and limit ranges, whatever the user's containers ask for. */
function helper(name: string, plan: PodPlan, options: ExecutorOptions, command: string[], env: { name: string; value: string }[]): Container {
  const pod = plan.spec.securityContext ?? {};
  const nonRoot = pod['runAsNonRoot'] === true && pod['runAsUser'] === undefined;
  const profile = pod['seccompProfile'] ?? { type: 'RuntimeDefault' };
  return {
    name,
    image: options.busybox,
    command,
    // Kubernetes expands `$(NAME)` in values and reads `$$` as `$`.
    env: env.map(({ name, value }) => ({ name, value: value.replaceAll('$', () => '$$') })),
    volumeMounts: [SHARED],
    resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '500m', memory: '128Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      seccompProfile: profile,
      ...(nonRoot ? { runAsUser: 65534 } : {}),
    },
  };
}

function checkedPaths(template: Template): string[] {
  const paths = outputPaths(template);
  const bad = paths.find((path) => path.includes('\n'));
  if (bad !== undefined) {
    throw new AppError('unsupported', `output path ${JSON.stringify(bad)} of template "${template.name ?? ''}" holds a line break`, { hint: 'Write to a path on one line.' });
  }
  return paths;
}

/** Cuts at most `bytes` UTF-8 bytes at a time, never inside a character. */
function splitText(text: string, bytes: number): string[] {
  // A UTF-16 unit is at most three bytes of UTF-8.
  const units = Math.floor(bytes / 3);
  const parts: string[] = [];
  for (let at = 0; at < text.length;) {
    let end = Math.min(at + units, text.length);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) end--;
    parts.push(text.slice(at, end));
    at = end;
  }
  return parts.length ? parts : [''];
}
