/** What can be added to a template: kinds of templates, the templates there are here and elsewhere, and snippets of several fields or tasks. */
import type { Template, TemplateCall } from '../../engine/spec/types.ts';
import type { NewTask } from '../document/command.ts';
import type { StepKind } from '../document/model.ts';
import type { DrawnObject } from '../document/objects.ts';
import { templateKind } from '../document/projection.ts';

/** In the order in which they are shown. */
export const GROUPS = ['Kinds', 'In this file', 'In the folder', 'In the cluster', 'Snippets'] as const;
type Group = (typeof GROUPS)[number];

export interface Addition {
  id: string;
  title: string;
  note?: string;
  kind: StepKind;
  group: Group;
  task: NewTask;
  /** Tasks that follow it, each waiting for the one before. */
  followers?: readonly NewTask[];
}

type Body = Record<string, unknown>;

function kind(name: StepKind, title: string, body: Body, more: { note?: string; name?: string } = {}): Addition {
  const task = more.name ?? name;
  return { id: `kind ${name}`, title, kind: name, group: 'Kinds', task: { name: task, newTemplate: { name: task, ...body } }, ...(more.note === undefined ? {} : { note: more.note }) };
}

const ECHO = { image: 'busybox', command: ['echo'], args: ['hello'] };
const SCRIPT = { image: 'busybox', command: ['sh'], source: 'echo hello\n' };

const KINDS: readonly Addition[] = [
  kind('container', 'Container', { container: ECHO }),
  kind('script', 'Script', { script: SCRIPT }),
  kind('resource', 'Resource', { resource: { action: 'apply', manifest: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: my-config\ndata:\n  key: value\n' } }, { note: 'apply, wait' }),
  kind('dag', 'DAG', { dag: { tasks: [] } }),
  kind('steps', 'Steps', { steps: [] }),
  kind('suspend', 'Suspend', { suspend: {} }, { note: 'approval', name: 'approve' }),
  kind('http', 'HTTP', { http: { url: 'https://example.com', method: 'GET' } }),
];

const ITEM_INPUT = { inputs: { parameters: [{ name: 'item' }] } };
const PASS_ITEM = { arguments: { parameters: [{ name: 'item', value: '{{item}}' }] } };

const SNIPPETS: readonly Addition[] = [
  {
    id: 'snippet retry', title: 'Script with retries', kind: 'script', group: 'Snippets',
    task: { name: 'retried', newTemplate: { name: 'retried', retryStrategy: { limit: 3, backoff: { duration: '10s', factor: 2 } }, script: SCRIPT } },
  },
  {
    id: 'snippet map', title: 'Map over a list', kind: 'container', group: 'Snippets',
    task: { name: 'each', newTemplate: { name: 'each', ...ITEM_INPUT, container: { ...ECHO, args: ['{{inputs.parameters.item}}'] } }, fields: { ...PASS_ITEM, withItems: ['one', 'two', 'three'] } },
  },
  {
    id: 'snippet fan', title: 'Fan-out, fan-in', kind: 'script', group: 'Snippets',
    task: { name: 'list', newTemplate: { name: 'list', script: { ...SCRIPT, source: "echo '[\"one\", \"two\", \"three\"]'\n" } } },
    followers: [
      { name: 'work', newTemplate: { name: 'work', ...ITEM_INPUT, container: { ...ECHO, args: ['{{inputs.parameters.item}}'] } }, fields: { ...PASS_ITEM, withParam: '{{before.result}}' } },
      { name: 'collect', newTemplate: { name: 'collect', container: { ...ECHO, args: ['all done'] } } },
    ],
  },
  {
    id: 'snippet approval', title: 'Approval, then a step', kind: 'suspend', group: 'Snippets',
    task: { name: 'approve', newTemplate: { name: 'approve', suspend: {} } }, followers: [{ name: 'release', newTemplate: { name: 'release', container: { ...ECHO, args: ['released'] } } }],
  },
];

/** Where something is added, and what there is to add. */
interface Place {
  /** The object on the canvas, and its template there. */
  object: DrawnObject | undefined;
  template: Template | undefined;
  /** All objects of the file. */
  objects: readonly DrawnObject[];
  outside: Iterable<{ cluster: boolean; object: DrawnObject }>;
}

/** @returns what can be added, most general first */
export function additions(place: Place): Addition[] {
  const { object, objects } = place;
  const own = (object?.spec.templates ?? []).flatMap((template): Addition[] => (template.name === undefined ? [] : [{
    id: `template ${template.name}`, title: template.name, kind: templateKind(template), group: 'In this file', task: { name: template.name, template: template.name },
  }]));
  const beside = objects.filter((each) => each !== object).flatMap((each) => stored(each, 'In this file', place));
  const outside = [...place.outside].flatMap((each) => stored(each.object, each.cluster ? 'In the cluster' : 'In the folder', place));
  return [...KINDS, ...own, ...beside, ...outside, ...SNIPPETS];
}

/** Templates that are called by a reference, with the arguments that they take. */
function stored({ kind, name, spec }: DrawnObject, group: Group, place: Place): Addition[] {
  if (kind !== 'WorkflowTemplate' && kind !== 'ClusterWorkflowTemplate') return [];
  const clusterScope = kind === 'ClusterWorkflowTemplate';
  return (spec.templates ?? []).flatMap((template): Addition[] => {
    if (template.name === undefined) return [];
    const given = argumentsFor(template, place);
    return [{
      id: `${kind} ${name} ${template.name}`, title: template.name, note: clusterScope ? `${name}, cluster` : name, kind: templateKind(template), group,
      task: { name: template.name, templateRef: { name, template: template.name, ...(clusterScope && { clusterScope }) }, ...(given && { fields: { arguments: given } }) },
    }];
  });
}

/** A value for every parameter: one of the same name where it is added, else its default, else nothing yet. */
function argumentsFor({ inputs }: Template, { template, object }: Place): TemplateCall['arguments'] {
  const here = new Set((template?.inputs?.parameters ?? []).map(({ name }) => name));
  const run = new Set((object?.spec.arguments?.parameters ?? []).map(({ name }) => name));
  const parameters = (inputs?.parameters ?? []).map(({ name, value, default: fallback, enum: choices }) => ({
    name, value: here.has(name) ? `{{inputs.parameters.${name}}}` : run.has(name) ? `{{workflow.parameters.${name}}}` : (value ?? fallback ?? choices?.[0] ?? ''),
  }));
  return parameters.length > 0 ? { parameters } : undefined;
}

/** What can be added to any workflow. */
export const ALWAYS: readonly Addition[] = [...KINDS, ...SNIPPETS];
