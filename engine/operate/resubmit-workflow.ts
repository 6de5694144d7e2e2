/** A new run of the same workflow. Argo: FormulateResubmitWorkflow */
import { AppError } from '../spec/error.ts';
import { LABEL, type NodeStatus, type Workflow, type WorkflowSpec } from '../spec/types.ts';
import { nodeId } from '../template/names.ts';
import { isFailed } from './nodes.ts';
import { omit } from './omit.ts';
import { overrideParameters } from './parameters.ts';

export interface ResubmitOptions {
  /** Steps that succeeded are not run again; only for runs that failed. */
  memoized?: boolean;
  /** `name=value` */
  parameters?: readonly string[];
  /** Appended to the generated name of a memoized run: the caller's random text. */
  suffix?: string;
  /** Who did it, as a label of the new Workflow. */
  creator?: string;
}

const DROPPED_LABELS: ReadonlySet<string> = new Set([LABEL.phase, LABEL.completed, 'workflows.argoproj.io/workflow-archiving-status', LABEL.instanceId]);

/** @returns the Workflow to create. Throws AppError. */
export function resubmitWorkflow(workflow: Workflow, options: ResubmitOptions = {}): Workflow {
  const { metadata } = workflow;
  const old = metadata.name ?? '';
  const generateName = metadata.generateName ?? `${old}-`;
  const labels = Object.fromEntries(Object.entries(metadata.labels ?? {}).filter(([key]) => !DROPPED_LABELS.has(key) && !key.startsWith(LABEL.creator)));
  const spec: WorkflowSpec = omit(workflow.spec, 'shutdown');
  if (spec.activeDeadlineSeconds === 0) delete spec.activeDeadlineSeconds;
  const next: Workflow = {
    ...(workflow.apiVersion ? { apiVersion: workflow.apiVersion } : {}), ...(workflow.kind ? { kind: workflow.kind } : {}),
    metadata: {
      generateName, labels: { ...labels, [LABEL.resubmittedFrom]: old, ...(options.creator ? { [LABEL.creator]: options.creator } : {}) },
      ...(metadata.namespace ? { namespace: metadata.namespace } : {}),
      ...(metadata.annotations ? { annotations: { ...metadata.annotations } } : {}),
      ...(metadata.ownerReferences ? { ownerReferences: metadata.ownerReferences } : {}),
    },
    spec: overrideParameters(spec, options.parameters ?? []),
  };
  return options.memoized ? memoized(workflow, next, generateName, options.suffix ?? '') : next;
}

function memoized(workflow: Workflow, next: Workflow, generateName: string, suffix: string): Workflow {
  const { status } = workflow;
  if (status?.phase !== 'Failed' && status?.phase !== 'Error') {
    throw new AppError('invalid', `workflow must be Failed/Error to resubmit in memoized mode; was ${status?.phase ?? ''}`);
  }
  const old = workflow.metadata.name ?? '';
  const name = `${generateName}${suffix}`;
  const metadata = { ...next.metadata };
  delete metadata.generateName;
  const nodes: Record<string, NodeStatus> = {};
  const convert = (id: string): string => {
    const node = status.nodes?.[id];
    return node ? nodeId(name, renamed(node.name, old, name)) : id;
  };
  for (const node of Object.values(status.nodes ?? {})) {
    if (node.name.startsWith(`${old}.onExit`)) continue;
    if (node.type === 'Skipped' && !hasSucceededBelow(node, status.nodes ?? {})) continue;
    const copy = copyNode(node, convert, renamed(node.name, old, name));
    nodes[copy.id] = copy;
  }
  return { ...next, metadata: { ...metadata, name }, status: {
    nodes, phase: '', startedAt: null, finishedAt: null, conditions: [{ type: 'Completed', status: 'False' }],
    ...(status.storedTemplates ? { storedTemplates: status.storedTemplates } : {}),
  } };
}

function renamed(nodeName: string, old: string, name: string): string {
  return nodeName.startsWith(old) ? name + nodeName.slice(old.length) : nodeName;
}

function copyNode(node: NodeStatus, convert: (id: string) => string, name: string): NodeStatus {
  const copy: NodeStatus = { ...node, id: convert(node.id), name };
  if (node.boundaryID) copy.boundaryID = convert(node.boundaryID);
  if (node.children) copy.children = node.children.map(convert);
  if (node.outboundNodes) copy.outboundNodes = node.outboundNodes.map(convert);
  delete copy.startedAt;
  delete copy.finishedAt;
  if (!isFailed(node) && node.type === 'Pod') {
    copy.phase = 'Skipped';
    copy.type = 'Skipped';
    copy.message = `original pod: ${node.id}`;
  } else if (node.type !== 'Skipped') {
    copy.phase = 'Pending';
    delete copy.message;
  }
  copy.startedAt = null;
  copy.finishedAt = null;
  return copy;
}

function hasSucceededBelow(node: NodeStatus, nodes: Record<string, NodeStatus>): boolean {
  const seen = new Set<string>();
  const pending = [...(node.children ?? [])];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const below = nodes[id];
    if (below?.phase === 'Succeeded') return true;
    pending.push(...(below?.children ?? []));
  }
  return false;
}
