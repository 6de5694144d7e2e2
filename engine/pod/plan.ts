/**
 * A node and its template as the Pod that the language means: metadata, scheduling, volumes, containers, patches. What the
 * in-Pod protocol adds is not here. Argo: createWorkflowPod
 */
import { processTemplate } from '../operate/arguments.ts';
import { Fault } from '../operate/fault.ts';
import { joined, substituteJson, type Values } from '../operate/language.ts';
import { omit } from '../operate/omit.ts';
import type { PodPlan } from '../operate/types.ts';
import { LABEL, type Artifact, type Template, type WorkflowSpec } from '../spec/types.ts';
import type { ConfigMap, Container, PodSpec, Volume, VolumeMount } from '../spec/kubernetes.ts';

import { ordered } from '../spec/marshal.ts';
import { parseYaml } from '../spec/yaml.ts';
import { archiveLocation, secretVolumes } from './artifacts.ts';
import { strategicMerge } from './strategic-merge.ts';

export interface PlanInput {
  workflow: { name: string; namespace: string; spec: WorkflowSpec; volumes: readonly Volume[]; claims: readonly Volume[] };
  node: { id: string; name: string };
  podName: string;
  /** With all tags replaced. */
  template: Template;
  /** The steps or dag template around the node. */
  boundary: Template | undefined;
  onExit: boolean;
  includeResult: boolean;
  activeDeadlineSeconds: number | undefined;
  /** Milliseconds; nothing in the Pod lives longer. */
  globals: Values;
  instanceId: string | undefined;
  /** The artifact repository of the namespace. */
  repository: Record<string, unknown> | undefined;
  configMaps: ReadonlyMap<string, ConfigMap> | undefined;
  /** Hosts that an attempt must keep away from. */
  failedHosts: readonly string[];
}

/** Where a script's source is put; the last argument of its command. */
const SCRIPT_PATH = '/argo/staging/script';

/**
 * @returns the plan of the node's Pod
 * Throws Fault when the template cannot become a Pod.
 */
export function planPod(input: PlanInput): PodPlan {
  const template = archiveLocation(input.template, input.workflow.spec, input.repository);
  const draft: PodPlan = {
    nodeId: input.node.id,
    nodeName: input.node.name,
    name: input.podName,
    namespace: input.workflow.namespace,
    labels: labelsOf(input, template),
    annotations: { ...input.workflow.spec.podMetadata?.annotations, ...template.metadata?.annotations },
    spec: podSpec(input, template),
    template: recordedTemplate(template, input.workflow.spec),
    includeResult: input.includeResult,
  };
  const plan = substituteLast(draft, input, template);
  for (const patch of patches(input, plan.template, template)) plan.spec = applyPatch(plan.spec, patch);
  if (input.failedHosts.length > 0) plan.spec.affinity = awayFrom(plan.spec.affinity, input.failedHosts);
  return plan;
}

/** The template as it is written down beside what carries it out: with all tags replaced, input parameters left out. */
export function recordedTemplate(template: Template, spec: WorkflowSpec): Template {
  return ordered('Template', withRequiredArtifacts(withMetadata(withoutInputParameters(template), spec))) as Template;
}

function labelsOf(input: PlanInput, template: Template): Record<string, string> {
  const labels: Record<string, string> = { [LABEL.workflow]: input.workflow.name, [LABEL.completed]: 'false' };
  if (input.onExit) labels[LABEL.onExit] = 'true';
  if (input.instanceId) labels[LABEL.instanceId] = input.instanceId;
  return { ...labels, ...input.workflow.spec.podMetadata?.labels, ...template.metadata?.labels };
}

function withoutInputParameters(template: Template): Template {
  const { inputs, ...rest } = template;
  return inputs?.artifacts ? { ...rest, inputs: { artifacts: inputs.artifacts } } : rest;
}

/** That an artifact is required goes without saying, as Go writes it. */
function withRequiredArtifacts(template: Template): Template {
  const inputs = template.inputs?.artifacts && { inputs: { ...template.inputs, artifacts: template.inputs.artifacts.map(unlessRequired) } };
  const outputs = template.outputs?.artifacts && { outputs: { ...template.outputs, artifacts: template.outputs.artifacts.map(unlessRequired) } };
  return { ...template, ...inputs, ...outputs };
}

function unlessRequired({ optional, ...artifact }: Artifact): Artifact {
  return optional ? { ...artifact, optional } : artifact;
}

/** The template as the Pod knows it carries the metadata of all Pods of the workflow, too. */
function withMetadata(template: Template, { podMetadata }: WorkflowSpec): Template {
  if (!podMetadata) return template;
  const labels = { ...podMetadata.labels, ...template.metadata?.labels };
  const annotations = { ...podMetadata.annotations, ...template.metadata?.annotations };
  return { ...template, metadata: { ...(Object.keys(labels).length > 0 ? { labels } : {}), ...(Object.keys(annotations).length > 0 ? { annotations } : {}) } };
}

/** Some tags come from outside the template: the repository's keys, the workflow's volumes. Argo: substitutePodParams */
function substituteLast(plan: PodPlan, input: PlanInput, template: Template): PodPlan {
  const text = JSON.stringify(plan);
  if (!text.includes('{{')) return plan;
  const values = new Map<string, string | null>();
  for (const { name, value } of template.inputs?.parameters ?? []) if (value !== undefined) values.set(`inputs.parameters.${name}`, value);
  values.set('pod.name', input.podName);
  return substituteJson(text, joined(text, input.globals, values), 'loose').value as PodPlan;
}

function podSpec(input: PlanInput, template: Template): PodSpec {
  const { spec } = input.workflow;
  const pod: PodSpec = { containers: [...mainContainers(template), ...(template.sidecars ?? []).map((sidecar) => mirrored(sidecar, template))] };
  pod.restartPolicy = 'Never';
  const set = <K extends keyof PodSpec>(key: K, value: PodSpec[K] | undefined): void => {
    if (value !== undefined && !isEmpty(value)) pod[key] = value;
  };
  const init = (template.initContainers ?? []).map((container) => mirrored(container, template));
  set('initContainers', init);
  set('volumes', volumesOf(input, template, [...pod.containers, ...init]));
  set('activeDeadlineSeconds', input.activeDeadlineSeconds);
  for (const key of ['imagePullSecrets', 'hostNetwork', 'dnsPolicy', 'dnsConfig'] as const) set(key, spec[key] || undefined);
  set('serviceAccountName', template.serviceAccountName || spec.serviceAccountName);
  set('nodeSelector', firstFull(template.nodeSelector, input.boundary?.nodeSelector, spec.nodeSelector));
  set('affinity', template.affinity ?? input.boundary?.affinity ?? spec.affinity);
  set('tolerations', firstFull(template.tolerations, input.boundary?.tolerations, spec.tolerations));
  set('schedulerName', template.schedulerName || spec.schedulerName);
  set('priorityClassName', template.priorityClassName || spec.podPriorityClassName);
  set('hostAliases', [...(spec.hostAliases ?? []), ...(template.hostAliases ?? [])]);
  set('securityContext', template.securityContext ?? spec.securityContext);
  set('resources', template.podResources ?? spec.podResources);
  set('resourceClaims', template.resourceClaims ?? spec.resourceClaims);
  if (!mountsToken(template, spec)) pod.automountServiceAccountToken = false;
  return pod;
}

function mountsToken(template: Template, spec: WorkflowSpec): boolean {
  return template.automountServiceAccountToken ?? spec.automountServiceAccountToken ?? true;
}

function isEmpty(value: unknown): boolean {
  return value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}

function firstFull<T extends object>(...values: (T | undefined)[]): T | undefined {
  return values.find((value) => value !== undefined && Object.keys(value).length > 0);
}

function mainContainers(template: Template): Container[] {
  if (template.containerSet) {
    const { containers, volumeMounts = [] } = template.containerSet;
    return containers.map((member) => {
      const container: Container = omit(member, 'dependencies');
      return volumeMounts.length > 0 ? { ...container, volumeMounts: [...(container.volumeMounts ?? []), ...volumeMounts] } : container;
    });
  }
  if (template.script) {
    const { source, ...container } = template.script;
    return [withInputs({ ...container, name: 'main', ...(source ? { args: [...(container.args ?? []), SCRIPT_PATH] } : {}) }, template)];
  }
  return template.container ? [withInputs({ ...template.container, name: 'main' }, template)] : [];
}

/** Input artifacts appear at their paths, unless a volume of the user's is mounted there already. */
function withInputs(container: Container, template: Template): Container {
  const mounts = (template.inputs?.artifacts ?? []).flatMap((artifact): VolumeMount[] =>
    (artifact.path && hasLocation(artifact) && !overlaps(container.volumeMounts, artifact.path) ? [{ name: 'input-artifacts', mountPath: artifact.path, subPath: artifact.name }] : []));
  return mounts.length > 0 ? { ...container, volumeMounts: [...(container.volumeMounts ?? []), ...mounts] } : container;
}

function hasLocation(artifact: Artifact): boolean {
  return (['s3', 'git', 'http', 'artifactory', 'hdfs', 'raw', 'oss', 'gcs', 'azure', 'plugin'] as const).some((kind) => artifact[kind] !== undefined);
}

function overlaps(mounts: readonly VolumeMount[] | undefined, path: string): boolean {
  return (mounts ?? []).some(({ mountPath }) => {
    const base = mountPath.replace(/\/+$/, '');
    return path === base || path.startsWith(`${base}/`);
  });
}

/** A sidecar or init container may ask for main's mounts. */
function mirrored(container: Container & { mirrorVolumeMounts?: boolean }, template: Template): Container {
  const { mirrorVolumeMounts, ...own } = container;
  const main = mirrorVolumeMounts ? mainContainers(template).find(({ name }) => name === 'main') : undefined;
  return main?.volumeMounts ? { ...own, volumeMounts: [...(own.volumeMounts ?? []), ...main.volumeMounts] } : own;
}

/** The template's volumes, and those of the workflow that a container mounts. Throws Fault for one that is not there. */
function volumesOf(input: PlanInput, template: Template, containers: readonly Container[]): Volume[] {
  const volumes = [...(template.volumes ?? [])];
  const sources = [...volumes, ...input.workflow.volumes, ...input.workflow.claims];
  for (const { name } of containers.flatMap((container) => container.volumeMounts ?? [])) {
    if (volumes.some((volume) => volume.name === name) || name === 'input-artifacts') continue;
    const found = sources.find((volume) => volume.name === name);
    if (!found) throw new Fault('error', `volume '${name}' not found in workflow spec`);
    volumes.push(found);
  }
  return [...volumes, ...secretVolumes(template)];
}

/** The podSpecPatches of the workflow and of the template, their tags replaced. */
function patches(input: PlanInput, resolved: Template, template: Template): string[] {
  const locals = new Map([['pod.name', input.podName]]);
  return [input.workflow.spec.podSpecPatch, resolved.podSpecPatch].flatMap((patch) => {
    if (!patch) return [];
    if (!patch.includes('{{')) return patch;
    return processTemplate({ ...template, podSpecPatch: patch }, {}, input.globals, locals, input.configMaps).podSpecPatch ?? [];
  });
}

function applyPatch(spec: PodSpec, text: string): PodSpec {
  const { value: patch } = parseYaml(text);
  if (typeof patch !== 'object' || patch === null) throw new Fault('error', 'Error applying PodSpecPatch: the patch is no object');
  return strategicMerge(spec, patch);
}

/** Adds to every term of a required node affinity that the host is none of these. */
function awayFrom(affinity: Record<string, unknown> | undefined, hosts: readonly string[]): Record<string, unknown> {
  const requirement = { key: 'kubernetes.io/hostname', operator: 'NotIn', values: [...hosts] };
  const node = (affinity?.['nodeAffinity'] ?? {}) as Record<string, unknown>;
  const required = (node['requiredDuringSchedulingIgnoredDuringExecution'] ?? {}) as { nodeSelectorTerms?: { matchExpressions?: unknown[] }[] };
  const terms = required.nodeSelectorTerms?.length ? required.nodeSelectorTerms : [{}];
  const merged = terms.map((term) => ({ ...term, matchExpressions: [...(term.matchExpressions ?? []), requirement] }));
  return { ...affinity, nodeAffinity: { ...node, requiredDuringSchedulingIgnoredDuringExecution: { ...required, nodeSelectorTerms: merged } } };
}

