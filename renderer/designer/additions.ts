/** What can be added to a template: kinds of templates, the templates there are, and snippets of several fields or tasks. */
import type { NewTask } from '../document/command.ts';
import type { StepKind } from '../document/model.ts';
import type { DrawnObject } from '../document/objects.ts';
import { templateKind } from '../document/projection.ts';

export interface Addition {
  id: string;
  title: string;
  note?: string;
  kind: StepKind;
  group: 'Kinds' | 'In this file' | 'Snippets';
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
      { name: 'work', newTemplate: { name: 'work', ...ITEM_INPUT, container: { ...ECHO, args: ['{{inputs.parameters.item}}'] } }, fields: { ...PASS_ITEM, withParam: '{{list.result}}' } },
      { name: 'collect', newTemplate: { name: 'collect', container: { ...ECHO, args: ['all done'] } } },
    ],
  },
  {
    id: 'snippet approval', title: 'Approval, then a step', kind: 'suspend', group: 'Snippets',
    task: { name: 'approve', newTemplate: { name: 'approve', suspend: {} } }, followers: [{ name: 'release', newTemplate: { name: 'release', container: { ...ECHO, args: ['released'] } } }],
  },
];

/** @returns what can be added where `object` is open, most general first */
export function additions(object: DrawnObject | undefined): Addition[] {
  const own = (object?.spec.templates ?? []).flatMap((template): Addition[] => (template.name === undefined ? [] : [{
    id: `template ${template.name}`, title: template.name, kind: templateKind(template), group: 'In this file', task: { name: template.name, template: template.name },
  }]));
  return [...KINDS, ...own, ...SNIPPETS];
}
