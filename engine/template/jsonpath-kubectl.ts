/**
 * kubectl's `-o jsonpath=TEMPLATE` with missing keys allowed: how Argo reads outputs of resource templates
 * (`valueFrom.jsonPath`). Kubernetes: client-go/util/jsonpath.
 */
import { RE2JS } from 're2js';
import { compareStrings, formatValue, isMap, isSlice, marshalJson, quote, toBytes, typeName, type GoValue } from './go.ts';
import { parseRawJson, decodeJsonString, type RawJson } from './json.ts';
import { KubectlPathError, parseTemplate, type PathNode } from './jsonpath-parse.ts';

export { KubectlPathError };

/** More values than this are refused. */
const MAX_VALUES = 1_000_000;

/** What kubectl prints for a template over an object (its JSON). Throws KubectlPathError, and JsonError for the object. */
export function jsonpathKubectl(json: string, template: string): string {
  if (template === '') throw new KubectlPathError('template format specified but no template given');
  let nodes: PathNode[];
  try {
    nodes = parseTemplate(template);
  } catch (error) {
    if (error instanceof KubectlPathError) throw new KubectlPathError(`error parsing jsonpath ${template}, ${error.message}`, { cause: error });
    throw error;
  }
  try {
    return new Execution().results(nodes, valueOf(parseRawJson(json))).map(print).join('');
  } catch (error) {
    if (error instanceof KubectlPathError) throw new KubectlPathError(`error executing jsonpath ${quote(template)}: Error executing template: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Kubernetes reads whole numbers as int64 and all others as float64. */
function valueOf(raw: RawJson): GoValue {
  switch (raw.kind) {
    case 'null': return null;
    case 'bool': return raw.text === 'true';
    case 'string': return decodeJsonString(raw.text);
    case 'number': return /^-?\d+$/.test(raw.text) && BigInt.asIntN(64, BigInt(raw.text)) === BigInt(raw.text) ? BigInt(raw.text) : Number(raw.text);
    case 'array': return raw.items.map(valueOf);
    case 'object': return new Map<GoValue, GoValue>(raw.entries.map(([key, value]) => [key, valueOf(value)]));
  }
}

function print(values: readonly GoValue[]): string {
  return values.map((value) => {
    if (value === null) return 'null';
    return isMap(value) || isSlice(value) ? marshalJson(value) : formatValue(value);
  }).join(' ');
}

class Execution {
  private begun = 0;
  private inside = 0;
  private ended = 0;
  /** Where the last {end} stood. */
  private endAt = -1;

  /** The values of each action, in order. `offset`: where `nodes` start within the template. */
  results(nodes: readonly PathNode[], data: GoValue, offset = 0): GoValue[][] {
    const all: GoValue[][] = [];
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i];
      if (node === undefined) break;
      const found = this.walk([data], node);
      if (this.ended > 0 && this.ended <= this.inside) {
        this.ended--;
        this.endAt = offset + i;
        break;
      }
      if (this.begun > 0) {
        this.begun--;
        this.inside++;
        const rest = nodes.slice(i + 1);
        for (const value of found) all.push(...this.results(rest, value, offset + i + 1));
        if (found.length === 0) this.results(rest, null, offset + i + 1);
        this.inside--;
        if (this.endAt > offset + i) i = this.endAt - offset;
        continue;
      }
      all.push(found);
    }
    return all;
  }

  private walk(values: GoValue[], node: PathNode): GoValue[] {
    if (values.length > MAX_VALUES) throw new KubectlPathError(`a JSONPath template finds more than ${MAX_VALUES} values`);
    switch (node.type) {
      case 'list': return this.walkAll(values, node.nodes);
      case 'text': return [node.text];
      case 'literal': return values.map(() => node.value);
      case 'identifier': return this.keyword(values, node.name);
      case 'field': return values.flatMap((value) => fieldOf(value, node.name));
      case 'wildcard': return values.flatMap(childrenOf);
      case 'recursive': return values.flatMap((value) => descendants(value));
      case 'array': return values.flatMap((value) => elementsOf(value, node));
      case 'union': return node.lists.flatMap((list) => this.walkAll(values, list));
      case 'filter': return values.flatMap((value) => this.filter(value, node));
    }
  }

  private walkAll(values: GoValue[], nodes: readonly PathNode[]): GoValue[] {
    return nodes.reduce((current, node) => this.walk(current, node), values);
  }

  private keyword(values: GoValue[], name: string): GoValue[] {
    if (name === 'range') {
      this.begun++;
      return values;
    }
    if (name !== 'end') throw new KubectlPathError(`unrecognized identifier ${name}`);
    if (this.inside === 0) throw new KubectlPathError('not in range, nothing to end');
    this.ended++;
    return [];
  }

  private filter(value: GoValue, { left, operator, right }: PathNode & { type: 'filter' }): GoValue[] {
    if (!isSlice(value)) throw new KubectlPathError(`${formatValue(value)} is not array or slice and cannot be filtered`);
    return value.filter((element) => {
      if (operator === 'exists') return this.existing(element, left);
      const lefts = this.walkAll([element], left);
      const rights = lefts.length === 0 ? [] : this.walkAll([element], right);
      if (lefts.length > 1 || rights.length > 1) throw new KubectlPathError('can only compare one element at a time');
      if (lefts.length === 0 || rights.length === 0) return false;
      return compare(operator, lefts[0] ?? null, rights[0] ?? null);
    });
  }

  private existing(element: GoValue, left: readonly PathNode[]): boolean {
    try {
      return this.walkAll([element], left).length > 0;
    } catch (error) {
      // What cannot be found does not exist.
      if (error instanceof KubectlPathError) return false;
      throw error;
    }
  }
}

function fieldOf(value: GoValue, name: string): GoValue[] {
  const member = isMap(value) ? value.get(name) : undefined;
  return member === undefined ? [] : [member];
}

function childrenOf(value: GoValue): readonly GoValue[] {
  if (isSlice(value)) return value;
  if (typeof value === 'string') return Array.from(toBytes(value), (byte) => BigInt(byte));
  if (!isMap(value)) return [];
  return [...value].sort(([a], [b]) => compareStrings(formatValue(a), formatValue(b))).map(([, member]) => member);
}

function descendants(value: GoValue): GoValue[] {
  const children = childrenOf(value);
  return children.length === 0 ? [] : [value, ...children.flatMap(descendants)];
}

function elementsOf(value: GoValue, node: PathNode & { type: 'array' }): readonly GoValue[] {
  if (value === null) return [];
  if (!isSlice(value)) throw new KubectlPathError(`${typeName(value).replace(/^int$/, 'int64')} is not array or slice`);
  const { length } = value;
  let from = node.from ?? 0;
  if (from < 0) from += length;
  let to = node.to ?? length;
  if (to < 0 || (to === 0 && node.toDerived)) to += length;
  if (from === to) return [];
  if (from >= length || from < 0) throw new KubectlPathError(`array index out of bounds: index ${from}, length ${length}`);
  if (to > length || to < 0) throw new KubectlPathError(`array index out of bounds: index ${to - 1}, length ${length}`);
  if (from > to) throw new KubectlPathError(`starting index ${from} is greater than ending index ${to}`);
  const { step } = node;
  if (step !== undefined && step <= 0) throw new KubectlPathError('step must be > 0');
  return value.slice(from, to).filter((_, i) => i % (step ?? 1) === 0);
}

function compare(operator: string, left: GoValue, right: GoValue): boolean {
  if (operator === '=~') return matches(left, right);
  if (!['<', '<=', '>', '>=', '==', '!='].includes(operator)) throw new KubectlPathError(`unrecognized filter operator ${operator}`);
  const kind = kindOf(left);
  if (kind !== kindOf(right)) throw new KubectlPathError('incompatible types for comparison');
  if (operator === '==') return left === right;
  if (operator === '!=') return left !== right;
  if (kind === 'bool') throw new KubectlPathError('invalid type for comparison');
  const order = typeof left === 'string' && typeof right === 'string' ? compareStrings(left, right) : Number(left) - Number(right);
  switch (operator) {
    case '<': return order < 0;
    case '<=': return order <= 0;
    case '>': return order > 0;
    default: return order >= 0;
  }
}

function kindOf(value: GoValue): string {
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string' || typeof value === 'bigint' || typeof value === 'number') return typeof value;
  throw new KubectlPathError('invalid type for comparison');
}

function matches(left: GoValue, right: GoValue): boolean {
  if (typeof left !== 'string' || typeof right !== 'string') throw new KubectlPathError('regexp search only support string now');
  try {
    return RE2JS.compile(right).matcher(left).find();
  } catch (error) {
    throw new KubectlPathError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
