/**
 * Objects as the types say. Where the CRDs check nothing, an object of a cluster may have any shape: what fits no type is left out
 * here, at the door, and remembered, so that one bad object ends with a word about its place and harms nobody.
 */
import type { DefinitionKind } from '../api.ts';
import type { WatchHandler } from '../kube/port.ts';
import { decode } from '../spec/decode.ts';
import type { Diagnostic } from '../spec/diagnostic.ts';
import type { KubeObject } from '../spec/kubernetes.ts';
import type { CronWorkflow, NodeStatus, Workflow, WorkflowTemplate } from '../spec/types.ts';

/** What did not fit, and the object as it is kept. */
export interface Malformed<T extends KubeObject = KubeObject> {
  /** Names the first place and its remedy. */
  message: string;
  raw: T;
}

const malformed = new WeakMap<KubeObject, Malformed>();

/** @returns what is wrong with an object that came through this door; undefined when nothing is */
export function malformedOf<T extends KubeObject>(object: T): Malformed<T> | undefined {
  return malformed.get(object) as Malformed<T> | undefined;
}

/** What was found wrong with an object holds for another form of it, too. @returns that form */
export function inherit<T extends KubeObject>(from: T, object: T): T {
  const known = malformed.get(from);
  if (known) malformed.set(object, known);
  return object;
}

/** @returns the run as the types say; its nodes, which only controllers write, are looked at but not decoded */
export function typedRun(raw: Workflow): Workflow {
  const { nodes, ...status } = isObject(raw.status) ? raw.status as Workflow['status'] & object : {};
  const decoded = decoding('Workflow', isObject(raw.status) ? { ...raw, status } : raw);
  const checked = typedNodes(nodes);
  decoded.faults.push(...checked.faults);
  const { status: known, ...rest } = decoded.object as Workflow;
  const workflow: Workflow = { ...rest, spec: isObject(rest.spec) ? rest.spec : {}, ...((known || checked.nodes) && { status: { ...known, ...(checked.nodes && { nodes: checked.nodes }) } }) };
  return remember(workflow, raw, decoded.faults);
}

/** @returns the template or schedule as the types say */
export function typedDefinition<T extends CronWorkflow | WorkflowTemplate>(kind: DefinitionKind, raw: T): T {
  const { object, faults } = decoding(kind, raw);
  const spec = isObject(object['spec']) ? object['spec'] : {};
  return remember({ ...object, spec: kind === 'CronWorkflow' ? { schedules: [], workflowSpec: {}, ...spec } : spec } as unknown as T, raw, faults);
}

/** A handler that is told of typed objects. */
export function typing<T extends KubeObject>(handler: WatchHandler<T>, typed: (raw: T) => T): WatchHandler<T> {
  return { ...handler, onChange: ({ upserts, removed, reset }) => { handler.onChange({ upserts: upserts.map(typed), removed: removed.map(typed), reset }); } };
}

function decoding(kind: string, raw: KubeObject): { object: KubeObject; faults: string[] } {
  const { value, diagnostics } = decode(kind, raw, 'controller');
  const object = { ...(value as KubeObject), metadata: { ...raw.metadata, ...(value as KubeObject).metadata } };
  return { object, faults: diagnostics.filter(({ severity }) => severity === 'error').map(sentence) };
}

function sentence({ message, hint }: Diagnostic): string {
  return hint === undefined ? message : `${message} ${hint}`;
}

const MAX_TEXT = 400;

function remember<T extends KubeObject>(object: T, raw: T, faults: readonly string[]): T {
  const [first] = faults;
  if (first === undefined) return object;
  const text = first.length > MAX_TEXT ? `${first.slice(0, MAX_TEXT)}…` : first;
  malformed.set(object, { message: faults.length > 1 ? `${text} (and ${faults.length - 1} more)` : text, raw });
  return object;
}

function typedNodes(nodes: unknown): { nodes?: Record<string, NodeStatus>; faults: string[] } {
  if (nodes === undefined || nodes === null) return { faults: [] };
  if (!isObject(nodes)) return { faults: ['status.nodes must be a map of nodes. Delete the status to let the run begin anew.'] };
  const bad = Object.entries(nodes).find(([id, node]) => !isNode(id, node));
  if (!bad) return { nodes: nodes as Record<string, NodeStatus>, faults: [] };
  return { nodes: Object.fromEntries(Object.entries(nodes).filter(([id, node]) => isNode(id, node))) as Record<string, NodeStatus>, faults: [`status.nodes.${bad[0]} is no node. Delete the status to let the run begin anew.`] };
}

const TEXTS = ['phase', 'message', 'boundaryID', 'templateName', 'templateScope', 'progress', 'startedAt', 'finishedAt', 'hostNodeName', 'podIP'] as const;
const LISTS = ['children', 'outboundNodes'] as const;
const MAPS = ['inputs', 'outputs', 'nodeFlag', 'templateRef', 'memoizationStatus', 'synchronizationStatus'] as const;

function isNode(id: string, node: unknown): boolean {
  if (!isObject(node) || node['id'] !== id || typeof node['name'] !== 'string' || typeof node['type'] !== 'string' || typeof node['displayName'] !== 'string') return false;
  return TEXTS.every((key) => node[key] === undefined || node[key] === null || typeof node[key] === 'string')
    && LISTS.every((key) => node[key] === undefined || (Array.isArray(node[key]) && node[key].every((each) => typeof each === 'string')))
    && MAPS.every((key) => node[key] === undefined || isObject(node[key]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
