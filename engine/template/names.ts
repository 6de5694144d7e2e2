/**
 * Names of nodes and Pods, as Argo derives them. Other tools read our runs by these names, so they are exact to the byte.
 * Argo: wf.NodeID, util.GeneratePodName, generateNodeName, getStepOrDAGTaskName, recoverIndexFromNodeName.
 */
import { sliceBytes, byteLength, toBytes, toValidUtf8 } from './go.ts';

export type PodNameVersion = 'v1' | 'v2';

const POD_NAME_ANNOTATION = 'workflows.argoproj.io/pod-name-format';
/** Kubernetes' limit for names, less the longest hash and its dash. */
const MAX_POD_NAME_PREFIX = 253 - 10 - 1;

/** FNV-1a, 32 bits, over the UTF-8 bytes of a text. */
export function fnv32a(text: string): number {
  let hash = 2166136261;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 0x80) return fnvOfBytes(toBytes(text));
    hash = Math.imul(hash ^ code, 16777619) >>> 0;
  }
  return hash;
}

function fnvOfBytes(bytes: Uint8Array): number {
  let hash = 2166136261;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 16777619) >>> 0;
  return hash;
}

/** The key in `status.nodes` of the node with this name. The root node's name and id are the workflow's name. */
export function nodeId(workflowName: string, nodeName: string): string {
  return nodeName === workflowName ? workflowName : `${workflowName}-${fnv32a(nodeName)}`;
}

/**
 * The name of a node's Pod. `templateName` is the template the node runs (of a templateRef: its `template`); version v2,
 * the default, carries it.
 */
export function podName(node: { workflowName: string; nodeName: string; templateName: string; version?: PodNameVersion }): string {
  if (node.version === 'v1') return nodeId(node.workflowName, node.nodeName);
  if (node.workflowName === node.nodeName) return node.workflowName;
  const prefix = node.templateName === '' ? node.workflowName : `${node.workflowName}-${node.templateName}`;
  // A character cut in two is no valid text; the API server would refuse the name in any case.
  const kept = toValidUtf8(sliceBytes(prefix, 0, Math.min(byteLength(prefix), MAX_POD_NAME_PREFIX)));
  return `${kept}-${fnv32a(node.nodeName)}`;
}

/** Which naming a workflow's Pods use: its annotation when it has one, else `fallback` (Argo: the variable POD_NAMES). */
export function podNameVersion(annotations: Readonly<Record<string, string>> | undefined, fallback = ''): PodNameVersion {
  return (annotations?.[POD_NAME_ANNOTATION] ?? fallback) === 'v1' ? 'v1' : 'v2';
}

/** The name part of an expanded step or task: `name(3:description)`, the description without parentheses. */
export function generateNodeName(name: string, index: number, description: string): string {
  const generated = `${name}(${index}:${description.replace(/[()]/g, '')})`;
  const recovered = recoverIndex(generated);
  // Argo panics here: a name with parentheses of its own cannot be told from an expanded one.
  if (recovered !== index) throw new Error(`unrecoverable digit in generateName; wanted '${index}' and got '${recovered}'`);
  return generated;
}

/** The index within an expanded name, by which outputs of a loop are ordered; -1 when the name is of no loop. */
export function recoverIndex(name: string): number {
  const open = name.indexOf('(');
  const colon = name.indexOf(':');
  if (open < 0 || colon < open) return -1;
  const digits = name.slice(open + 1, colon);
  return /^[+-]?[0-9]+$/.test(digits) ? Number(digits) : -1;
}

/** The step's or task's own name within a node name: without the parents, loop descriptions and attempts. */
export function stepOrTaskName(nodeName: string): string {
  let end = nodeName.length;
  let opener = '';
  for (let i = nodeName.length - 1; i >= 0; i--) {
    const c = nodeName.charAt(i);
    if (c === opener) opener = '';
    else if (opener !== '') continue;
    else if (c === ')') opener = '(';
    else if (c === ']') opener = '[';
    else {
      end = i + 1;
      break;
    }
  }
  const name = nodeName.slice(0, end);
  return name.slice(name.lastIndexOf('.') + 1);
}
