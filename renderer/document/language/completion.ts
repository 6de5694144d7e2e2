/** What can be written at the caret. */
import { functionOf, FUNCTIONS } from './functions.ts';
import { completeKeys } from './keys.ts';
import { readNames } from './names.ts';
import type { NamedFile, Workspace } from './names.ts';
import { placeAt, tagAt, unmarked } from './place.ts';
import type { Place, TagAt } from './place.ts';
import type { TextEdit } from '../edit.ts';
import { fieldAt, isExpression } from './fields.ts';
import { completeValue } from './values.ts';
import { scopeAt, variablesAt } from './variables.ts';
import type { Variable } from './variables.ts';

export type CompletionKind = 'field' | 'value' | 'template' | 'task' | 'name' | 'variable' | 'function' | 'snippet';

export interface Completion {
  label: string;
  kind: CompletionKind;
  /** Type, or where it comes from. */
  detail?: string;
  /** One sentence. */
  about?: string;
  /** Replaces [start, end); `$1` and `${1:text}` are places to fill in when `snippet` is set. */
  insert: string;
  snippet?: boolean;
  start: number;
  end: number;
  /** Lower comes first. */
  order: number;
  /** What was inserted asks for a choice at once. */
  again?: boolean;
  /** Changes elsewhere that belong to it. */
  also?: TextEdit[];
}

/** A completion before its range is known. */
export type Offer = Omit<Completion, 'start' | 'end'>;

/** @returns what can stand at an offset of the text; the caret's file is read anew, `others` are those around it */
export function complete(text: string, offset: number, others: readonly NamedFile[] = [], file = ''): Completion[] {
  const place = placeAt(text, offset);
  if (!place) return [];
  const main: NamedFile = { file, tree: place.tree, objects: readNames(place.tree) };
  const workspace: Workspace = { main, others };
  const tag = place.role === 'value' ? tagAt(text, offset, { start: place.start, end: place.end }) : undefined;
  if (tag) return completeTag(text, offset, place, tag, workspace);
  const kind = main.objects.find((each) => each.index === place.index)?.kind ?? 'Workflow';
  const field = fieldAt(kind, place.path);
  if (place.role === 'value' && isExpression(place.path)) return completeExpression(text, offset, place, workspace, { start: place.start, end: place.end });
  const asKeys = place.role === 'key' || (field?.kind === 'object' && place.style === 'plain');
  const range = { start: place.start, end: place.end };
  if (asKeys) return completeKeys(text, place, kind).map((offer) => ({ ...range, ...offer }));
  return completeValue(text, offset, place, workspace, kind).map((offer) => ({ ...range, ...offer }));
}

function variablesOf(place: Place, workspace: Workspace): Variable[] {
  const scope = scopeAt(workspace, place.index, place.path);
  return scope ? variablesAt(scope).map((variable) => ({ ...variable, name: unmarked(variable.name) })) : [];
}

function completeTag(text: string, offset: number, place: Place, tag: TagAt, workspace: Workspace): Completion[] {
  if (tag.expression) return completeExpression(text, offset, place, workspace, tag).map((item) => closing(item, tag, place, text));
  const start = tag.start + (/^\s*/.exec(text.slice(tag.start, offset))?.[0].length ?? 0);
  const end = offset + (/^[\w.-]*/.exec(text.slice(offset, tag.closed ? tag.end : offset))?.[0].length ?? 0);
  return variablesOf(place, workspace).map((variable, i) => closing({ ...variableOffer(variable, i), start, end }, tag, place, text));
}

function variableOffer(variable: Variable, order: number, insert = variable.name): Offer {
  return { label: variable.name, kind: 'variable', about: variable.about, insert, order, ...(variable.value === undefined ? {} : { detail: variable.value.slice(0, 60) }) };
}

/** Closes the tag, and puts a value in quotes that begins with it: YAML takes a bare brace for a map. */
function closing(item: Completion, tag: TagAt, place: Place, text: string): Completion {
  const close = tag.closed ? '' : /^\s*\}(?!\})/.test(text.slice(item.end)) ? '}' : '}}';
  const bare = place.style === 'plain' && text.startsWith('{{', place.start);
  if (!bare) return close === '' ? item : { ...item, insert: item.insert + close };
  const also: TextEdit[] = [{ start: place.start, end: place.start, text: "'" }];
  if (tag.closed) also.push({ start: place.end, end: place.end, text: "'" });
  return { ...item, insert: item.insert + close + (tag.closed ? '' : "'"), also };
}

/** A name with its parts, as far as it is written: `inputs.parameters['a`. */
const CHAIN = /[A-Za-z_$][\w$]*(?:\??\.[\w$-]*|\[(?:'[^']*'?|"[^"]*"?)?\]?)*$/;

function completeExpression(text: string, offset: number, place: Place, workspace: Workspace, span: { start: number; end: number }): Completion[] {
  const before = text.slice(span.start, offset);
  if (insideText(before)) return [];
  const start = offset - (CHAIN.exec(before)?.[0].length ?? 0);
  const end = offset + (/^[\w$]*(?:'\])?/.exec(text.slice(offset, span.end))?.[0].length ?? 0);
  const variables = variablesOf(place, workspace).map((variable, i) => ({ ...variableOffer(variable, i, expressionName(variable.name)), start, end }));
  const functions = FUNCTIONS.map((each, i): Completion => ({ label: each.name, kind: 'function', detail: each.signature, about: each.about, insert: `${each.name}($1)`, snippet: true, order: 1000 + i, start, end }));
  return [...variables, ...functions];
}

/** Whether a quote is open, one that is not a key in brackets. */
function insideText(before: string): boolean {
  const rest = before.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '');
  const open = rest.search(/["']/);
  return open >= 0 && rest[open - 1] !== '[';
}

/** `tasks.a-b.outputs` is `tasks['a-b'].outputs` in an expression. */
export function expressionName(name: string): string {
  return name.split('.').map((part, i) => (/^[A-Za-z_$][\w$]*$/.test(part) ? (i === 0 ? part : `.${part}`) : `['${part}']`)).join('');
}

export interface Signature {
  signature: string;
  about: string;
  /** Index of the argument at the caret. */
  argument: number;
}

/** @returns the function whose arguments the caret stands in */
export function signatureAt(text: string, offset: number): Signature | undefined {
  const place = placeAt(text, offset);
  const tag = place?.role === 'value' ? tagAt(text, offset, place) : undefined;
  if (!place || !(tag?.expression === true || isExpression(place.path))) return undefined;
  let before = text.slice(tag?.start ?? place.start, offset).replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, (quoted) => '_'.repeat(quoted.length));
  // What is closed already is one argument.
  for (let next = ''; next !== before; ) {
    next = before;
    before = before.replace(/\([^()]*\)|\[[^[\]]*\]|\{[^{}]*\}/g, (closed) => '_'.repeat(closed.length));
  }
  const call = /((?:sprig\.)?[A-Za-z_]\w*)\(([^(]*)$/.exec(before);
  const info = call && functionOf(call[1] ?? '');
  return info ? { signature: info.signature, about: info.about, argument: (call[2]?.match(/,/g) ?? []).length } : undefined;
}
