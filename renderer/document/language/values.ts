/** What a field's value can be: names of the text, words of the schema, variables. */
import type { Path } from '../../../engine/spec/yaml.ts';
import { KNOWN_KINDS } from '../../../engine/spec/schema.ts';
import { ARGO_API_VERSION } from '../../../engine/spec/types.ts';
import type { Offer } from './completion.ts';
import { fieldAt, fieldOf, typeWords, valuesOf } from './fields.ts';
import { listIndent } from './keys.ts';
import { findCallee, findStored, Look, scopeOf } from './names.ts';
import type { Call, NamedFile, ObjectNames, TemplateNames, Workspace } from './names.ts';
import { unmarked } from './place.ts';
import type { Place } from './place.ts';
import { variablesAt } from './variables.ts';

/** Everything a value depends on. */
interface ValueContext {
  text: string;
  offset: number;
  place: Place;
  workspace: Workspace;
  object: ObjectNames;
  path: Path;
}

export function completeValue(text: string, offset: number, place: Place, workspace: Workspace, kind: string): (Offer & { start?: number; end?: number })[] {
  const object = workspace.main.objects.find((each) => each.index === place.index);
  if (!object) return [];
  const context: ValueContext = { text, offset, place, workspace, object, path: place.path };
  const type = fieldAt(kind, place.path);
  if (type?.kind === 'list' && place.style === 'plain' && !place.flow) return listStart(context, typeWords(type.of));
  const names = namesFor(context);
  if (names) return names;
  const field = fieldOf(kind, place.path);
  const values = field ? valuesOf(field) : [];
  if (values.length > 0) return wordOffers(values);
  if (type?.kind === 'scalar' && type.name === 'bool') return wordOffers(['true', 'false']);
  return variableOffers(context);
}

/** Where a list is to begin: its first dash, on a line of its own. */
function listStart({ text, place, path }: ValueContext, of: string): Offer[] {
  const inline = text.slice(text.lastIndexOf('\n', place.start - 1) + 1, place.start).trim() !== '';
  if (place.prefix !== '' && !'-'.startsWith(place.prefix)) return [];
  const lineStart = text.lastIndexOf('\n', place.start - 1) + 1;
  const column = indentAt(text, lineStart) + listIndent(text);
  return [{ label: '- ', kind: 'snippet', detail: of, about: `The first of ${String(path.at(-1))}.`, insert: inline ? `\n${' '.repeat(column)}- ` : '- ', order: 0, again: true }];
}

function indentAt(text: string, lineStart: number): number {
  return /^[ ]*(?:- +)*/.exec(text.slice(lineStart, lineStart + 200))?.[0].length ?? 0;
}

/** Offers for fields that hold a name of something; undefined for all other fields. */
function namesFor(context: ValueContext): (Offer & { start?: number; end?: number })[] | undefined {
  const { path, object } = context;
  const { template, call } = scopeOf(object, path);
  const calls = template?.calls ?? [];
  const parent = path.at(-2);
  if (parent === 'dependencies' && call) return taskOffers(calls, call, new Set(call.needs.map(unmarked)));
  switch (path.at(-1)) {
    case 'kind': return path.length === 1 ? wordOffers(KNOWN_KINDS) : undefined;
    case 'apiVersion': return path.length === 1 ? wordOffers([ARGO_API_VERSION]) : undefined;
    case 'template': return templateOffers(parent === 'templateRef' ? refTemplates(context) : templatesFor(context));
    case 'entrypoint': case 'onExit': return templateOffers(templatesFor(context));
    case 'depends': return call ? dependsOffers(context, calls, call) : undefined;
    case 'target': return taskOffers(calls, undefined, new Set());
    case 'image': return imageOffers(context);
    case 'value': return path.at(-3) === 'parameters' ? enumOffers(context, call) : undefined;
    case 'name': return nameOffers(context, call, template);
    default: return undefined;
  }
}

function wordOffers(words: readonly string[]): Offer[] {
  return words.map((word, i) => ({ label: word, kind: 'value', insert: word, order: i }));
}

function nameOffers(context: ValueContext, call: Call | undefined, template: TemplateNames | undefined): Offer[] | undefined {
  const { path } = context;
  if (path.at(-2) === 'templateRef' || path.at(-2) === 'workflowTemplateRef') return storedOffers(context);
  if (call && path.at(-4) === 'arguments') return argumentOffers(context, call, path.at(-3));
  return path.at(-3) === 'volumeMounts' ? volumeOffers(context, template?.map) : undefined;
}

/** Templates of the object; where its spec is taken from elsewhere, those of there. */
function templatesFor({ object, workspace }: ValueContext): ObjectNames['templates'] {
  const look = new Look(object.document);
  const ref = object.spec && look.map(object.spec, 'workflowTemplateRef');
  const stored = ref && findStored(workspace, look.text(ref, 'name') ?? '', look.text(ref, 'clusterScope') === 'true');
  return [...object.templates, ...(stored?.object.templates ?? [])];
}

function templateOffers(templates: ObjectNames['templates']): Offer[] {
  return templates.filter(({ name }) => name !== '' && unmarked(name) === name).map((template, i) => {
    const inputs = template.inputs.parameters.map(({ name }) => name).join(', ');
    return { label: template.name, kind: 'template', detail: `${template.type ?? 'template'}${inputs === '' ? '' : ` (${inputs})`}`, insert: template.name, order: i };
  });
}

/** The map that holds the value at the caret. */
function holder(place: Place): Extract<Place['around'][number], { kind: 'map' }> | undefined {
  const map = place.around.findLast((node) => node.kind === 'map');
  return map?.kind === 'map' ? map : undefined;
}

function isCluster({ place, object }: ValueContext): boolean {
  const map = holder(place);
  return map !== undefined && new Look(object.document).text(map, 'clusterScope') === 'true';
}

function storedOffers(context: ValueContext): Offer[] {
  const cluster = isCluster(context);
  const kinds = cluster ? ['ClusterWorkflowTemplate'] : ['WorkflowTemplate', 'ClusterWorkflowTemplate'];
  const objects = [context.workspace.main, ...context.workspace.others].flatMap((file: NamedFile) => file.objects.filter(({ kind, name }) => kinds.includes(kind) && name !== '').map((object) => ({ file, object })));
  return objects.map(({ file, object }, i) => {
    const end = context.place.end;
    const column = ' '.repeat(holder(context.place)?.column ?? 0);
    const scope = !cluster && object.kind === 'ClusterWorkflowTemplate' && !context.place.flow ? { also: [{ start: end, end, text: `\n${column}clusterScope: true` }] } : {};
    return { label: object.name, kind: 'template' as const, detail: `${object.kind}${file === context.workspace.main ? '' : `, ${file.file}`}`, insert: object.name, order: i, ...scope };
  });
}

function refTemplates(context: ValueContext): ObjectNames['templates'] {
  const map = holder(context.place);
  const name = map && new Look(context.object.document).text(map, 'name');
  const stored = findStored(context.workspace, name ?? '', isCluster(context)) ?? findStored(context.workspace, name ?? '', !isCluster(context));
  return stored?.object.templates ?? [];
}

function taskOffers(calls: readonly Call[], own: Call | undefined, taken: ReadonlySet<string>): Offer[] {
  const waiting = own ? waitingFor(calls, own) : new Set<string>();
  return calls.filter((call) => call !== own && call.name !== '' && !taken.has(call.name) && !waiting.has(call.name)).map((call, i) => ({ label: call.name, kind: 'task', detail: call.template?.text ?? call.ref?.template?.text ?? '', insert: call.name, order: i }));
}

/** Tasks that wait for this one: it cannot wait for them. */
function waitingFor(calls: readonly Call[], own: Call): Set<string> {
  const found = new Set<string>();
  for (let more = true; more; ) {
    more = false;
    for (const call of calls) {
      if (found.has(call.name) || !call.needs.some((name) => name === own.name || found.has(name))) continue;
      found.add(call.name);
      more = true;
    }
  }
  return found;
}

const RESULTS: readonly (readonly [string, string])[] = [
  ['Succeeded', 'It has succeeded.'], ['Failed', 'It has failed.'], ['Errored', 'It ended in an error.'], ['Skipped', 'Its condition did not hold.'], ['Omitted', 'What it depends on did not hold.'], ['Daemoned', 'It runs in the background.'],
  ['AnySucceeded', 'Some item of its loop has succeeded.'], ['AllFailed', 'All items of its loop have failed.'],
];

function dependsOffers({ text, offset, place }: ValueContext, calls: readonly Call[], own: Call): (Offer & { start: number; end: number })[] {
  const word = /[\w-]*(?:\.\w*)?$/.exec(text.slice(place.start, offset))?.[0] ?? '';
  const end = offset + (/^[\w-]*/.exec(text.slice(offset, place.end))?.[0].length ?? 0);
  const dot = word.indexOf('.');
  if (dot >= 0) return RESULTS.map(([result, about], i) => ({ label: result, kind: 'value', about, insert: result, order: i, start: offset - (word.length - dot - 1), end }));
  return taskOffers(calls, own, new Set()).map((offer) => ({ ...offer, start: offset - word.length, end }));
}

function argumentOffers({ workspace, object }: ValueContext, call: Call, sort: unknown): Offer[] {
  const callee = findCallee(workspace, workspace.main, object, call);
  if (!callee || (sort !== 'parameters' && sort !== 'artifacts')) return [];
  const given = new Set(call.arguments[sort].map(({ name }) => name));
  const look = new Look(callee.object.document);
  return callee.template.inputs[sort].filter(({ name }) => !given.has(name)).map(({ name, map }, i) => {
    const needed = !map.entries.some((entry) => ['value', 'default', 'valueFrom'].includes(entry.key.text));
    const about = look.text(map, 'description');
    return { label: name, kind: 'name', detail: needed ? `${callee.template.name}, required` : callee.template.name, insert: name, order: needed ? i : 100 + i, ...(about === undefined ? {} : { about }) };
  });
}

function volumeOffers({ object }: ValueContext, template: Parameters<Look['maps']>[0] | undefined): Offer[] {
  const look = new Look(object.document);
  const named = (map: typeof template, key: string): string[] => (map ? look.maps(map, key).map(({ map: item }) => look.text(item, 'name') ?? '') : []);
  const claims = object.spec ? look.maps(object.spec, 'volumeClaimTemplates').map(({ map }) => {
    const metadata = look.map(map, 'metadata');
    return (metadata && look.text(metadata, 'name')) ?? '';
  }) : [];
  return [...named(template, 'volumes'), ...named(object.spec, 'volumes'), ...claims].filter((name) => name !== '').map((name, i) => ({ label: name, kind: 'name', insert: name, order: i }));
}

/** Images that the text has already. */
function imageOffers({ text, workspace }: ValueContext): Offer[] {
  const images = new Set<string>();
  for (const source of [text, ...workspace.others.map((file) => file.tree.text)]) {
    for (const [, image = ''] of source.matchAll(/^[ -]*image:[ ]*["']?([\w./:@-]+)["']?[ ]*$/gm)) if (images.size < 30) images.add(image);
  }
  return [...images].map((image, i) => ({ label: image, kind: 'value', insert: image, order: i }));
}

/** Values that the parameter of the called template may have, and variables. */
function enumOffers(context: ValueContext, call: Call | undefined): Offer[] {
  const map = holder(context.place);
  const name = map && new Look(context.object.document).text(map, 'name');
  const callee = call && findCallee(context.workspace, context.workspace.main, context.object, call);
  const parameter = callee?.template.inputs.parameters.find((each) => each.name === name)?.map ?? map;
  const source = callee ? callee.object : context.object;
  const values = (parameter && new Look(source.document).list(parameter, 'enum')?.items) ?? [];
  const offers = values.flatMap(({ value }, i): Offer[] => (value?.kind === 'scalar' ? [{ label: value.text, kind: 'value', insert: value.text, order: i }] : []));
  return [...offers, ...variableOffers(context)];
}

/** Fields in which a variable is what is mostly wanted. */
const TAKES_VARIABLES: ReadonlySet<unknown> = new Set(['value', 'from', 'withParam', 'when', 'parameter', 'default']);

function variableOffers({ place, object, path, workspace }: ValueContext): Offer[] {
  if (!TAKES_VARIABLES.has(path.at(-1)) || place.prefix !== '' || place.style === 'block') return [];
  const wanted = path.at(-1) === 'from' ? /\.artifacts\.[^.]+$/ : path.at(-1) === 'withParam' ? /outputs\.|inputs\.parameters\.|workflow\.parameters\./ : /./;
  const quote = place.style === 'plain' ? "'" : '';
  return variablesAt({ workspace, object, path }).filter(({ name }) => wanted.test(name) && !/\.path$/.test(name)).map(({ name, about }, i) => ({ label: `{{${unmarked(name)}}}`, kind: 'variable', about, insert: `${quote}{{${unmarked(name)}}}${quote}`, order: 200 + i }));
}
