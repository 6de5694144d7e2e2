/**
 * Puts the in-Pod protocol around a plan: PodPlan -> Pod. No image of ours, no rights for the Pod: a static busybox in
 * `init` and `wait`, and the user's command wrapped where something must be seen from inside. A container whose outputs
 * nobody wants runs as it is, with no helper at all.
 */
import { AppError } from '../spec/error.ts';
import type { Container, OwnerReference, Pod, PodSpec, Volume, VolumeMount } from '../spec/kubernetes.ts';
import { ANNOTATION, LABEL } from '../spec/types.ts';
import { intValueOf } from '../template/durations.ts';
import { parseDuration } from '../template/go.ts';
import type { Template } from '../spec/types.ts';
import type { PodPlan } from '../operate/types.ts';
import { secretVolumes } from './artifacts.ts';
import { COLLECT, INPUTS_DIR, LOAD, MAIN_VOLUMES_DIR, SAVE, ZIP } from './artifact-scripts.ts';
import { INIT, RUN, STAGING_DIR, WAIT } from './scripts.ts';
import { FOLLOWS_PROGRESS, PROGRESS_VARIABLE, SHARED_DIR } from './shared.ts';
import { folderMounts, folderVolumes, helper, secretMount, HELPER_RESOURCES, TRANSFER_RESOURCES } from './helpers.ts';
import type { HelperOptions } from './helpers.ts';
import { INPUTS_VOLUME, inputTransfers, outputTransfers, rawParts, TRUST_DIR } from './transfers.ts';
import type { InputTransfer, OutputTransfer } from './transfers.ts';

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

export interface ExecutorOptions extends HelperOptions {
  sidecars: SidecarMode;
  /** Commands of the images that `imagesToLookUp` named. */
  imageConfigs?: ReadonlyMap<string, ImageConfig>;
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
 * @throws AppError `unsupported` when a command to wrap is not known, an output path holds a line break, or an artifact's
 *   place cannot be reached from a Pod
 */
export function executorPod(plan: PodPlan, options: ExecutorOptions): Pod {
  const wrapped = new Set(wrappedContainers(plan, options.sidecars).map((container) => container.name ?? ''));
  const mains = mainNames(plan);
  const spec: PodSpec = { ...plan.spec, containers: [] };
  const inputs = inputTransfers(plan);
  const outputs = outputTransfers(plan);
  const staged = wrapped.size > 0 || inputs.length > 0;
  const prepare = (container: Container): Container => {
    const identified = withIdentity(container, plan);
    return wrapped.has(container.name ?? '') ? wrap(identified, plan, options) : identified;
  };
  const sidecars = plan.spec.containers.filter((c) => !mains.includes(c.name ?? '')).map(prepare);
  const init = [...(staged ? [initContainer(plan, options, [...wrapped], outputs)] : []), ...loaders(plan, options, inputs), ...(plan.spec.initContainers ?? [])];
  if (options.sidecars === 'native') init.push(...sidecars.map((c) => ({ ...c, restartPolicy: 'Always' })));
  spec.containers = [
    ...(needsReport(plan) ? [waitContainer(plan, options, mains, outputs)] : []),
    ...plan.spec.containers.filter((c) => mains.includes(c.name ?? '')).map(prepare),
    ...(options.sidecars === 'native' ? [] : sidecars),
  ];
  if (init.length) spec.initContainers = init;
  if (staged) spec.volumes = [...(plan.spec.volumes ?? []), ...ownVolumes(options, inputs)];
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
  return plan.includeResult || (plan.template.outputs?.parameters ?? []).length > 0 || outputTransfers(plan).length > 0 || tellsProgress(plan);
}

/** @returns whether the step speaks of the file where it may write how far it is: only then somebody looks there */
function tellsProgress(plan: PodPlan): boolean {
  return JSON.stringify([plan.spec.containers, plan.template.script?.source]).includes(PROGRESS_VARIABLE);
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
    ...(tellsProgress(plan) ? [{ name: PROGRESS_VARIABLE, value: `${SHARED_DIR}/progress` }] : []),
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

function initContainer(plan: PodPlan, options: ExecutorOptions, containers: string[], outputs: readonly OutputTransfer[]): Container {
  const env = [
    { name: 'TIPHYS_RUN', value: RUN },
    { name: 'TIPHYS_CONTAINERS', value: containers.join(' ') },
    { name: 'TIPHYS_PARAMS', value: checkedPaths(plan.template).join('\n') },
    ...triesOf(plan.template),
    ...packing(outputs),
  ];
  const source = plan.template.script?.source;
  if (source !== undefined) {
    const parts = splitText(source, ENV_BYTES);
    env.push({ name: 'TIPHYS_SOURCE_PARTS', value: String(parts.length) });
    parts.forEach((value, i) => env.push({ name: `TIPHYS_SOURCE_${i}`, value }));
  }
  return helper({ name: 'init', image: options.busybox, command: ['sh', '-c', INIT], env, mounts: [SHARED], resources: HELPER_RESOURCES }, plan.spec);
}

/** How often the containers of a set run their commands, and the seconds between. Argo: ContainerSetTemplate.GetRetryStrategy */
function triesOf({ containerSet }: Template): { name: string; value: string }[] {
  const strategy = containerSet?.retryStrategy;
  if (!strategy) return [];
  const pause = strategy.duration ? Number(parseDuration(strategy.duration) / 1_000_000n) / 1000 : 0;
  return [{ name: 'TIPHYS_TRIES', value: `${intValueOf(strategy.retries)} ${pause}` }];
}

/** What main is to pack when it has ended, and whether its logs are kept for the archive. */
function packing(outputs: readonly OutputTransfer[]): { name: string; value: string }[] {
  const packs = outputs.flatMap(({ pack }) => pack ?? []);
  const logs = outputs.length > packs.length ? [{ name: 'TIPHYS_LOGS', value: '1' }] : [];
  if (packs.length === 0) return logs;
  return [
    { name: 'TIPHYS_COLLECT', value: COLLECT }, { name: 'TIPHYS_ARTIFACTS', value: String(packs.length) },
    ...(packs.some(({ how }) => how === 'zip') ? [{ name: 'TIPHYS_ZIP', value: ZIP }] : []),
    ...packs.flatMap(({ path, how }, i) => [{ name: `TIPHYS_PATH_${i}`, value: path }, { name: `TIPHYS_HOW_${i}`, value: how }]), ...logs,
  ];
}

/** The containers that load input artifacts: one with curl, or none but busybox when all is at hand; one with git. */
function loaders(plan: PodPlan, options: ExecutorOptions, inputs: readonly InputTransfer[]): Container[] {
  const git = inputs.filter(({ kind }) => kind === 'git');
  const others = inputs.filter(({ kind }) => kind !== 'git');
  const loader = (name: string, image: string, transfers: readonly InputTransfer[]): Container[] => (transfers.length === 0 ? [] : [helper({
    name, image, command: ['sh', '-c', LOAD], resources: TRANSFER_RESOURCES, asRoot: transfers.some(({ inVolume }) => inVolume),
    env: [
      { name: 'TIPHYS_LOAD', value: transfers.map(({ call }) => call).join('') },
      ...transfers.flatMap(({ raw }) => (raw ? rawParts(raw.data).map((value, i) => ({ name: `TIPHYS_RAW_${raw.id}_${i}`, value })) : [])),
    ],
    mounts: [
      SHARED, { name: INPUTS_VOLUME, mountPath: INPUTS_DIR }, ...secretMounts(plan), ...folderMounts(options), ...trustVolumes(transfers).map(({ mount }) => mount),
      ...(transfers.some(({ inVolume }) => inVolume) ? mainVolumes(plan) : []),
    ],
  }, plan.spec)]);
  const atHand = others.every(({ kind, local }) => local || kind === 'raw');
  return [...loader('init-artifacts', atHand ? options.busybox : options.curl, others), ...loader('init-git', options.git, git)];
}

function waitContainer(plan: PodPlan, options: ExecutorOptions, mains: string[], outputs: readonly OutputTransfer[]): Container {
  const artifacts = outputs.map(({ id, artifact }) => ({ id, artifact }));
  const env = [
    { name: 'TIPHYS_MAIN', value: mains.join(' ') },
    // What to collect: the report reader (report.ts) finds it here after a restart of the engine.
    { name: 'TIPHYS_OUTPUTS', value: JSON.stringify({ parameters: plan.template.outputs?.parameters ?? [], result: plan.includeResult, ...(artifacts.length > 0 ? { artifacts } : {}) }) },
    ...(tellsProgress(plan) ? [{ name: FOLLOWS_PROGRESS, value: '1' }] : []),
  ];
  const command = ['sh', '-c', WAIT];
  if (outputs.length === 0) return helper({ name: 'wait', image: options.busybox, command, env, mounts: [SHARED], resources: HELPER_RESOURCES }, plan.spec);
  env.push({ name: 'TIPHYS_SAVER', value: SAVE }, { name: 'TIPHYS_SAVE', value: outputs.map(({ call }) => call).join('') });
  const image = outputs.every(({ local }) => local) ? options.busybox : options.curl;
  return helper({ name: 'wait', image, command, env, mounts: [SHARED, ...secretMounts(plan), ...folderMounts(options)], resources: TRANSFER_RESOURCES }, plan.spec);
}

/** The Secrets of the template's artifacts, whose volumes the plan has. */
function secretMounts(plan: PodPlan): VolumeMount[] {
  return secretVolumes(plan.template).map(secretMount);
}

/** main's own volumes, where an artifact is put into one of them. */
function mainVolumes(plan: PodPlan): VolumeMount[] {
  const main = plan.spec.containers.find(({ name }) => name === 'main');
  return (main?.volumeMounts ?? []).filter(({ name }) => name !== INPUTS_VOLUME).map((mount) => ({ ...mount, mountPath: MAIN_VOLUMES_DIR + mount.mountPath, readOnly: false }));
}

function ownVolumes(options: ExecutorOptions, inputs: readonly InputTransfer[]): Volume[] {
  return [
    { name: VOLUME, emptyDir: {} }, ...(inputs.length > 0 ? [{ name: INPUTS_VOLUME, emptyDir: {} }] : []),
    ...folderVolumes(options), ...trustVolumes(inputs).map(({ volume }) => volume),
  ];
}

/** What the Secrets of git servers may say about these servers; neither key has to be there. */
function trustVolumes(inputs: readonly InputTransfer[]): { volume: Volume; mount: VolumeMount }[] {
  const secrets = [...new Set(inputs.flatMap(({ trust }) => trust ?? []))];
  return secrets.map((secretName, i) => ({
    volume: { name: `tiphys-trust-${i}`, secret: { secretName, optional: true, items: ['known_hosts', 'ca.crt'].map((key) => ({ key, path: key })) } },
    mount: { name: `tiphys-trust-${i}`, mountPath: `${TRUST_DIR}/${secretName}`, readOnly: true },
  }));
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
