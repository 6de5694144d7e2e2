/** Node ids, Pod names, item names and the expansion of loops, against Argo's own functions. */
import type { TemplateCall } from '../../../engine/spec/types.ts';
import { expandCall, expandSequence, formatItem, itemText, itemType, parseItems, type Item } from '../../../engine/template/items.ts';
import { decodeJsonString, parseRawJson } from '../../../engine/template/json.ts';
import { generateNodeName, nodeId, podName, podNameVersion, recoverIndex, stepOrTaskName } from '../../../engine/template/names.ts';
import { answerOf, difference, first, type Vector } from './compare.ts';

export function run(vector: Vector, line?: string): string | undefined {
  const text = (key: string): string => String(vector[key]);
  switch (vector.fn) {
    case 'name': return names(text('workflow'), text('nodeName'), text('template'), vector);
    case 'podNameVersion': return difference('version', podNameVersion(vector.annotations as Record<string, string> | undefined, text('env')), vector.version);
    case 'recoverIndex': return difference('index', recoverIndex(text('nodeName')), vector.result);
    case 'stepOrTaskName': return difference('name', stepOrTaskName(text('nodeName')), vector.result);
    case 'generateNodeName': {
      const { value, error } = answerOf(() => generateNodeName(text('name'), vector.index as number, text('desc')));
      return first(difference('name', value, vector.result), difference('panic', error, vector.panic));
    }
    case 'expandSequence': {
      const { value, error } = answerOf(() => expandSequence(vector.sequence as object).map((item) => decodeJsonString(item.text)));
      return first(difference('error', error, vector.error), difference('items', value, vector.items));
    }
    case 'item': return item(parseRawJson(text('itemText')), vector);
    default: return expansion(vector, line);
  }
}

function names(workflowName: string, nodeName: string, templateName: string, vector: Vector): string | undefined {
  const v2 = podName({ workflowName, nodeName, templateName });
  return first(
    difference('nodeID', nodeId(workflowName, nodeName), vector.nodeID),
    difference('podNameV1', podName({ workflowName, nodeName, templateName, version: 'v1' }), vector.podNameV1),
    difference('podNameV2', v2, vector.podNameV2),
  );
}

function item(value: Item, vector: Vector): string | undefined {
  const description = itemType(value) === 'List' ? formatItem(value) : itemText(value);
  return first(
    difference('type', itemType(value), vector.itemType),
    difference('string', itemText(value), vector.itemString),
    difference('name', answerOf(() => generateNodeName('n', 0, description)).value, vector.nodeName),
  );
}

/**
 * The spelling of items of withItems matters and JSON.parse loses it. The inputs were written with all but ASCII escaped
 * (README of the vectors); numbers stand in the line as they were.
 */
function spelledItems(call: TemplateCall, line: string | undefined): Item[] | undefined {
  if (call.withItems === undefined) return undefined;
  const root = line === undefined ? undefined : member(parseRawJson(line), 'task') ?? member(parseRawJson(line), 'step');
  const items = root === undefined ? undefined : member(root, 'withItems');
  const text = items?.text ?? JSON.stringify(call.withItems);
  return parseItems(text.replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`));
}

function member(value: Item, key: string): Item | undefined {
  return value.kind === 'object' ? value.entries.find(([name]) => name === key)?.[1] : undefined;
}

function expansion(vector: Vector, line: string | undefined): string | undefined {
  const kind = vector.fn === 'expandTask' ? 'task' : 'step';
  const call = (vector.task ?? vector.step) as TemplateCall;
  const { value, error } = answerOf(() => expandCall(call, kind, (vector.scope ?? {}) as Record<string, string>, { items: spelledItems(call, line) }));
  if (vector.decodeError !== undefined) return error === undefined ? 'must fail' : undefined;
  return first(difference('error', error, vector.error), difference('expanded', value?.map(normal), vector.expanded));
}

/** Go writes the arguments of a call even when there are none, and no texts that are empty. */
function normal({ withParam, ...call }: TemplateCall): unknown {
  return JSON.parse(JSON.stringify({ ...call, arguments: call.arguments ?? {}, withParam: withParam === '' ? undefined : withParam }));
}
