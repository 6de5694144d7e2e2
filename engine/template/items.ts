/**
 * Loops: the items of withItems, withParam and withSequence, the names they give to steps and tasks, and the values
 * they bring for `{{item}}`. Argo: v1alpha1/item.go, processItem, expandStep, expandTask, expandSequence.
 */
import type { Json } from '../spec/kubernetes.ts';
import type { DAGTask, Sequence, TemplateCall } from '../spec/types.ts';
import { sprintfInt } from './go-format.ts';
import { compareStrings, JsonError, jsonString, marshalPlain, NumberError, parseInteger, type GoValue } from './go.ts';
import { decodeJsonString, escapeHtmlInJson, parseRawJson, type RawJson } from './json.ts';
import { generateNodeName } from './names.ts';
import { replaceInText, type TagOptions } from './tags.ts';
import { evaluateWhen } from './when.ts';

export type ItemType = 'Number' | 'Bool' | 'String' | 'Map' | 'List';

/** An item is the JSON it was written as: `5.0` stays `5.0` in names and values. */
export type Item = RawJson;

/** One turn of a loop. */
export interface ExpandedItem {
  /** Name of the expanded step or task: `name(0:description)`. */
  name: string;
  index: number;
  item: Item;
  /** Values of the tags `item` and, for maps, `item.KEY`. */
  values: Map<string, string>;
}

/** A loop that cannot be expanded; the message is Argo's. */
export class ItemsError extends Error {}

/** More turns than this are refused: no cluster runs them, and they would fill the memory. */
const MAX_ITEMS = 1_000_000;

/** The item for a value that has already been parsed; numbers are spelled as Go spells them. */
export function itemOf(value: Json): Item {
  return parseRawJson(JSON.stringify(value));
}

/** The items of a JSON list as text (withParam); spelling is kept. `null` is no items. Throws JsonError or ItemsError. */
export function parseItems(text: string): Item[] {
  const list = parseRawJson(text);
  if (list.kind === 'array') return list.items;
  if (list.kind === 'null') return [];
  throw new ItemsError(`json: cannot unmarshal ${list.kind} into Go value of type []v1alpha1.Item`);
}

/** Argo's type of an item. `null` counts as a List. */
export function itemType(item: Item): ItemType {
  switch (item.kind) {
    case 'number': return Number.isFinite(Number(item.text)) ? 'Number' : 'String';
    case 'bool': return 'Bool';
    case 'object': return 'Map';
    case 'string': return 'String';
    default: return 'List';
  }
}

/** The item as Argo prints it: its JSON text; of a string without the quotes, its escapes kept. */
export function itemText(item: Item): string {
  const text = escapeHtmlInJson(item.text).replaceAll('\\u003c', '<').replaceAll('\\u003e', '>').replaceAll('\\u0026', '&');
  return item.kind === 'string' ? text.slice(1, -1) : text;
}

/** What stands for the item in names, before parentheses are dropped. */
export function itemDescription(item: Item): string {
  if (item.kind === 'object') return [...members(item)].map(([key, value]) => `${key}:${itemText(value)}`).sort(compareStrings).join(',');
  return itemType(item) === 'List' ? formatItem(item) : itemText(item);
}

/** The item as Go's `%v` prints it in Argo's names: lists without commas. */
export function formatItem(item: Item): string {
  if (itemType(item) !== 'List') return itemText(item);
  return `[${item.kind === 'array' ? item.items.map(itemText).join(' ') : ''}]`;
}

/** Values for the tags `item` and `item.KEY`. */
export function itemValues(item: Item): Map<string, string> {
  const values = new Map<string, string>();
  if (item.kind === 'string') return values.set('item', decodeJsonString(item.text));
  if (item.kind !== 'object') return values.set('item', itemType(item) === 'List' ? escapeHtmlInJson(item.text) : itemText(item));
  const entries = [...members(item)].sort(([a], [b]) => compareStrings(a, b));
  for (const [key, value] of entries) values.set(`item.${key}`, itemText(value));
  const json = entries.map(([key, value]) => `${jsonString(key)}:${escapeHtmlInJson(value.text)}`);
  return values.set('item', `{${json.join(',')}}`);
}

function members(item: Item): Map<string, Item> {
  return new Map(item.kind === 'object' ? item.entries : []);
}

/** Whether a call is a loop. */
export function shouldExpand(call: TemplateCall): boolean {
  return (call.withItems?.length ?? 0) > 0 || (call.withParam ?? '') !== '' || call.withSequence !== undefined;
}

/**
 * The turns of a loop, in order: withItems, else withParam, else withSequence. A withParam that is no list is an error
 * only when the step would run at all. `items` are those of withItems, where their spelling is known. Throws ItemsError.
 */
export function expandItems(call: TemplateCall, items?: readonly Item[]): ExpandedItem[] {
  const name = call.name ?? '';
  return (items ?? loopItems(call)).map((item, index) => ({ name: generateNodeName(name, index, itemDescription(item)), index, item, values: itemValues(item) }));
}

/** `items` as for expandItems; the rest is for expressions in tags. */
export interface ExpandOptions extends Omit<TagOptions, 'allowUnresolved'> {
  items?: readonly Item[] | undefined;
}

/**
 * The steps or tasks that a loop stands for, their tags replaced: by the values of the item and, for tasks, of `scope`.
 * Tags that no turn of the loop can resolve are an error, save when `when` is false already. A task that is no loop
 * stands for itself; a step must be one. Throws ItemsError and TemplateError.
 */
export function expandCall<T extends TemplateCall | DAGTask>(call: T, kind: 'step' | 'task', scope: Readonly<Record<string, GoValue>> = {}, options: ExpandOptions = {}): T[] {
  if (!shouldExpand(call)) {
    if (kind === 'task') return [call];
    throw new ItemsError('expandStep() was called with withItems and withParam empty');
  }
  const turns = expandItems(call, options.items);
  const { withItems, withParam, withSequence, ...rest } = call;
  const loop = kind === 'task' ? { withItems, withParam, withSequence } : {};
  // Argo replaces tags within a task's loop too, once for every turn; without tags there the cost is spared.
  const loopHasTags = marshalPlain(loop).includes('{{');
  const json = marshalPlain(loopHasTags ? { ...rest, ...loop } : rest);
  const allowUnresolved = isFalse(call.when);
  return turns.map((turn) => {
    const values = new Map<string, GoValue>([...Object.entries(scope), ...turn.values]);
    return {
      ...(loopHasTags ? {} : defined(loop)),
      ...(JSON.parse(replaceInText(json, values, { ...options, allowUnresolved })) as T),
      name: turn.name,
      ...(call.template === undefined ? {} : { template: call.template }),
    };
  });
}

function defined(loop: object): object {
  return Object.fromEntries(Object.entries(loop).filter(([, value]) => value !== undefined));
}

function loopItems(call: TemplateCall): Item[] {
  if (call.withItems !== undefined && call.withItems.length > 0) return call.withItems.map(itemOf);
  if (call.withParam !== undefined && call.withParam !== '') return paramItems(call.withParam, call.when);
  if (call.withSequence !== undefined) return expandSequence(call.withSequence);
  return [];
}

function paramItems(text: string, when: string | undefined): Item[] {
  try {
    return parseItems(text);
  } catch (error) {
    if (!(error instanceof JsonError) && !(error instanceof ItemsError)) throw error;
    if (isFalse(when)) return [];
    throw new ItemsError(`withParam value could not be parsed as a JSON list: ${text.trim()}: ${error.message}`, { cause: error });
  }
}

/** True when a condition can be evaluated as it stands, and is false. */
function isFalse(when: string | undefined): boolean {
  try {
    return !evaluateWhen(when ?? '');
  } catch {
    return false;
  }
}

/** The items of a withSequence: numbers as strings, put through `format`. Throws ItemsError. */
export function expandSequence(sequence: Sequence): Item[] {
  const start = sequence.start == null ? 0n : integerOf(sequence.start);
  let end: bigint;
  if (sequence.end != null) end = integerOf(sequence.end);
  else if (sequence.count != null) {
    const count = integerOf(sequence.count);
    if (count === 0n) return [];
    end = start + count - 1n;
  } else throw new ItemsError('neither end nor count was specified in withSequence');
  const step = start <= end ? 1n : -1n;
  const total = (end - start) * step + 1n;
  if (total > BigInt(MAX_ITEMS)) throw new ItemsError(`withSequence has ${total} items; at most ${MAX_ITEMS} are possible`);
  const format = sequence.format ?? '';
  return Array.from({ length: Number(total) }, (_, i) => sequenceItem(sprintfInt(format === '' ? '%d' : format, start + BigInt(i) * step)));
}

function sequenceItem(text: string): Item {
  try {
    return parseRawJson(`"${text}"`);
  } catch (error) {
    if (error instanceof JsonError) throw new ItemsError(error.message, { cause: error });
    throw error;
  }
}

function integerOf(value: number | string): bigint {
  try {
    return parseInteger(String(value), 10, 'Atoi');
  } catch (error) {
    if (error instanceof NumberError) throw new ItemsError(error.message, { cause: error });
    throw error;
  }
}
