/** Manifests → a workflow that applies them in order and waits until they are ready. */
import { stringify } from 'yaml';
import type { KubeObject } from '../spec/kubernetes.ts';
import { acyclic, direct, layers } from './layers.ts';
import type { Edge } from './layers.ts';
import { readObjects } from './objects.ts';
import type { ManifestNotice, ManifestObject, ManifestText } from './objects.ts';
import { fields, isWorkload, namespaceOf, needsOf, stageName, stageOf } from './order.ts';
import type { Need } from './order.ts';
import { Parameters } from './parameters.ts';
import type { ManifestParameter, MarkedValue } from './parameters.ts';

export interface ManifestOptions {
  /** Begins the names of the runs. */
  name: string;
  /** Values of the source that stand in the manifests as marks. */
  marked?: readonly MarkedValue[];
  /** Apply the namespaces that the manifests name and do not hold. */
  createNamespaces?: boolean;
}

/** What is applied together, in rows one after the other. */
export interface ManifestGroup {
  name: string;
  /** Groups that are ready before this one begins. */
  after: string[];
  rows: { stage: string; objects: { kind: string; name: string; place: string }[] }[];
}

export interface ManifestWorkflow {
  /** YAML; empty when there are errors. */
  text: string;
  groups: ManifestGroup[];
  parameters: ManifestParameter[];
  notices: ManifestNotice[];
}

/** Kubernetes keeps objects up to about 1.5 MiB; status and managed fields need room too. */
const ROOM = 1024 * 1024;
const MOST_OBJECTS = 1_000;
const WAIT = 'tiphys.dev/wait';

interface Group {
  name: string;
  /** Indices of its objects by row. */
  rows: { stage: number; members: number[] }[];
  after: number[];
}

/** @returns the workflow and what a person should look at before it is used; never throws for what the source holds */
export function workflowFromManifests(sources: readonly ManifestText[], options: ManifestOptions): ManifestWorkflow {
  const { objects, notices } = readObjects(sources);
  if (options.createNamespaces !== false) objects.unshift(...missingNamespaces(objects));
  const parameters = new Parameters(objects, options.marked ?? []);
  notices.push(...lookAt(objects).map((notice) => ({ ...notice, message: parameters.unmarked(notice.message) })));
  if (!objects.length && !notices.some(({ severity }) => severity === 'error')) notices.push({ severity: 'error', place: '', message: 'There are no manifests there.', hint: 'Choose a folder with YAML or JSON files of Kubernetes objects in it or below it.' });
  if (objects.length > MOST_OBJECTS) notices.push({ severity: 'error', place: '', message: `${objects.length} objects are more than one workflow can carry.`, hint: `Choose a folder with at most ${MOST_OBJECTS} of them.` });
  if (notices.some(({ severity }) => severity === 'error')) return { text: '', groups: [], parameters: [], notices };
  const needs = needsOf(objects);
  const groups = grouped(objects, needs, notices);
  const names = templateNames(objects, groups, parameters);
  const leaves = groups.flatMap((group) => group.rows.flatMap(({ members }) => members.map((index) => applyTemplate(objects[index] as ManifestObject, names.objects[index] ?? '', parameters))));
  parameters.describeImages();
  const text = write(options.name, parameters, [...frame(groups, names), ...leaves]);
  if (text.length > ROOM) notices.push({ severity: 'warning', place: '', message: `The workflow has ${(text.length / ROOM).toFixed(1)} MiB: Kubernetes keeps no object above 1.5 MiB.`, hint: 'Choose subfolders one at a time.' });
  return {
    text, notices, parameters: parameters.list.map(({ name, value, description }) => ({ name, value, description })),
    groups: groups.map((group) => ({
      name: group.name, after: group.after.map((index) => groups[index]?.name ?? ''),
      rows: group.rows.map(({ stage, members }) => ({ stage: stageName(stage), objects: members.map((index) => summary(objects[index] as ManifestObject, parameters)) })),
    })),
  };
}

function summary({ value, file, line }: ManifestObject, parameters: Parameters): { kind: string; name: string; place: string } {
  return { kind: value.kind ?? '', name: parameters.unmarked(value.metadata.name ?? ''), place: file ? `${file}:${line}` : '' };
}

/** Namespaces that are only named get an object, in a group that comes first. */
function missingNamespaces(objects: readonly ManifestObject[]): ManifestObject[] {
  const held = new Set(objects.filter(({ value }) => value.kind === 'Namespace').map(({ value }) => value.metadata.name));
  const named = [...new Set(objects.map(({ value }) => namespaceOf(value)).filter((name) => name && !held.has(name)))];
  return named.map((name) => {
    const value = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    return { file: '', line: 0, group: 'namespaces', text: stringify(value), value };
  });
}

function lookAt(objects: readonly ManifestObject[]): ManifestNotice[] {
  const notices: ManifestNotice[] = [];
  const seen = new Map<string, string>();
  for (const { value, file, line, text } of objects) {
    const place = file ? `${file}:${line}` : '';
    const name = `${value.kind ?? ''} ${value.metadata.name ?? ''}`;
    if (value.kind === 'Secret' && (value['data'] ?? value['stringData'])) notices.push({ severity: 'warning', place, message: `${name}: its contents stand in the workflow's text, readable for everybody who may read workflows.`, hint: 'Create Secrets another way, and leave this file out.' });
    if (fields(value.metadata.annotations)['helm.sh/hook'] !== undefined) notices.push({ severity: 'warning', place, message: `${name} is a hook of Helm: here it is applied in the order of its kind.` });
    const key = `${value.apiVersion ?? ''} ${name} ${namespaceOf(value)}`;
    const first = seen.get(key);
    if (first !== undefined) notices.push({ severity: 'warning', place, message: `${name} stands in ${first} too: the one that is applied last wins.`, hint: 'Choose a folder with one of them.' });
    seen.set(key, place);
    if (/\{\{-?\s*(=|(workflow|inputs|outputs|item|steps|tasks|pod|node)\b)/.test(text)) notices.push({ severity: 'warning', place, message: `${name} holds {{…}} that a workflow takes for its own.`, hint: 'Look at it in the text before you run the workflow.' });
  }
  return notices;
}

/** Groups in the order in which they can begin, each with its rows. */
function grouped(objects: readonly ManifestObject[], needs: readonly Need[], notices: ManifestNotice[]): Group[] {
  const names = [...new Set(objects.map(({ group }) => group))];
  const groupOf = objects.map(({ group }) => names.indexOf(group));
  const between: Edge[] = needs.map(({ from, to, hard }) => ({ from: groupOf[from] ?? 0, to: groupOf[to] ?? 0, hard })).filter(({ from, to }) => from !== to);
  const { kept, dropped } = acyclic(names.length, between);
  for (const { from, to, hard } of dropped) {
    if (hard) notices.push({ severity: 'warning', place: '', message: `${names[from] ?? ''} and ${names[to] ?? ''} need each other: ${names[from] ?? ''} is applied first.`, hint: 'Order the two by hand in the workflow.' });
  }
  const after = direct(names.length, kept);
  const depth = layers(names.length, kept);
  const order = names.map((_, index) => index).sort((a, b) => (depth[a] ?? 0) - (depth[b] ?? 0) || a - b);
  return order.map((index) => ({
    name: names[index] ?? '', rows: rowsOf(objects, needs, objects.flatMap((_, at) => (groupOf[at] === index ? [at] : []))),
    after: (after[index] ?? []).map((other) => order.indexOf(other)),
  }));
}

/** Stage by stage; inside a stage, what others need comes first. */
function rowsOf(objects: readonly ManifestObject[], needs: readonly Need[], members: readonly number[]): Group['rows'] {
  const inside: Edge[] = needs.flatMap(({ from, to, hard }) => {
    const [a, b] = [members.indexOf(from), members.indexOf(to)];
    const same = a >= 0 && b >= 0 && stageOf((objects[from] as ManifestObject).value) === stageOf((objects[to] as ManifestObject).value);
    return same ? [{ from: a, to: b, hard }] : [];
  });
  const depth = layers(members.length, acyclic(members.length, inside).kept);
  const rows = new Map<string, { stage: number; depth: number; members: number[] }>();
  members.forEach((index, at) => {
    const stage = stageOf((objects[index] as ManifestObject).value);
    const key = `${stage}/${depth[at] ?? 0}`;
    const row = rows.get(key) ?? { stage, depth: depth[at] ?? 0, members: [] };
    row.members.push(index);
    rows.set(key, row);
  });
  return [...rows.values()].sort((a, b) => a.stage - b.stage || a.depth - b.depth);
}

interface TemplateNames {
  objects: string[];
  groups: string[];
}

function templateNames(objects: readonly ManifestObject[], groups: readonly Group[], parameters: Parameters): TemplateNames {
  const taken = new Set(['main']);
  const take = (...wanted: string[]): string => {
    const cleaned = wanted.map((each) => each.toLowerCase().replaceAll(/[^a-z0-9-]+/g, '-').replaceAll(/^-+|-+$/g, '')).filter(Boolean);
    const cuts = cleaned.map((each) => each.slice(0, 120));
    let name = cuts.find((each) => !taken.has(each));
    for (let n = 2; name === undefined; n++) name = taken.has(`${cuts[0] ?? 'manifests'}-${n}`) ? undefined : `${cuts[0] ?? 'manifests'}-${n}`;
    taken.add(name);
    return name;
  };
  const groupNames = groups.map(({ name }) => take(name || 'manifests'));
  const objectNames: string[] = [];
  for (const { name: group, rows } of groups) {
    for (const index of rows.flatMap(({ members }) => members)) {
      const { kind = '', metadata } = (objects[index] as ManifestObject).value;
      const name = parameters.unmarked(metadata.name ?? '');
      objectNames[index] = take(`${name}-${kind}`, `${group}-${name}-${kind}`);
    }
  }
  return { objects: objectNames, groups: groupNames };
}

/** The templates that call others: a DAG of the groups, and the rows of each. */
function frame(groups: readonly Group[], names: TemplateNames): Record<string, unknown>[] {
  const steps = groups.map((group, index) => ({
    name: groups.length === 1 ? 'main' : names.groups[index],
    steps: group.rows.map(({ members }) => members.map((member) => ({ name: names.objects[member], template: names.objects[member] }))),
  }));
  if (groups.length === 1) return steps;
  const tasks = groups.map((group, index) => ({
    name: names.groups[index], template: names.groups[index],
    ...(group.after.length ? { dependencies: group.after.map((other) => names.groups[other]) } : {}),
  }));
  return [{ name: 'main', dag: { tasks } }, ...steps];
}

function applyTemplate(object: ManifestObject, name: string, parameters: Parameters): Record<string, unknown> {
  const waits = isWorkload(object.value) || object.value.kind === 'CustomResourceDefinition' || object.value.kind === 'Namespace';
  const conditions = waits ? conditionsOf(object.value, (count) => parameters.tagged(String(count))) : {};
  return {
    name,
    ...(waits ? { metadata: { annotations: { [WAIT]: 'ready' } } } : {}),
    resource: { action: 'apply', ...conditions, manifest: parameters.apply(object) },
  };
}

/** Readiness in Argo's own words, for controllers that do not know the annotation. */
function conditionsOf(object: KubeObject, tagged: (count: number) => string): { successCondition?: string; failureCondition?: string } {
  const spec = fields(object['spec']);
  const count = (field: string, otherwise: number): number => (typeof spec[field] === 'number' ? spec[field] : otherwise);
  switch (object.kind) {
    case 'Deployment':
    case 'StatefulSet':
    case 'ReplicaSet':
    case 'ReplicationController': return count('replicas', 1) > 0 ? { successCondition: `status.readyReplicas == ${tagged(count('replicas', 1))}` } : {};
    case 'DaemonSet': return { successCondition: 'status.numberReady > 0' };
    case 'Job': return { successCondition: 'status.succeeded > 0', failureCondition: `status.failed > ${tagged(count('backoffLimit', 6))}` };
    case 'Pod': return { successCondition: 'status.phase in (Running, Succeeded)', failureCondition: 'status.phase == Failed' };
    case 'Namespace': return { successCondition: 'status.phase == Active' };
    case 'CustomResourceDefinition': return { successCondition: `status.acceptedNames.kind == ${String(fields(spec['names'])['kind'])}` };
    default: return {};
  }
}

function write(name: string, parameters: Parameters, templates: Record<string, unknown>[]): string {
  const prefix = name.toLowerCase().replaceAll(/[^a-z0-9-]+/g, '-').replaceAll(/^-+|-+$/g, '').slice(0, 50).replaceAll(/-+$/g, '') || 'apply';
  const list = parameters.list.map(({ name: parameter, value, description }) => ({ name: parameter, description, value }));
  return stringify({
    apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { generateName: `${prefix}-` },
    spec: { entrypoint: 'main', ...(list.length ? { arguments: { parameters: list } } : {}), templates },
  }, { lineWidth: 0, indentSeq: false });
}
