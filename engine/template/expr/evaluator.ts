import type { BinaryNode, BuiltinNode, CallNode, MemberNode, Node, PointerNode, SliceNode } from './ast.ts';
import { callBuiltin, kindOfValue } from './builtins.ts';
import { callFunction } from './call.ts';
import { ExprError, Panic } from './error.ts';
import { own } from './own.ts';
import { method } from './methods.ts';
import { arithmetic, compare, contains, equal, existingKey, isHashable, mapValue, negate, toBool, toInt, toText } from './operators.ts';
import { byteLength, formatValue, GoFunc, GoMap, GoNumber, GoObject, GoSlice, isMap, isSlice, NIL_LIST, Regexp, sliceBytes, toBytes, typeName } from '../go.ts';
import type { FunctionHost, GoValue } from '../go.ts';

/** What an expression may use beside its environment. */
export interface Context {
  /** The present in ms since the epoch; without it now() fails. */
  readonly now?: number | undefined;
  /** Where random bytes come from; without it functions that need them fail. */
  readonly random?: ((count: number) => Uint8Array) | undefined;
}

/** What the whole chain of `a?.b.c` is when a is nil. */
const ABSENT = new GoObject('absent', '');
const MEMORY = 1_000_000;
const STEPS = 4_000_000;

interface Scope {
  item: GoValue;
  index: bigint;
  accumulator: GoValue;
}

/**
 * Computes a parsed and checked expression.
 * @throws ExprError of kind runtime
 */
export function run(root: Node, source: string, env: ReadonlyMap<string, GoValue>, context: Context): GoValue {
  return new Evaluator(source, env, context).run(root);
}

/** Operators that may leave their right side alone, with the value of the left at which they do. */
const SHORT_CIRCUITS: ReadonlyMap<string, boolean> = new Map([['and', false], ['&&', false], ['or', true], ['||', true]]);
const TEXT_TESTS: ReadonlyMap<string, (text: string, other: string) => boolean> = new Map([
  ['matches', (text, pattern) => Regexp.compile(pattern).test(text)],
  ['contains', (text, part) => text.includes(part)],
  ['startsWith', (text, part) => text.startsWith(part)],
  ['endsWith', (text, part) => text.endsWith(part)],
]);

class Evaluator {
  private readonly source: string;
  private readonly env: ReadonlyMap<string, GoValue>;
  private readonly host: FunctionHost;
  private readonly variables: { name: string; value: GoValue }[] = [];
  private readonly scopes: Scope[] = [];
  private memory = 0;
  private readonly weights = new WeakMap<object, number>();
  private steps = 0;
  /** Where the operation that is at work stands in the source. */
  private at = 0;

  constructor(source: string, env: ReadonlyMap<string, GoValue>, context: Context) {
    this.source = source;
    this.env = env;
    this.host = {
      now: () => context.now ?? unavailable('the present'),
      random: context.random ?? (() => unavailable('a random value')),
      grow: (size) => this.grow(size),
    };
  }

  run(root: Node): GoValue {
    try {
      const value = this.value(root);
      this.weigh(value);
      return value;
    } catch (error) {
      if (error instanceof RangeError) throw new ExprError('runtime', rangeReason(error), this.source, this.at);
      if (error instanceof TypeError || error instanceof ReferenceError || !(error instanceof Error)) throw error;
      throw new ExprError('runtime', error.message, this.source, this.at);
    }
  }

  private grow(size: number): void {
    this.memory += size;
    if (this.memory >= MEMORY) throw new Panic('memory budget exceeded');
  }

  /** Work on long values takes as many steps as they are long. */
  private charge(...values: readonly GoValue[]): void {
    for (const value of values) {
      if (typeof value === 'string') this.steps += value.length >> 6;
      else if (value !== null && typeof value === 'object' && isSlice(value)) this.steps += value.length >> 1;
      this.weigh(value);
    }
  }

  /**
   * Counts what a value holds, all the way down, as often as it is held: few lists that hold each other twice stand for
   * more than can be printed or compared. What lists hold is remembered; maps may change.
   */
  private weigh(value: GoValue, most = MEMORY): number {
    if (value === null || typeof value !== 'object') return 1;
    const list = isSlice(value);
    if (!list && !isMap(value)) return 1;
    const known = this.weights.get(value);
    if (known !== undefined && list) return known;
    let weight = 1;
    for (const item of value.values()) {
      weight += this.weigh(item, most - weight);
      if (weight >= most) throw new Panic('memory budget exceeded');
    }
    if (list) this.weights.set(value, weight);
    return weight;
  }

  private value(node: Node): GoValue {
    if (++this.steps > STEPS) throw new Panic('step budget exceeded');
    switch (node.kind) {
      case 'nil': return null;
      case 'bool': case 'int': case 'float': case 'string': case 'bytes': return node.value;
      case 'identifier': return this.identifier(node.name);
      case 'unary': return this.unary(node.operator, node.node, node.at);
      case 'binary': return this.binary(node);
      case 'chain': {
        const value = this.value(node.node);
        return value === ABSENT || value === NIL_LIST ? null : value;
      }
      case 'member': return this.member(node);
      case 'slice': return this.slice(node);
      case 'call': return this.call(node);
      case 'builtin': return this.builtin(node);
      case 'predicate': return this.value(node.node);
      case 'pointer': return this.pointer(node);
      default: return this.compound(node);
    }
  }

  private compound(node: Node): GoValue {
    switch (node.kind) {
      case 'let': {
        this.variables.push({ name: node.name, value: this.value(node.value) });
        const value = this.value(node.body);
        this.variables.pop();
        return value;
      }
      case 'sequence': {
        let value: GoValue = null;
        for (const item of node.nodes) value = this.value(item);
        return value;
      }
      case 'conditional': {
        const condition = this.value(node.condition);
        this.at = node.at;
        return this.value(toBool(condition) ? node.yes : node.no);
      }
      case 'array': {
        const items = node.nodes.map((item) => this.value(item));
        this.at = node.at;
        this.grow(items.length);
        return items;
      }
      case 'map': return this.map(node.pairs, node.at);
      default: return null;
    }
  }

  private map(pairs: readonly { readonly key: Node; readonly value: Node }[], at: number): GoValue {
    const entries = pairs.map((pair) => [this.value(pair.key), this.value(pair.value)] as const);
    this.at = at;
    this.grow(entries.length);
    const map = own(new Map<GoValue, GoValue>());
    // Of equal keys the first wins: expr fills the map from its last pair.
    for (const [key, value] of entries.reverse()) map.set(toText(key), value);
    return map;
  }

  private identifier(name: string): GoValue {
    for (let i = this.variables.length - 1; i >= 0; i--) {
      const variable = this.variables[i];
      if (variable?.name === name) return variable.value;
    }
    if (name === '$env') return this.env;
    return this.env.get(name) ?? null;
  }

  private unary(operator: string, operand: Node, at: number): GoValue {
    const value = this.value(operand);
    this.at = at;
    if (operator === '-') return negate(value);
    return operator === '+' ? value : !toBool(value);
  }

  private binary(node: BinaryNode): GoValue {
    const { operator } = node;
    const left = this.value(node.left);
    if (operator === '??') return left === null || left === NIL_LIST ? this.value(node.right) : left;
    const stop = SHORT_CIRCUITS.get(operator);
    if (stop !== undefined) {
      this.at = node.at;
      if (toBool(left) === stop) return left;
      const right = this.value(node.right);
      this.at = node.at;
      return right;
    }
    const right = this.value(node.right);
    this.at = node.at;
    this.charge(left, right);
    const test = TEXT_TESTS.get(operator);
    if (test !== undefined) return left !== null && right !== null && test(toText(left), toText(right));
    switch (operator) {
      case '==': return equal(left, right);
      case '!=': return !equal(left, right);
      case '<': case '>': case '<=': case '>=': return compare(operator, left, right);
      case 'in': return contains(left, right);
      case '..': return this.range(toInt(left), toInt(right), node);
      default: return this.sized(arithmetic(operator, left, right));
    }
  }

  /** Strings made by adding grow without the VM's notice; here they count a little. */
  private sized(value: GoValue): GoValue {
    if (typeof value === 'string') this.grow(value.length >> 6);
    return value;
  }

  private range(from: bigint, to: bigint, node: BinaryNode): GoValue {
    if (to < from) return GoSlice.make('[]int', []);
    const size = to - from + 1n;
    const literal = node.left.kind === 'int' && node.right.kind === 'int';
    if (size >= BigInt(MEMORY)) throw new Panic('memory budget exceeded');
    if (!literal) this.grow(Number(size));
    const items = new GoSlice();
    items.type = '[]int';
    for (let i = from; i <= to; i++) items.push(i);
    this.steps += Number(size) >> 3;
    return items;
  }

  private member(node: MemberNode): GoValue {
    const base = this.value(node.node);
    if (base === ABSENT || (node.optional && base === null)) return ABSENT;
    const key = this.value(node.property);
    this.at = node.at;
    if (node.node.kind === 'builtin' && node.node.name === 'filter' && isFirstOrLast(node.property) && isSlice(base) && base.length === 0) {
      throw new Panic('reflect: slice index out of range');
    }
    return fetch(base, key);
  }

  private slice(node: SliceNode): GoValue {
    const base = this.value(node.node);
    const to = node.to === undefined ? undefined : this.value(node.to);
    const from = node.from === undefined ? 0n : this.value(node.from);
    this.at = node.at;
    const length = lengthOf(base);
    if (length === undefined) throw new Panic(to === undefined ? `invalid argument for len (type ${typeName(base)})` : `cannot slice ${formatValue(base)}`);
    const end = Math.min(fromEnd(to === undefined ? BigInt(length) : toInt(to), length), length);
    const begin = Math.min(fromEnd(toInt(from), length), end);
    if (typeof base === 'string') return sliceBytes(base, begin, end);
    if (base instanceof Uint8Array) return base.slice(begin, end);
    return sameType(base, (base as readonly GoValue[]).slice(begin, end));
  }

  private call(node: CallNode): GoValue {
    const callee = this.value(node.callee);
    if (callee === ABSENT) return ABSENT;
    const args = node.args.map((arg) => this.value(arg));
    this.at = node.at;
    this.charge(...args);
    if (callee === null) throw new Panic('invalid operation: cannot call nil');
    if (!(callee instanceof GoFunc)) throw new Panic(`invalid operation: cannot call non-function of type ${typeName(callee)}`);
    return callFunction(callee, args, this.host);
  }

  private pointer({ name, at }: PointerNode): GoValue {
    this.at = at;
    const scope = this.scopes.at(-1);
    if (scope === undefined) return null;
    return name === 'index' ? scope.index : name === 'acc' ? scope.accumulator : reach(scope.item);
  }

  private builtin(node: BuiltinNode): GoValue {
    const [first, second] = node.args;
    const predicate = second?.kind === 'predicate' ? second : undefined;
    if (first !== undefined && (predicate !== undefined || node.name === 'count' || node.name === 'sum')) return this.overList(node, first, predicate);
    const args = node.args.map((arg) => this.value(arg));
    this.at = node.at;
    this.charge(...args);
    return callBuiltin(node.name, args, this.host);
  }

  private overList(node: BuiltinNode, first: Node, predicate: Node | undefined): GoValue {
    if (node.name === 'sum' && predicate === undefined && first.kind === 'array' && first.nodes.length > 1) return this.sumOf(first.nodes, node.at);
    const list = this.value(first);
    this.at = node.at;
    const items = itemsOf(list);
    const scope: Scope = { item: null, index: 0n, accumulator: null };
    /** The predicate's value for one item, and the place of errors back at the builtin. */
    const test = (item: GoValue, index: number): GoValue => {
      if (predicate === undefined) {
        this.steps++;
        return reach(item);
      }
      scope.item = item;
      scope.index = BigInt(index);
      this.scopes.push(scope);
      const value = this.value(predicate);
      this.scopes.pop();
      this.at = node.at;
      return value;
    };
    switch (node.name) {
      case 'reduce': return this.reduce(node, items, scope, test);
      case 'sortBy': return this.sortBy(node, items, test);
      default: return this.overItems(node.name, items, test);
    }
  }

  private overItems(name: string, items: readonly GoValue[], test: (item: GoValue, index: number) => GoValue): GoValue {
    const holds = (item: GoValue, index: number): boolean => toBool(test(item, index));
    switch (name) {
      case 'all': return items.every(holds);
      case 'none': return !items.some(holds);
      case 'any': return items.some(holds);
      case 'one': return items.filter(holds).length === 1;
      case 'count': return BigInt(items.filter(holds).length);
      case 'filter': return this.grown(items.filter(holds).map(reach));
      case 'map': return this.grown(items.map(test));
      case 'find': return reach(items.find(holds) ?? null);
      case 'findLast': return reach(items.findLast(holds) ?? null);
      case 'findIndex': return found(items.findIndex(holds));
      case 'findLastIndex': return found(items.findLastIndex(holds));
      case 'groupBy': return this.groupBy(items, test);
      default: {
        let sum: GoValue = 0n;
        for (const [index, item] of items.entries()) sum = arithmetic('+', test(item, index), sum);
        return sum;
      }
    }
  }

  private grown(items: GoValue[]): GoValue[] {
    this.grow(items.length);
    return items;
  }

  /** The optimizer of expr turns the sum of a list literal into additions, the last first. */
  private sumOf(nodes: readonly Node[], at: number): GoValue {
    const values = nodes.map((item) => this.value(item));
    this.at = at;
    return values.reduceRight((sum, value) => arithmetic('+', value, sum));
  }

  private reduce(node: BuiltinNode, items: readonly GoValue[], scope: Scope, test: (item: GoValue, index: number) => GoValue): GoValue {
    const initial = node.args[2];
    let start = 0;
    if (initial !== undefined) scope.accumulator = this.value(initial);
    else {
      if (items.length === 0) throw new Panic('reduce of empty array with no initial value');
      scope.accumulator = reach(items[0] ?? null);
      start = 1;
    }
    for (let i = start; i < items.length; i++) scope.accumulator = test(items[i] ?? null, i);
    return scope.accumulator;
  }

  private groupBy(items: readonly GoValue[], test: (item: GoValue, index: number) => GoValue): GoValue {
    const groups = new Map<GoValue, GoValue[]>();
    for (const [index, item] of items.entries()) {
      const by = test(item, index);
      if (!isHashable(by)) throw new Panic(`hash of unhashable type: ${typeName(by)}`);
      const key = existingKey(groups, by);
      const group = groups.get(key);
      reach(item);
      if (group === undefined) groups.set(key, [item]);
      else group.push(item);
    }
    return new GoMap('map[interface {}][]interface {}', groups);
  }

  private sortBy(node: BuiltinNode, items: readonly GoValue[], test: (item: GoValue, index: number) => GoValue): GoValue {
    const orderNode = node.args[2];
    const order = orderNode === undefined ? 'asc' : this.value(orderNode);
    this.at = node.at;
    if (order !== 'asc' && order !== 'desc') {
      throw new Panic(typeof order === 'string' ? 'unknown order, use asc or desc' : 'sortBy order argument must be a string');
    }
    const keys = items.map((item, index) => ({ key: test(item, index), item: reach(item) }));
    const less = (a: GoValue, b: GoValue): boolean => compare(order === 'asc' ? '<' : '>', a, b);
    this.steps += items.length * 4;
    return keys.sort((a, b) => (less(a.key, b.key) ? -1 : less(b.key, a.key) ? 1 : 0)).map((entry) => entry.item);
  }
}

/** A RangeError is the end of the stack, or of what a text may hold. */
function rangeReason(error: RangeError): string {
  return error.message.includes('call stack') ? 'expression is nested too deeply' : 'memory budget exceeded';
}

/** The places at which expr makes find of `filter(…)[0]` and findLast of `filter(…)[-1]`. */
function isFirstOrLast(property: Node): boolean {
  if (property.kind === 'int') return property.value === 0n;
  return property.kind === 'unary' && property.operator === '-' && property.node.kind === 'int' && property.node.value === 1n;
}

function unavailable(what: string): never {
  throw new Panic(`${what} is not known here`);
}

function found(index: number): GoValue {
  return index < 0 ? null : BigInt(index);
}

function fromEnd(index: bigint, length: number): number {
  const value = index < 0n ? BigInt(length) + index : index;
  return value < 0n ? 0 : value > BigInt(length) ? length : Number(value);
}

function sameType(like: GoValue, items: GoValue[]): GoValue {
  return like instanceof GoSlice ? GoSlice.make(like.type, items) : items;
}

function lengthOf(value: GoValue): number | undefined {
  if (typeof value === 'string') return byteLength(value);
  return isSlice(value) || value instanceof Uint8Array ? value.length : undefined;
}

/** What stands for an entry of a map where a list is meant: expr counts the entries and cannot get at them. */
const UNREACHABLE = new GoObject('unreachable', '');

function reach(item: GoValue): GoValue {
  if (item === UNREACHABLE) throw new Panic('reflect: call of reflect.Value.Index on map Value');
  return item;
}

function itemsOf(value: GoValue): readonly GoValue[] {
  if (isMap(value)) return Array.from({ length: value.size }, () => UNREACHABLE);
  if (isSlice(value)) return value;
  if (value instanceof Uint8Array) return [...value].map((byte) => new GoNumber('uint8', BigInt(byte)));
  if (typeof value === 'string') return [...toBytes(value)].map((byte) => new GoNumber('uint8', BigInt(byte)));
  throw new Panic(value === null ? 'reflect: call of reflect.Value.Len on zero Value' : `reflect: call of reflect.Value.Len on ${kindOfValue(value)} Value`);
}

/** @returns base[key] or base.key: methods, list items, map values */
export function fetch(base: GoValue, key: GoValue): GoValue {
  if (base === null) throw new Panic(`cannot fetch ${formatValue(key)} from <nil>`);
  if (typeof key === 'string') {
    const bound = method(base, typeName(base), key);
    if (bound !== undefined) return bound;
    if (base instanceof GoObject && base.members.has(key)) return base.members.get(key) ?? null;
  }
  const length = lengthOf(base);
  if (length !== undefined) {
    const asked = toInt(key);
    const index = asked < 0n ? BigInt(length) + asked : asked;
    if (index < 0n || index >= BigInt(length)) throw new Panic(`index out of range: ${index} (array length is ${length})`);
    if (isSlice(base)) return base[Number(index)] ?? null;
    const bytes = base instanceof Uint8Array ? base : toBytes(base as string);
    return new GoNumber('uint8', BigInt(bytes[Number(index)] ?? 0));
  }
  if (isMap(base)) return mapValue(base, key);
  throw new Panic(`cannot fetch ${formatValue(key)} from ${typeName(base)}`);
}
