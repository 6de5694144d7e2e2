/** Label and field selectors as the API server reads them. */
import type { KubeObject } from '../../spec/kubernetes.ts';
import type { Selectors } from '../port.ts';
import { statusError } from '../status.ts';

export type Matcher = (object: KubeObject) => boolean;

type Requirement = (labels: Record<string, string>) => boolean;

const KEY = '[A-Za-z0-9]([A-Za-z0-9_./-]*[A-Za-z0-9])?';
const SET = new RegExp(`^(${KEY})\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
const EQUALITY = new RegExp(`^(${KEY})\\s*(==|=|!=)\\s*([A-Za-z0-9_.-]*)$`);
const EXISTS = new RegExp(`^(!?)\\s*(${KEY})$`);

const bad = (message: string) => statusError({ code: 400, reason: 'BadRequest', message });

/** Splits at commas that are not inside parentheses. */
function clauses(selector: string): string[] {
  return selector.split(/,(?![^(]*\))/).map((clause) => clause.trim()).filter((clause) => clause !== '');
}

function requirement(clause: string): Requirement {
  const set = SET.exec(clause);
  if (set) {
    const [, key = '', , operator, list = ''] = set;
    const values = new Set(list.split(',').map((value) => value.trim()));
    return operator === 'in'
      ? (labels) => Object.hasOwn(labels, key) && values.has(labels[key] ?? '')
      : (labels) => !Object.hasOwn(labels, key) || !values.has(labels[key] ?? '');
  }
  const equality = EQUALITY.exec(clause);
  if (equality) {
    const [, key = '', , operator, value] = equality;
    return operator === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  const exists = EXISTS.exec(clause);
  if (!exists) throw bad(`unable to parse requirement: ${clause}`);
  const [, not, key = ''] = exists;
  return not ? (labels) => !Object.hasOwn(labels, key) : (labels) => Object.hasOwn(labels, key);
}

const NONE: Record<string, string> = {};

/** @returns a test for `selector` (equality, set and existence forms); throws `invalid` for one that cannot be read */
export function labelMatcher(selector: string): Matcher {
  const requirements = clauses(selector).map(requirement);
  return (object) => {
    const labels = object.metadata.labels ?? NONE;
    return requirements.every((test) => test(labels));
  };
}

/** Fields that can be selected besides metadata.name and metadata.namespace, by kind (Kubernetes: strategy of each kind). */
const FIELDS: Record<string, readonly string[]> = {
  Pod: ['spec.nodeName', 'spec.restartPolicy', 'spec.schedulerName', 'spec.serviceAccountName', 'spec.hostNetwork', 'status.phase', 'status.podIP', 'status.nominatedNodeName'],
  Event: ['involvedObject.kind', 'involvedObject.namespace', 'involvedObject.name', 'involvedObject.uid', 'involvedObject.apiVersion', 'involvedObject.resourceVersion', 'involvedObject.fieldPath', 'reason', 'reportingComponent', 'source', 'type'],
  Secret: ['type'],
  Namespace: ['status.phase'],
};

function fieldOf(object: KubeObject, path: string): string {
  let value: unknown = object;
  for (const part of path.split('.')) value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[part] : undefined;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** @returns a test for a field selector of `kind`; throws `invalid` for a field that the kind cannot be selected by */
export function fieldMatcher(selector: string, kind: string): Matcher {
  const tests = clauses(selector).map((clause): Matcher => {
    const parts = /^([^=!]+?)\s*(==|=|!=)\s*(.*)$/.exec(clause);
    if (!parts) throw bad(`invalid field selector: ${clause}`);
    const [, path = '', operator, value = ''] = parts;
    if (path !== 'metadata.name' && path !== 'metadata.namespace' && !FIELDS[kind]?.includes(path)) throw bad(`field label not supported: ${path}`);
    return operator === '!=' ? (object) => fieldOf(object, path) !== value : (object) => fieldOf(object, path) === value;
  });
  return (object) => tests.every((test) => test(object));
}

/** @returns one test for namespace and both selectors; undefined namespace means all */
export function matcher(kind: string, namespace: string | undefined, selectors: Selectors = {}): Matcher {
  const tests: Matcher[] = [];
  if (namespace) tests.push((object) => object.metadata.namespace === namespace);
  if (selectors.labelSelector) tests.push(labelMatcher(selectors.labelSelector));
  if (selectors.fieldSelector) tests.push(fieldMatcher(selectors.fieldSelector, kind));
  return (object) => tests.every((test) => test(object));
}
