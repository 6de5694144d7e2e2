import type { ArrayNode, BinaryNode, BuiltinNode, CallNode, ConditionalNode, LetNode, MapNode, MemberNode, Node, PointerNode, SequenceNode, SliceNode, UnaryNode } from './ast.ts';
import { children } from './ast.ts';
import { isBuiltin } from './builtin-names.ts';
import { builtinType, builtinTypes, validateBuiltin } from './builtin-types.ts';
import { ExprError } from './error.ts';
import { methodType } from './methods.ts';
import {
  ANY, BOOL, DURATION, elementOf, FLOAT, INT, isAssignable, isBool, isDuration, isFloat, isFunction, isInteger, isList, isMap, isNil, isNumber, isString, isTime, isUnknown,
  keyOf, LIST, listOf, MAP, nameOf, NIL, natureOf, natureOfType, signatureOf, STRING, TIME, UNKNOWN,
} from './nature.ts';
import type { Nature } from './nature.ts';
import { Regexp, RegexpError } from '../go.ts';
import type { GoValue } from '../go.ts';

interface Scope {
  readonly collection: Nature;
  readonly variables: Readonly<Record<string, Nature>>;
}

/** What an argument list that does not fit says, with the place. */
class Misfit {
  readonly node: Node;
  readonly message: string;
  constructor(node: Node, message: string) {
    this.node = node;
    this.message = message;
  }
}

/**
 * Finds what is wrong with an expression for an environment without computing it, as expr's type checker does.
 * @throws ExprError of kind compile
 */
export function check(root: Node, source: string, env: ReadonlyMap<string, GoValue>): void {
  new Checker(source, env).visit(root);
  checkConstants(root, source);
}

/** The optimizer of expr folds arithmetic of literals and stops at a remainder by zero. */
function checkConstants(node: Node, source: string): void {
  for (const child of children(node)) checkConstants(child, source);
  if (node.kind !== 'binary' || node.operator !== '%') return;
  if (constant(node.left) !== undefined && constant(node.right) === 0n) throw new ExprError('compile', 'integer divide by zero', source, node.at);
}

function constant(node: Node): bigint | undefined {
  if (node.kind === 'int') return node.value;
  if (node.kind === 'unary') {
    const value = node.operator === '-' || node.operator === '+' ? constant(node.node) : undefined;
    return value === undefined || node.operator === '+' ? value : -value;
  }
  if (node.kind !== 'binary') return undefined;
  const left = constant(node.left);
  const right = constant(node.right);
  if (left === undefined || right === undefined) return undefined;
  switch (node.operator) {
    case '+': return left + right;
    case '-': return left - right;
    case '*': return left * right;
    case '%': return right === 0n ? undefined : left % right;
    default: return undefined;
  }
}

class Checker {
  private readonly source: string;
  private readonly env: ReadonlyMap<string, GoValue>;
  private readonly variables: { name: string; nature: Nature }[] = [];
  private readonly scopes: Scope[] = [];

  constructor(source: string, env: ReadonlyMap<string, GoValue>) {
    this.source = source;
    this.env = env;
  }

  private fail(node: Node, message: string): never {
    throw new ExprError('compile', message, this.source, node.at);
  }

  visit(node: Node): Nature {
    switch (node.kind) {
      case 'nil': case 'bool': case 'int': case 'float': case 'string': case 'bytes': return LITERALS[node.kind];
      case 'identifier': return this.identifier(node.name, node);
      case 'unary': return this.unary(node);
      case 'binary': return this.binary(node);
      case 'chain': return this.visit(node.node);
      case 'member': return this.member(node);
      case 'slice': return this.slice(node);
      case 'call': return this.call(node);
      case 'builtin': return this.builtin(node);
      case 'predicate': return this.visit(node.node);
      case 'pointer': return this.pointer(node);
      default: return this.visitCompound(node);
    }
  }

  private visitCompound(node: LetNode | SequenceNode | ConditionalNode | ArrayNode | MapNode): Nature {
    switch (node.kind) {
      case 'let': return this.variable(node);
      case 'sequence': return node.nodes.map((item) => this.visit(item)).at(-1) ?? NIL;
      case 'conditional': return this.conditional(node);
      case 'array': return this.array(node);
      case 'map':
        for (const part of children(node)) this.visit(part);
        return MAP;
    }
  }

  private identifier(name: string, node: Node): Nature {
    const variable = this.variables.findLast((item) => item.name === name);
    if (variable !== undefined) return variable.nature;
    if (name === '$env') return UNKNOWN;
    return this.global(name, node, true);
  }

  private global(name: string, node: Node, builtins: boolean): Nature {
    if (this.env.has(name)) return natureOf(this.env.get(name));
    if (builtins && isBuiltin(name)) return natureOfType(builtinType(name));
    return this.fail(node, `unknown name ${name}`);
  }

  private unary(node: UnaryNode): Nature {
    const nature = this.visit(node.node);
    if (node.operator === '!' || node.operator === 'not') {
      if (isBool(nature) || isUnknown(nature)) return BOOL;
    } else if (isNumber(nature)) return nature;
    else if (isUnknown(nature)) return UNKNOWN;
    return this.fail(node, `invalid operation: ${node.operator} (mismatched type ${nameOf(nature)})`);
  }

  private binary(node: BinaryNode): Nature {
    const left = this.visit(node.left);
    const right = this.visit(node.right);
    const nature = this.operation(node, left, right);
    if (nature !== undefined) return nature;
    return this.fail(node, `invalid operation: ${node.operator} (mismatched types ${nameOf(left)} and ${nameOf(right)})`);
  }

  private operation(node: BinaryNode, l: Nature, r: Nature): Nature | undefined {
    const { operator } = node;
    if (LOGIC.has(operator)) return fits(l, r, isBool) ? BOOL : undefined;
    if (ORDER.has(operator)) return fits(l, r, isNumber, isString, isTime, isDuration) ? BOOL : undefined;
    switch (operator) {
      case '==': case '!=': return isComparable(l, r) ? BOOL : undefined;
      case 'in': return this.membership(node, l, r);
      case 'matches': case 'contains': case 'startsWith': case 'endsWith':
        this.pattern(node);
        return fits(l, r, isString) ? BOOL : undefined;
      case '..': return fits(l, r, isInteger) ? listOf(INT) : undefined;
      case '??': return coalesce(l, r);
      default: return arithmetic(operator, l, r);
    }
  }

  private pattern(node: BinaryNode): void {
    if (node.operator !== 'matches' || node.right.kind !== 'string') return;
    try {
      Regexp.compile(node.right.value);
    } catch (error) {
      if (error instanceof RegexpError) this.fail(node, error.message);
      throw error;
    }
  }

  private membership(node: BinaryNode, l: Nature, r: Nature): Nature | undefined {
    if (isMap(r)) {
      const key = keyOf(r);
      if (!isUnknown(l) && !isAssignable(l, key)) this.fail(node, `cannot use ${nameOf(l)} as type ${nameOf(key)} in map key`);
      return BOOL;
    }
    if (isList(r)) {
      const element = elementOf(r);
      if (!isComparable(l, element)) this.fail(node, `cannot use ${nameOf(l)} as type ${nameOf(element)} in array`);
      return BOOL;
    }
    if (isUnknown(r) || (isUnknown(l) && isString(r))) return BOOL;
    return undefined;
  }

  private member(node: MemberNode): Nature {
    const { property } = node;
    if (node.node.kind === 'identifier' && node.node.name === '$env') {
      if (property.kind !== 'string') return UNKNOWN;
      if (node.optional && !this.env.has(property.value)) return UNKNOWN;
      return this.global(property.value, node, false);
    }
    const owner = this.visit(node.node);
    const base = owner.type.startsWith('*') ? natureOfType(owner.type.slice(1)) : owner;
    const key = this.visit(property);
    if (property.kind === 'string') {
      if (isNil(base)) this.fail(node, `type nil has no field ${property.value}`);
      const type = methodType(owner.type, property.value);
      if (type !== undefined) return natureOfType(type);
    }
    if (isMap(base)) {
      if (!isUnknown(key) && !isAssignable(key, keyOf(base))) this.fail(property, `cannot use ${nameOf(key)} to get an element from ${nameOf(base)}`);
      return elementOf(base);
    }
    if (isList(base)) {
      if (!isInteger(key) && !isUnknown(key)) this.fail(property, `array elements can only be selected using an integer (got ${nameOf(key)})`);
      return elementOf(base);
    }
    if (isUnknown(base)) return UNKNOWN;
    if (property.kind === 'string') this.fail(node, `type ${nameOf(base)} has no ${node.method ? 'method' : 'field'} ${property.value}`);
    return this.fail(node, `type ${nameOf(base)}[${nameOf(key)}] is undefined`);
  }

  private slice(node: SliceNode): Nature {
    const nature = this.visit(node.node);
    if (isUnknown(nature)) return UNKNOWN;
    if (!isString(nature) && !isList(nature)) this.fail(node, `cannot slice ${nameOf(nature)}`);
    for (const index of [node.from, node.to]) {
      if (index === undefined) continue;
      const found = this.visit(index);
      if (!isInteger(found) && !isUnknown(found)) this.fail(index, `non-integer slice index ${nameOf(found)}`);
    }
    return nature;
  }

  private call(node: CallNode): Nature {
    const callee = this.visit(node.callee);
    if (node.callee.kind === 'identifier' && node.callee.name === '$env') this.fail(node, `${MAP.type} is not callable`);
    if (isUnknown(callee)) return UNKNOWN;
    const name = calledName(node.callee);
    if (isNil(callee)) this.fail(node, `${name} is nil; cannot call nil as function`);
    if (!isFunction(callee)) this.fail(node, `${nameOf(callee)} is not callable`);
    const result = this.args(name, callee.type, node.args, node);
    return result instanceof Misfit ? this.fail(result.node, result.message) : result;
  }

  private args(name: string, type: string, args: readonly Node[], node: Node): Nature | Misfit {
    const { params, variadic, result, results } = signatureOf(type);
    if (results > 2) return new Misfit(node, `func ${name} returns more then two values`);
    const least = variadic ? params.length - 1 : params.length;
    const count = args.length < least ? 'not enough' : !variadic && args.length > params.length ? 'too many' : undefined;
    if (count !== undefined) {
      for (const arg of args) this.visit(arg);
      return new Misfit(node, `${count} arguments to call ${name}`);
    }
    for (const [index, arg] of args.entries()) {
      const wanted = natureOfType(params[Math.min(index, params.length - 1)] ?? ANY.type);
      const given = this.visit(arg);
      if (isInteger(given) && isNumber(wanted)) continue;
      if (isNil(given)) {
        if (wanted.type === ANY.type || wanted.type.startsWith('*')) continue;
        return new Misfit(arg, `cannot use nil as argument (type ${wanted.type}) to call ${name}`);
      }
      if (!isUnknown(given) && !isAssignable(given, wanted)) return new Misfit(arg, `cannot use ${nameOf(given)} as argument (type ${wanted.type}) to call ${name} `);
    }
    return result === '' ? UNKNOWN : natureOfType(result);
  }

  private builtin(node: BuiltinNode): Nature {
    const first = node.args[0];
    if (first !== undefined) {
      const [, predicate] = node.args;
      if (predicate?.kind === 'predicate') return this.withPredicate(node, first, predicate);
      if (node.name === 'count' || node.name === 'sum') {
        const collection = this.collection(node.name, first);
        return node.name === 'count' ? INT : isUnknown(collection) ? UNKNOWN : elementOf(collection);
      }
    }
    if (node.name === 'get') return this.get(node);
    return this.plainBuiltin(node);
  }

  private plainBuiltin(node: BuiltinNode): Nature {
    const types = builtinTypes(node.name);
    if (types === undefined) {
      const checked = validateBuiltin(node.name, node.args.map((arg) => this.visit(arg)));
      return typeof checked === 'string' ? this.fail(node, checked) : checked;
    }
    let last: Misfit | undefined;
    for (const type of types) {
      const result = this.args(node.name, type, node.args, node);
      if (!(result instanceof Misfit)) return result;
      last = result;
    }
    return this.fail(last?.node ?? node, last?.message ?? `no matching overload for ${node.name}`);
  }

  private collection(name: string, node: Node): Nature {
    const nature = this.visit(node);
    if (!isList(nature) && !isUnknown(nature)) this.fail(node, `builtin ${name} takes only array (got ${nameOf(nature)})`);
    return nature;
  }

  private withPredicate(node: BuiltinNode, list: Node, predicate: Node): Nature {
    const { name } = node;
    const collection = this.collection(name, list);
    this.scopes.push({ collection, variables: name === 'map' ? { index: INT } : name === 'reduce' ? { index: INT, acc: UNKNOWN } : {} });
    const result = this.visit(predicate);
    this.scopes.pop();
    const extra = node.args[2];
    if (extra !== undefined) this.order(name, extra);
    if (isNil(result)) this.fail(predicate, `predicate should has ${name === 'reduce' ? 'two' : 'one'} input and one output param`);
    const element = isUnknown(collection) ? UNKNOWN : elementOf(collection);
    if (TESTS.has(name) && !isBool(result) && !isUnknown(result)) this.fail(predicate, `predicate should return boolean (got ${nameOf(result)})`);
    return natureOfList(name, collection, element, result);
  }

  /** The third argument of sortBy and reduce. */
  private order(name: string, node: Node): void {
    const nature = this.visit(node);
    if (name === 'sortBy' && !isString(nature) && !isUnknown(nature)) this.fail(node, `sortBy order argument must be a string (got ${nameOf(nature)})`);
  }

  private get(node: BuiltinNode): Nature {
    const [target, key] = node.args;
    if (target === undefined || key === undefined || node.args.length > 2) this.fail(node, `invalid number of arguments (expected 2, got ${node.args.length})`);
    const base = this.visit(target);
    const index = this.visit(key);
    if (target.kind === 'identifier' && target.name === '$env') {
      return key.kind === 'string' && this.env.has(key.value) ? natureOf(this.env.get(key.value)) : UNKNOWN;
    }
    if (isUnknown(base)) return UNKNOWN;
    if (isList(base)) {
      if (!isInteger(index) && !isUnknown(index)) this.fail(key, `non-integer slice index ${nameOf(index)}`);
      return elementOf(base);
    }
    if (!isMap(base)) this.fail(target, `type ${nameOf(base)} does not support indexing`);
    if (!isUnknown(index) && !isAssignable(index, keyOf(base))) this.fail(key, `cannot use ${nameOf(index)} to get an element from ${nameOf(base)}`);
    return elementOf(base);
  }

  private pointer(node: PointerNode): Nature {
    const scope = this.scopes.at(-1);
    if (scope === undefined) return this.fail(node, 'cannot use pointer accessor outside predicate');
    if (node.name === '') return isUnknown(scope.collection) ? UNKNOWN : elementOf(scope.collection);
    const variable = Object.hasOwn(scope.variables, node.name) ? scope.variables[node.name] : undefined;
    return variable ?? this.fail(node, `unknown pointer #${node.name}`);
  }

  private variable(node: LetNode): Nature {
    if (this.env.has(node.name)) this.fail(node, `cannot redeclare ${node.name}`);
    if (isBuiltin(node.name)) this.fail(node, `cannot redeclare builtin ${node.name}`);
    if (this.variables.some((item) => item.name === node.name)) this.fail(node, `cannot redeclare variable ${node.name}`);
    const nature = this.visit(node.value);
    this.variables.push({ name: node.name, nature });
    const result = this.visit(node.body);
    this.variables.pop();
    return result;
  }

  private conditional(node: ConditionalNode): Nature {
    const condition = this.visit(node.condition);
    if (!isBool(condition) && !isUnknown(condition)) this.fail(node.condition, `non-bool expression (type ${nameOf(condition)}) used as condition`);
    const yes = this.visit(node.yes);
    const no = this.visit(node.no);
    if (isNil(yes)) return no;
    if (isNil(no)) return yes;
    if (no.type === UNKNOWN.type || !isAssignable(yes, no)) return UNKNOWN;
    return yes;
  }

  private array(node: ArrayNode): Nature {
    const natures = node.nodes.map((item) => this.visit(item));
    const [first] = natures;
    const last = natures.at(-1);
    if (first === undefined || last === undefined) return listOf(UNKNOWN);
    return natures.every((nature) => kindOf(nature) === kindOf(first)) ? listOf(last) : LIST;
  }
}

const LOGIC = new Set(['or', '||', 'and', '&&']);
const ORDER = new Set(['<', '>', '<=', '>=']);
const LITERALS = { nil: NIL, bool: BOOL, int: INT, float: FLOAT, string: STRING, bytes: natureOfType('[]uint8') };
const TESTS = new Set(['all', 'none', 'any', 'one', 'filter', 'count', 'find', 'findIndex', 'findLast', 'findLastIndex']);

/** @returns the nature of a builtin that walks a list with a predicate */
function natureOfList(name: string, collection: Nature, element: Nature, result: Nature): Nature {
  switch (name) {
    case 'all': case 'none': case 'any': case 'one': return BOOL;
    case 'filter': return isUnknown(collection) ? LIST : listOf(element);
    case 'map': return listOf(isUnknown(result) ? ANY : result);
    case 'count': case 'findIndex': case 'findLastIndex': return INT;
    case 'find': case 'findLast': return element;
    case 'groupBy': return { type: 'map[interface {}][]interface {}', element: listOf(element) };
    case 'sortBy': return collection;
    default: return result;
  }
}

/** Go's reflect.Kind, as far as it tells natures apart. */
function kindOf(nature: Nature): string {
  if (nature.type === '') return nature.nil === true ? 'nil' : 'unknown';
  if (isList(nature)) return 'list';
  if (isMap(nature)) return 'map';
  if (isFunction(nature)) return 'func';
  return nature.type === 'time.Duration' ? 'int64' : nature.type;
}

function calledName(callee: Node): string {
  if (callee.kind === 'identifier') return callee.name;
  return callee.kind === 'member' && callee.property.kind === 'string' ? callee.property.value : 'function';
}

/** Whether both natures pass one of the tests, or one does and the other is not known, or neither is known. */
function fits(l: Nature, r: Nature, ...tests: readonly ((nature: Nature) => boolean)[]): boolean {
  if (isUnknown(l) && isUnknown(r)) return true;
  return tests.some((test) => (test(l) || isUnknown(l)) && (test(r) || isUnknown(r)));
}

function isComparable(l: Nature, r: Nature): boolean {
  if (isUnknown(l) || isUnknown(r) || isNil(l) || isNil(r)) return true;
  if (isNumber(l) && isNumber(r)) return true;
  return kindOf(l) === kindOf(r) || isAssignable(l, r) || isAssignable(r, l);
}

function combined(l: Nature, r: Nature): Nature {
  if (l.type === r.type) return l;
  return isFloat(l) || isFloat(r) ? FLOAT : INT;
}

function arithmetic(operator: string, l: Nature, r: Nature): Nature | undefined {
  if (operator === '%') return fits(l, r, isInteger) ? INT : undefined;
  if (operator === '/' || operator === '**' || operator === '^') return fits(l, r, isNumber) ? FLOAT : undefined;
  if (isNumber(l) && isNumber(r)) return combined(l, r);
  switch (operator) {
    case '+': return sum(l, r) ?? orUnknown(l, r, isNumber, isString, isTime, isDuration);
    case '-': return difference(l, r) ?? orUnknown(l, r, isNumber, isTime, isDuration);
    default: return product(l, r) ?? orUnknown(l, r, isNumber, isDuration);
  }
}

function sum(l: Nature, r: Nature): Nature | undefined {
  if (isString(l) && isString(r)) return STRING;
  if ((isTime(l) && isDuration(r)) || (isDuration(l) && isTime(r))) return TIME;
  return isDuration(l) && isDuration(r) ? DURATION : undefined;
}

function difference(l: Nature, r: Nature): Nature | undefined {
  if ((isTime(l) && isTime(r)) || (isDuration(l) && isDuration(r))) return DURATION;
  return isTime(l) && isDuration(r) ? TIME : undefined;
}

function product(l: Nature, r: Nature): Nature | undefined {
  return (isNumber(l) || isDuration(l)) && (isNumber(r) || isDuration(r)) ? DURATION : undefined;
}

/** Unknown where one side is not known and the other passes a test, or neither is known. */
function orUnknown(l: Nature, r: Nature, ...tests: readonly ((nature: Nature) => boolean)[]): Nature | undefined {
  return (isUnknown(l) || isUnknown(r)) && fits(l, r, ...tests) ? UNKNOWN : undefined;
}

function coalesce(l: Nature, r: Nature): Nature {
  if (isNil(l)) return r;
  if (isNil(r)) return l;
  return l.type !== UNKNOWN.type && isAssignable(r, l) ? l : UNKNOWN;
}
