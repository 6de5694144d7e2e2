/** Fields that can be added where the caret stands, and whole templates, tasks and steps. */
import { objectType, typeAt } from '../../../engine/spec/schema.ts';
import type { Field, FieldType } from '../../../engine/spec/schema.ts';
import type { Offer } from './completion.ts';
import { aboutField, typeWords, valuesOf } from './fields.ts';
import { unmarked } from './place.ts';
import type { Place } from './place.ts';

/** Fields that are wanted most, in the order in which they are written. */
const COMMON: Readonly<Record<string, string>> = {
  Workflow: 'apiVersion kind metadata spec', WorkflowTemplate: 'apiVersion kind metadata spec', ClusterWorkflowTemplate: 'apiVersion kind metadata spec', CronWorkflow: 'apiVersion kind metadata spec',
  ObjectMeta: 'name generateName namespace labels annotations', WorkflowSpec: 'entrypoint templates arguments onExit serviceAccountName volumes volumeClaimTemplates workflowTemplateRef parallelism ttlStrategy podGC',
  CronWorkflowSpec: 'schedules timezone concurrencyPolicy workflowSpec suspend', Template: 'name inputs outputs container script dag steps suspend resource http containerSet retryStrategy',
  DAGTask: 'name template templateRef dependencies depends arguments when withItems withParam', WorkflowStep: 'name template templateRef arguments when withItems withParam', DAGTemplate: 'tasks failFast target',
  Container: 'image command args env resources volumeMounts', ScriptTemplate: 'image command source env resources', UserContainer: 'name image command args env', ContainerNode: 'name image command args dependencies',
  Parameter: 'name value default valueFrom enum description globalName', Artifact: 'name path from s3 raw http git optional archive', Inputs: 'parameters artifacts', Arguments: 'parameters artifacts', Outputs: 'parameters artifacts',
  RetryStrategy: 'limit retryPolicy backoff expression', EnvVar: 'name value valueFrom', ResourceRequirements: 'requests limits', TemplateRef: 'name template clusterScope', LifecycleHook: 'template expression',
};

export function completeKeys(text: string, place: Place, kind: string): (Offer & { end?: number })[] {
  const type = typeAt(kind, place.path);
  if (type?.kind !== 'object') return [];
  const owner = objectType(type.name);
  if (!owner) return [];
  const present = new Set((place.map?.entries ?? []).map((entry) => unmarked(entry.key.text)));
  present.delete(unmarked(text.slice(place.start, place.end)));
  const common = (COMMON[type.name] ?? '').split(' ');
  const fields = [...owner.fields.values()].filter((field) => !present.has(field.name) && !(field.name === 'status' && place.path.length === 0));
  const offers = fields.map((field, i): Offer & { end?: number } => {
    const rank = common.indexOf(field.name);
    const about = aboutField({ field, owner: type.name });
    return {
      label: field.name, kind: 'field', detail: `${typeWords(field.type)}${field.required ? ', required' : ''}`, ...(about === undefined ? {} : { about }),
      ...insertion(field, type.name, text, place), order: field.required ? i : rank >= 0 ? 100 + rank : 300 + i,
    };
  });
  const first = present.size === 0 && !place.flow ? snippetsFor(type.name, place, listIndent(text)) : [];
  return [...first, ...nextItem(place, type.name), ...offers];
}

/** In the column of the list above, or under a key whose list has not begun, a further item can stand as well. */
function nextItem({ map, start, column, flow, prefix, path }: Place, type: string): Offer[] {
  const before = map?.entries.findLast((entry) => entry.end < start);
  const of = before && objectType(type)?.fields.get(before.key.text)?.type;
  const fits = before?.value === undefined ? map?.column === column : before.value.kind === 'list' && !before.value.flow && before.value.column === column;
  if (of?.kind !== 'list' || !fits || flow || prefix !== '' || path.length === 0) return [];
  return [{ label: '- ', kind: 'snippet', detail: typeWords(of.of), about: `One more of ${before?.key.text ?? ''}.`, insert: '- ', order: -1, again: true }];
}

/** The text of a key: with its colon, and with the line below where a list or a map begins. */
function insertion(field: Field, owner: string, text: string, place: Place): { insert: string; again?: boolean; end?: number } {
  if (place.colon) return { insert: field.name };
  const quote = text[place.start - 1];
  if (place.style === 'double' || place.style === 'single') {
    const closed = text[place.end] === quote;
    return { insert: `${field.name}${quote ?? '"'}: `, ...(closed ? { end: place.end + 1 } : {}) };
  }
  if (place.flow) return { insert: isJson(place) ? `"${field.name}": ` : `${field.name}: ` };
  const again = valuesOf({ field, owner }).length > 0 || field.type.kind === 'object' || ASKS.has(field.name) || (field.type.kind === 'scalar' && field.type.name === 'bool');
  const below = `\n${' '.repeat(place.column + 2)}`;
  const body = bodyOf(field.type, below, `\n${' '.repeat(place.column + listIndent(text))}`);
  return { insert: `${field.name}:${body}`, ...(again || body !== ' ' ? { again: true } : {}) };
}

/** Fields whose value is one of the names around. */
const ASKS: ReadonlySet<string> = new Set(['template', 'entrypoint', 'onExit', 'dependencies', 'depends', 'templateRef', 'from', 'withParam', 'when']);

function bodyOf(type: FieldType, below: string, item: string): string {
  if (type.kind === 'list') return `${item}- `;
  if (type.kind === 'object' || type.kind === 'map') return below;
  if (type.name === 'steps') return `${item}- - `;
  return type.name === 'empty' ? ' {}' : ' ';
}

/** The file is written as JSON: its keys are quoted. */
function isJson(place: Place): boolean {
  return place.around.some((node) => node.kind === 'map' && node.flow && node.entries.some((entry) => entry.key.style === 'double'));
}

/** Columns by which lists stand to the right of their key in this text: 0 or 2. */
export function listIndent(text: string): 0 | 2 {
  return /^( *)[\w-]+:[ ]*\n\1- /m.test(text) && !/^( *)[\w-]+:[ ]*\n\1 +- /m.test(text) ? 0 : 2;
}

interface Snippet {
  label: string;
  about: string;
  /** Lines as they stand in column 0; lists are indented by two. */
  body: string;
}

const CONTAINER = 'image: ${2:alpine:3.20}\n  command: [${3:sh, -c}]\n  args: ["${4:echo hello}"]';
const SNIPPETS: Readonly<Record<string, readonly Snippet[]>> = {
  Template: [
    { label: 'container template', about: 'Runs one container.', body: `name: \${1:main}\ncontainer:\n  ${CONTAINER}` },
    { label: 'script template', about: 'Runs a script in a container.', body: 'name: ${1:main}\nscript:\n  image: ${2:python:3.12-alpine}\n  command: [${3:python}]\n  source: |\n    ${4:print("hello")}' },
    { label: 'dag template', about: 'Tasks that start when those they depend on have ended.', body: 'name: ${1:main}\ndag:\n  tasks:\n    - name: ${2:first}\n      template: ${3:template}' },
    { label: 'steps template', about: 'Rows of steps, one after another.', body: 'name: ${1:main}\nsteps:\n  - - name: ${2:first}\n      template: ${3:template}' },
    { label: 'suspend template', about: 'Waits for somebody to go on.', body: 'name: ${1:wait}\nsuspend: {}' },
    { label: 'resource template', about: 'Does something with an object of the cluster.', body: 'name: ${1:apply}\nresource:\n  action: ${2:apply}\n  manifest: |\n    ${3:apiVersion: v1}' },
    { label: 'http template', about: 'Makes an HTTP request.', body: 'name: ${1:request}\nhttp:\n  url: ${2:https://example.com}\n  method: ${3:GET}' },
  ],
  DAGTask: [
    { label: 'task', about: 'A task that runs a template.', body: 'name: ${1:task}\ntemplate: ${2:template}' },
    { label: 'task after others', about: 'A task that waits for others.', body: 'name: ${1:task}\ntemplate: ${2:template}\ndependencies: [${3:before}]' },
    { label: 'task with parameters', about: 'A task that gives values to its template.', body: 'name: ${1:task}\ntemplate: ${2:template}\narguments:\n  parameters:\n    - name: ${3:name}\n      value: ${4:value}' },
  ],
  WorkflowStep: [
    { label: 'step', about: 'A step that runs a template.', body: 'name: ${1:step}\ntemplate: ${2:template}' },
    { label: 'step with parameters', about: 'A step that gives values to its template.', body: 'name: ${1:step}\ntemplate: ${2:template}\narguments:\n  parameters:\n    - name: ${3:name}\n      value: ${4:value}' },
  ],
  Parameter: [{ label: 'name and value', about: 'A parameter with its value.', body: 'name: ${1:name}\nvalue: ${2:value}' }],
  RetryStrategy: [{ label: 'retry with backoff', about: 'Three more tries, each after a longer wait.', body: 'limit: ${1:3}\nretryPolicy: ${2:OnFailure}\nbackoff:\n  duration: ${3:10s}\n  factor: ${4:2}' }],
  Workflow: [
    { label: 'new Workflow', about: 'A workflow with one container.', body: `apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata:\n  generateName: \${1:name}-\nspec:\n  entrypoint: main\n  templates:\n    - name: main\n      container:\n        \${2:image: alpine:3.20}\n` },
    { label: 'new WorkflowTemplate', about: 'Templates that workflows of the namespace can call.', body: 'apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata:\n  name: ${1:name}\nspec:\n  templates:\n    - name: ${2:main}\n      ' },
    { label: 'new CronWorkflow', about: 'A workflow that runs on a schedule.', body: 'apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata:\n  name: ${1:name}\nspec:\n  schedules:\n    - "${2:0 3 * * *}"\n  workflowSpec:\n    entrypoint: main\n    templates:\n      - name: main\n        ' },
  ],
};

function snippetsFor(type: string, place: Place, listColumns: 0 | 2): Offer[] {
  if (type === 'Workflow' && place.path.length > 0) return [];
  return (SNIPPETS[type] ?? []).map(({ label, about, body }, i) => ({ label, kind: 'snippet', about, insert: placed(body, place.column, listColumns), snippet: true, order: 50 + i }));
}

/** A body in its column, with lists as this text has them. */
function placed(body: string, column: number, listColumns: 0 | 2): string {
  const lines = body.split('\n');
  // Lists of the bodies are indented; where this text does not, what is below their key moves left.
  let shift = 0;
  const out = lines.map((line, i) => {
    const before = lines[i - 1];
    if (listColumns === 0 && before?.endsWith(':') && /^\s*- /.test(line) && indentOf(line) > indentOf(before)) shift += 2;
    return i === 0 ? line : ' '.repeat(Math.max(0, column - shift)) + line;
  });
  return out.join('\n');
}

function indentOf(line: string): number {
  return line.search(/\S|$/);
}
