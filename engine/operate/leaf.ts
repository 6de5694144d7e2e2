/**
 * Templates that call no other: those that become a Pod, and suspend. Argo: executeContainer and its siblings
 */
import type { Pod } from '../spec/kubernetes.ts';
import type { NodeStatus, Parameter } from '../spec/types.ts';
import { planPod } from '../pod/plan.ts';
import { durationOf, milliseconds } from './time.ts';
import { Fault, TIMEOUT, attempt } from './fault.ts';
import { goJson } from './language.ts';
import { omit } from './omit.ts';
import { wantsResult } from './results.ts';
import type { Executed, Run } from './run.ts';
import { openNode, type Task } from './task.ts';
import { timeoutOf } from './timeouts.ts';

/** Container, script and containerSet templates: one node, one Pod. */
export function executePod(run: Run, task: Task): Executed {
  const node = openNode(run, task, 'Pod', 'Pending');
  const pod = run.observed.pods.get(node.id);
  if (pod) {
    endInTime(run, task, node, pod);
    return { node: isLate(run, task, node) ? run.nodes.mark(node.id, 'Failed', TIMEOUT.message) : node };
  }
  const refusal = run.observed.refusals?.get(node.id);
  if (refusal && !refusal.transient) return { node, fault: new Fault('error', refusal.message) };
  // Argo takes the retry node of a hook for the last attempt of the retried step it hooks, and gives it a Pod of the step.
  if (node.phase !== 'Pending' && node.type !== 'Retry') return { node };
  if (!run.mayExecute(task.options.onExit ?? false)) {
    return { node: run.nodes.mark(node.id, 'Failed', `workflow shutdown with strategy: ${run.shutdown}`) };
  }
  const created = attempt(() => create(run, task, node));
  if (created.fault) return { node: run.nodes.get(node.id), fault: created.fault };
  if (refusal && refusal.message !== node.message) run.nodes.mark(node.id, 'Pending', refusal.message);
  if (task.template.containerSet && created.value) addContainers(run, task, node);
  return { node: run.nodes.get(node.id) };
}

/** The retry strategy's maxDuration ends an attempt that is under way. Argo: the wait container, by ARGO_DEADLINE */
function endInTime(run: Run, { options: { deadline } }: Task, node: NodeStatus, { metadata, status }: Pod): void {
  if (deadline === undefined || status?.phase === 'Succeeded' || status?.phase === 'Failed') return;
  if (run.now > deadline) run.act({ type: 'terminate-pod', nodeId: node.id, name: metadata.name ?? run.podNameOf(node) });
  else run.wakeAt(deadline + 1);
}

/** An attempt whose Pod waits too long; other nodes are asked before they come here. */
function isLate(run: Run, task: Task, node: NodeStatus): boolean {
  return node.phase === 'Pending' && attempt(() => timeoutOf(run, task.template, node)).fault === TIMEOUT;
}

/** @returns whether the Pod is on its way. Throws Fault. */
function create(run: Run, task: Task, node: NodeStatus): boolean {
  const onExit = task.options.onExit ?? false;
  if (run.deadline !== undefined && !onExit && secondsUntil(run, run.deadline) <= 0) return false;
  const timeout = timeoutOf(run, task.template, node);
  const boundary = run.boundaryTemplate(node.boundaryID ?? '');
  const plan = planPod({
    workflow: { name: run.name, namespace: run.namespace, spec: run.spec, volumes: run.volumes, claims: run.status.persistentVolumeClaims ?? [] },
    node: { id: node.id, name: node.name },
    podName: run.podName({ name: node.name, template: task.template.name ?? '' }),
    template: task.template,
    boundary,
    onExit,
    includeResult: wantsResult(run, node, task.template),
    activeDeadlineSeconds: deadlineSeconds(run, task, timeout),
    globals: run.globals,
    instanceId: run.observed.settings?.instanceId,
    repository: run.repository,
    configMaps: run.observed.configMaps,
    failedHosts: failedHosts(run, node),
  });
  if (timeout !== undefined && secondsUntil(run, timeout) <= 1) throw new Fault('error', `${node.name} exceeded its deadline`);
  run.act({ type: 'create-pod', plan });
  run.creating.add(node.id);
  return true;
}

function secondsUntil(run: Run, time: number): number {
  return Math.trunc((time - run.now) / 1000);
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b);
}

/** The Pod's own deadline: the template's, the workflow's, whichever is nearer; `timeout` counts before both. */
function deadlineSeconds(run: Run, task: Task, timeout: number | undefined): number | undefined {
  if (timeout !== undefined) return secondsUntil(run, timeout);
  const own = task.template.activeDeadlineSeconds;
  const seconds = own === undefined ? undefined : Number(own);
  if (seconds !== undefined && !Number.isInteger(seconds)) throw new Fault('error', `strconv.ParseInt: parsing ${JSON.stringify(String(own))}: invalid syntax`);
  if (run.deadline === undefined || task.options.onExit) return seconds;
  return earliest(seconds, secondsUntil(run, run.deadline));
}

/** Hosts on which earlier attempts failed, when the strategy wants another one. */
function failedHosts(run: Run, node: NodeStatus): string[] {
  if (!node.nodeFlag?.retried) return [];
  const parent = run.nodes.byName(node.name.replace(/\(\d+\)$/, ''));
  const template = parent && run.templateOf(parent);
  const strategy = template && run.retryStrategy(template);
  if (!parent || !strategy?.affinity?.nodeAntiAffinity) return [];
  return [...new Set(run.nodes.children(parent).flatMap((child) => (child.id !== node.id && child.hostNodeName ? child.hostNodeName : [])))];
}

/** The containers of a set are nodes of their own, linked as they depend on each other. */
function addContainers(run: Run, task: Task, node: NodeStatus): void {
  const containers = task.template.containerSet?.containers ?? [];
  const nodeName = (container: string): string => `${node.name}.${container}`;
  for (const { name = '' } of containers) {
    if (run.nodes.byName(nodeName(name))) continue;
    run.nodes.add({ name: nodeName(name), type: 'Container', scope: task.scope, call: task.call, boundaryID: node.id, phase: 'Pending', flag: task.options.flag });
  }
  for (const { name = '', dependencies = [] } of containers) {
    const child = run.nodes.id(nodeName(name));
    if (dependencies.length === 0) run.nodes.link(node.id, child);
    for (const dependency of dependencies) run.nodes.link(run.nodes.id(nodeName(dependency)), child);
  }
}

/** Waits for a person, or for its time to pass. */
export function executeSuspend(run: Run, task: Task): Executed {
  const isNew = !run.nodes.byName(task.name);
  const node = openNode(run, task, 'Suspend', 'Pending');
  if (isNew) {
    const supplied = (task.template.outputs?.parameters ?? []).filter((parameter) => parameter.valueFrom?.supplied !== undefined);
    if (supplied.length > 0) node.outputs = { parameters: supplied };
    if (node.inputs?.parameters) node.inputs = { ...node.inputs, parameters: node.inputs.parameters.map(withChoices) };
  }
  const duration = task.template.suspend?.duration;
  if (duration) {
    const parsed = attempt(() => durationOf(duration));
    if (parsed.fault) return { node, fault: parsed.fault };
    const until = milliseconds(node.startedAt) + parsed.value;
    if (run.now > until) {
      const filled = attempt(() => suppliedDefaults(node.outputs?.parameters));
      if (filled.fault) return { node, fault: filled.fault };
      if (filled.value) run.nodes.edit(node.id).outputs = { ...node.outputs, parameters: filled.value };
      return { node: run.nodes.mark(node.id, 'Succeeded') };
    }
    run.wakeAt(until + 1);
  }
  if (run.deadline !== undefined) run.wakeAt(run.deadline + 1);
  return { node: run.nodes.mark(node.id, 'Running') };
}

/** A value that is a JSON object with `enum` describes a choice to be made. */
function withChoices(parameter: Parameter): Parameter {
  if (parameter.value === undefined) return parameter;
  let described: unknown;
  try {
    described = JSON.parse(parameter.value);
  } catch {
    return parameter;
  }
  const choices = typeof described === 'object' && described !== null ? (described as { enum?: unknown }).enum : undefined;
  if (!Array.isArray(choices) || choices.length === 0) return parameter;
  const texts = choices.map((choice) => (typeof choice === 'string' ? choice : goJson(choice)));
  return { ...parameter, enum: texts, default: parameter.default ?? texts[0] ?? '' };
}

/** Defaults for supplied outputs that nobody supplied. Throws Fault. */
export function suppliedDefaults(parameters: readonly Parameter[] | undefined): Parameter[] | undefined {
  if (!parameters?.some((parameter) => parameter.valueFrom?.supplied !== undefined)) return undefined;
  return parameters.map((parameter) => {
    const source = parameter.valueFrom;
    if (source?.supplied === undefined) return parameter;
    if (parameter.value !== undefined) return parameter;
    if (source.default === undefined) {
      throw new Fault('error', `raw output parameter '${parameter.name}' has not been set and does not have a default value`);
    }
    return { ...omit(parameter, 'valueFrom'), value: source.default };
  });
}

/** Argo's executor plugins are sidecars that a cluster's administrator installs for its controller: no other engine can call them. */
export function executePlugin(run: Run, task: Task): Executed {
  const node = openNode(run, task, 'Plugin', 'Pending');
  const name = Object.keys(task.template.plugin ?? {})[0] ?? '';
  return { node, fault: new Fault('error', `template '${task.template.name ?? ''}' needs the executor plugin '${name}', which runs beside Argo's own controller only; call what the plugin calls from an http, resource or container template`) };
}
