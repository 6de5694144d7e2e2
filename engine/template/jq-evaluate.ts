/** Evaluating jq programs. Every filter is a generator of results, each with its path where paths are wanted. */
import { JqError, type Definition, type JqValue, type Node, type Pattern } from './jq-parse.ts';
import { described, indexValue, isArray, isNumber, isObject, deletePaths, isTrue, iterated, JqHalt, JqRaised, operate, setPath, sliceValue, valueAt, weigh, add } from './jq-values.ts';

/** A result. `path` undefined: paths are not wanted; null: the value has none, it was computed. */
export interface Result {
  value: JqValue;
  path: readonly JqValue[] | undefined | null;
}

type Results = Generator<Result, void, undefined>;

/** A filter given to a function, with where it was written. */
export interface Closure {
  body: Node;
  scope: Scope | undefined;
}

/** What names mean: a chain, the innermost first. */
export type Scope =
  | { kind: 'variable'; name: string; value: JqValue; outer: Scope | undefined }
  | { kind: 'function'; name: string; definition: Definition; outer: Scope | undefined }
  | { kind: 'closure'; name: string; closure: Closure; outer: Scope | undefined }
  | { kind: 'label'; name: string; outer: Scope | undefined };

/** A function of the engine; `args` are evaluated by it as it likes. */
export type Native = (input: Result, args: readonly Closure[], run: Runner) => Iterable<Result>;

export interface Library {
  natives: ReadonlyMap<string, Native>;
  formats: ReadonlyMap<string, (value: JqValue) => string>;
  scope: Scope | undefined;
}

/** More steps than this end a program. */
const MAX_STEPS = 200_000;
const MAX_DEPTH = 3000;

class Break extends Error {
  readonly label: Scope;

  constructor(label: Scope) {
    super('break');
    this.label = label;
  }
}

export class Runner {
  private readonly library: Library;
  private steps = 0;
  private depth = 0;

  constructor(library: Library) {
    this.library = library;
  }

  /** The results of a filter for one input. Throws JqError. */
  * run(node: Node, scope: Scope | undefined, input: Result): Results {
    this.tick();
    if (++this.depth > MAX_DEPTH) throw new JqError('the filter recurses too deeply');
    try {
      yield* this.dispatch(node, scope, input);
    } finally {
      this.depth--;
    }
  }

  /** Counts work done. Throws JqError when it is too much. */
  tick(steps = 1): void {
    this.steps += steps;
    if (this.steps > MAX_STEPS) throw new JqError('the filter takes too many steps');
  }

  /** Counts a value that was made anew: what is long was copied. */
  private copied(value: JqValue): void {
    if (typeof value === 'string' || isArray(value)) this.tick(value.length >> 6);
    else if (isObject(value)) this.tick(value.size >> 3);
  }

  /** Results as plain values. */
  * values(closure: Closure, value: JqValue): Generator<JqValue, void, undefined> {
    for (const result of this.run(closure.body, closure.scope, { value, path: undefined })) yield result.value;
  }

  /** Results with their paths, from the root of `value`. */
  * paths(closure: Closure, value: JqValue): Generator<{ value: JqValue; path: readonly JqValue[] }, void, undefined> {
    for (const result of this.run(closure.body, closure.scope, { value, path: [] })) {
      if (!result.path) throw new JqError(`invalid path against: ${described(result.value)}`);
      yield { value: result.value, path: result.path };
    }
  }

  private dispatch(node: Node, scope: Scope | undefined, input: Result): Results {
    switch (node.type) {
      case 'identity': return once(input);
      case 'emptyArray': return once(computed(input, []));
      case 'literal': return once(computed(input, node.value));
      case 'recurse': return this.recurse(input);
      case 'string': return this.string(node, scope, input);
      case 'format': return once(computed(input, this.format(node.name)(input.value)));
      case 'variable': return once(computed(input, variableOf(node.name, scope)));
      case 'break': throw new Break(labelOf(node.name, scope));
      case 'index': return this.index(node, scope, input);
      case 'slice': return this.slice(node, scope, input);
      case 'iterate': return this.iterate(node.target, scope, input);
      case 'negate': case 'plus': return this.signed(node.type, node.target, scope, input);
      case 'array': return this.array(node.target, scope, input);
      case 'object': return this.object(node.members, 0, new Map(), scope, input);
      default: return this.control(node, scope, input);
    }
  }

  private control(node: Node, scope: Scope | undefined, input: Result): Results {
    switch (node.type) {
      case 'try': return this.attempt(node, scope, input);
      case 'call': return this.call(node.name, node.args, scope, input);
      case 'binary': return this.binary(node.operator, node.left, node.right, scope, input);
      case 'if': return this.conditional(node, scope, input);
      case 'reduce': return this.reduce(node, scope, input);
      case 'foreach': return this.foreach(node, scope, input);
      case 'define': return this.run(node.body, { kind: 'function', name: `${node.definition.name}/${node.definition.parameters.length}`, definition: node.definition, outer: scope }, input);
      case 'bind': return this.bind(node, scope, input);
      case 'label': return this.label(node.name, node.body, scope, input);
      default: throw new JqError(`unexpected ${node.type}`);
    }
  }

  private* recurse(input: Result): Results {
    this.tick();
    yield input;
    if (!isArray(input.value) && !isObject(input.value)) return;
    for (const [key, value] of iterated(input.value)) yield* this.recurse(below(input, key, value));
  }

  private* string({ format, parts }: Node & { type: 'string' }, scope: Scope | undefined, input: Result): Results {
    const write = this.format(format ?? '@text');
    const texts = function* (self: Runner, at: number): Generator<string, void, undefined> {
      const part = parts[at];
      if (part === undefined) yield '';
      else for (const rest of texts(self, at + 1)) {
        if (typeof part === 'string') yield part + rest;
        else for (const value of self.values({ body: part, scope }, input.value)) yield write(value) + rest;
      }
    };
    for (const text of texts(this, 0)) yield computed(input, text);
  }

  private format(name: string): (value: JqValue) => string {
    const format = this.library.formats.get(name);
    if (format === undefined) throw new JqError(`format not defined: ${name}`);
    return format;
  }

  private* index({ target, key }: Node & { type: 'index' }, scope: Scope | undefined, input: Result): Results {
    for (const base of this.run(target, scope, input)) {
      for (const at of this.values({ body: key, scope }, input.value)) yield below(base, at, indexValue(base.value, at));
    }
  }

  private* slice({ target, from, to }: Node & { type: 'slice' }, scope: Scope | undefined, input: Result): Results {
    for (const base of this.run(target, scope, input)) {
      for (const end of this.optional(to, scope, input)) {
        for (const start of this.optional(from, scope, input)) {
          yield below(base, new Map([['start', start], ['end', end]]), sliceValue(base.value, start, end));
        }
      }
    }
  }

  private optional(node: Node | undefined, scope: Scope | undefined, input: Result): Iterable<JqValue> {
    return node === undefined ? [null] : this.values({ body: node, scope }, input.value);
  }

  private* iterate(target: Node, scope: Scope | undefined, input: Result): Results {
    for (const base of this.run(target, scope, input)) {
      for (const [key, value] of iterated(base.value)) yield below(base, key, value);
    }
  }

  private* signed(sign: 'negate' | 'plus', target: Node, scope: Scope | undefined, input: Result): Results {
    for (const value of this.values({ body: target, scope }, input.value)) {
      if (!isNumber(value)) throw new JqError(`cannot ${sign}: ${described(value)}`);
      yield computed(input, sign === 'plus' ? value : -value);
    }
  }

  private* array(target: Node, scope: Scope | undefined, input: Result): Results {
    yield computed(input, [...this.values({ body: target, scope }, input.value)]);
  }

  private* object(members: readonly { key: Node; value: Node }[], at: number, made: ReadonlyMap<string, JqValue>, scope: Scope | undefined, input: Result): Results {
    const member = members[at];
    if (member === undefined) {
      yield computed(input, made);
      return;
    }
    for (const key of this.values({ body: member.key, scope }, input.value)) {
      if (typeof key !== 'string') throw new JqError(`expected a string for object key but got: ${described(key)}`);
      for (const value of this.values({ body: member.value, scope }, input.value)) {
        yield* this.object(members, at + 1, new Map([...made, [key, value]]), scope, input);
      }
    }
  }

  private* attempt({ target, handler }: Node & { type: 'try' }, scope: Scope | undefined, input: Result): Results {
    const results = this.run(target, scope, input);
    for (;;) {
      let next: IteratorResult<Result, void>;
      try {
        next = results.next();
      } catch (error) {
        if (!(error instanceof JqError) || error instanceof JqHalt) throw error;
        if (handler !== undefined) yield* this.run(handler, scope, computed(input, error instanceof JqRaised ? error.value : error.message));
        return;
      }
      if (next.done === true) return;
      yield next.value;
    }
  }

  private* conditional({ condition, then, otherwise }: Node & { type: 'if' }, scope: Scope | undefined, input: Result): Results {
    for (const value of this.values({ body: condition, scope }, input.value)) {
      if (isTrue(value)) yield* this.run(then, scope, input);
      else if (otherwise === undefined) yield input;
      else yield* this.run(otherwise, scope, input);
    }
  }

  private* reduce({ source, pattern, start, update }: Node & { type: 'reduce' }, scope: Scope | undefined, input: Result): Results {
    for (const first of this.run(start, scope, input)) {
      let state = first;
      for (const value of this.values({ body: source, scope }, input.value)) {
        for (const bound of this.destructure(pattern, value, scope, input)) {
          // What yields nothing changes nothing.
          for (const result of this.run(update, bound, state)) state = result;
        }
      }
      yield state;
    }
  }

  private* foreach({ source, pattern, start, update, extract }: Node & { type: 'foreach' }, scope: Scope | undefined, input: Result): Results {
    for (const first of this.run(start, scope, input)) {
      let state = first;
      for (const value of this.values({ body: source, scope }, input.value)) {
        for (const bound of this.destructure(pattern, value, scope, input)) {
          for (const result of this.run(update, bound, state)) {
            state = result;
            if (extract === undefined) yield result;
            else yield* this.run(extract, bound, result);
          }
        }
      }
    }
  }

  private* bind({ source, patterns, body }: Node & { type: 'bind' }, scope: Scope | undefined, input: Result): Results {
    for (const value of this.values({ body: source, scope }, input.value)) {
      const outer = patterns.length > 1 ? withNulls(patterns, scope) : scope;
      for (const [i, pattern] of patterns.entries()) {
        try {
          for (const bound of this.destructure(pattern, value, outer, input)) yield* this.run(body, bound, input);
          break;
        } catch (error) {
          // The next pattern is tried for what this one fails at.
          if (!(error instanceof JqError) || i === patterns.length - 1) throw error;
        }
      }
    }
  }

  private* destructure(pattern: Pattern, value: JqValue, scope: Scope | undefined, input: Result): Generator<Scope | undefined, void, undefined> {
    if ('name' in pattern) yield { kind: 'variable', name: pattern.name, value, outer: scope };
    else if ('items' in pattern) yield* this.destructureItems(pattern.items, 0, value, scope, input);
    else yield* this.destructureMembers(pattern.members, 0, value, scope, input);
  }

  private* destructureItems(items: readonly Pattern[], at: number, value: JqValue, scope: Scope | undefined, input: Result): Generator<Scope | undefined, void, undefined> {
    const item = items[at];
    if (value !== null && !isArray(value)) throw new JqError(`expected an array but got: ${described(value)}`);
    if (item === undefined) yield scope;
    else for (const bound of this.destructure(item, indexValue(value, BigInt(at)), scope, input)) yield* this.destructureItems(items, at + 1, value, bound, input);
  }

  private* destructureMembers(members: readonly { key: Node; name: string | undefined; value: Pattern | undefined }[], at: number, value: JqValue, scope: Scope | undefined, input: Result): Generator<Scope | undefined, void, undefined> {
    const member = members[at];
    if (member === undefined) {
      yield scope;
      return;
    }
    for (const key of this.values({ body: member.key, scope }, input.value)) {
      if (typeof key !== 'string') throw new JqError(`expected a string for object key but got: ${described(key)}`);
      const inner = indexValue(value, key);
      const named: Scope | undefined = member.name === undefined ? scope : { kind: 'variable', name: member.name, value: inner, outer: scope };
      const scopes = member.value === undefined ? [named] : this.destructure(member.value, inner, named, input);
      for (const bound of scopes) yield* this.destructureMembers(members, at + 1, value, bound, input);
    }
  }

  private* label(name: string, body: Node, scope: Scope | undefined, input: Result): Results {
    const label: Scope = { kind: 'label', name, outer: scope };
    try {
      yield* this.run(body, label, input);
    } catch (error) {
      if (!(error instanceof Break) || error.label !== label) throw error;
    }
  }

  private* call(name: string, args: readonly Node[], scope: Scope | undefined, input: Result): Results {
    const full = `${name}/${args.length}`;
    const closures = args.map((body): Closure => ({ body, scope }));
    const found = findFunction(full, scope) ?? findFunction(full, this.library.scope);
    if (found?.kind === 'closure') yield* this.run(found.closure.body, found.closure.scope, input);
    else if (found?.kind === 'function') yield* this.apply(found.definition, found, closures, input);
    else {
      const native = this.library.natives.get(full);
      if (native === undefined) throw new JqError(`function not defined: ${full}`);
      for (const result of native(input, closures, this)) {
        this.copied(result.value);
        yield result;
      }
    }
  }

  private* apply(definition: Definition, scope: Scope, args: readonly Closure[], input: Result, at = 0): Results {
    const parameter = definition.parameters[at];
    const arg = args[at];
    if (parameter === undefined || arg === undefined) {
      yield* this.run(definition.body, scope, input);
      return;
    }
    if (!parameter.startsWith('$')) {
      yield* this.apply(definition, { kind: 'closure', name: `${parameter}/0`, closure: arg, outer: scope }, args, input, at + 1);
      return;
    }
    for (const value of this.values(arg, input.value)) {
      const named: Scope = { kind: 'closure', name: `${parameter.slice(1)}/0`, closure: { body: { type: 'literal', value }, scope: undefined }, outer: scope };
      yield* this.apply(definition, { kind: 'variable', name: parameter, value, outer: named }, args, input, at + 1);
    }
  }

  private binary(operator: string, left: Node, right: Node, scope: Scope | undefined, input: Result): Results {
    switch (operator) {
      case '|': return this.pipe(left, right, scope, input);
      case ',': return this.both(left, right, scope, input);
      case '//': return this.alternative(left, right, scope, input);
      case 'and': case 'or': return this.logic(operator, left, right, scope, input);
      case '=': return this.assign(left, right, scope, input);
      case '|=': return this.update(left, right, scope, input);
      default: return operator.endsWith('=') && !['==', '!=', '<=', '>='].includes(operator)
        ? this.combine(operator.slice(0, -1), left, right, scope, input)
        : this.operation(operator, left, right, scope, input);
    }
  }

  private* pipe(left: Node, right: Node, scope: Scope | undefined, input: Result): Results {
    for (const result of this.run(left, scope, input)) yield* this.run(right, scope, result);
  }

  private* both(left: Node, right: Node, scope: Scope | undefined, input: Result): Results {
    yield* this.run(left, scope, input);
    yield* this.run(right, scope, input);
  }

  private* alternative(left: Node, right: Node, scope: Scope | undefined, input: Result): Results {
    let any = false;
    for (const result of this.run(left, scope, input)) {
      if (!isTrue(result.value)) continue;
      any = true;
      yield result;
    }
    if (!any) yield* this.run(right, scope, input);
  }

  private* logic(operator: string, left: Node, right: Node, scope: Scope | undefined, input: Result): Results {
    for (const first of this.values({ body: left, scope }, input.value)) {
      if (isTrue(first) === (operator === 'or')) yield computed(input, operator === 'or');
      else for (const second of this.values({ body: right, scope }, input.value)) yield computed(input, isTrue(second));
    }
  }

  private* operation(operator: string, left: Node, right: Node, scope: Scope | undefined, input: Result): Results {
    for (const second of this.values({ body: right, scope }, input.value)) {
      for (const first of this.values({ body: left, scope }, input.value)) {
        const value = operate(operator, first, second);
        this.copied(value);
        yield computed(input, value);
      }
    }
  }

  private* assign(left: Node, right: Node, scope: Scope | undefined, input: Result): Results {
    for (const value of this.values({ body: right, scope }, input.value)) {
      let target = input.value;
      for (const { path } of this.paths({ body: left, scope }, input.value)) {
        target = setPath(target, path, value);
        this.copied(target);
      }
      yield computed(input, target);
    }
  }

  private* update(left: Node, right: Node, scope: Scope | undefined, input: Result): Results {
    yield computed(input, this.modify({ body: left, scope }, input.value, (old) => this.values({ body: right, scope }, old)));
  }

  private* combine(operator: string, left: Node, right: Node, scope: Scope | undefined, input: Result): Results {
    for (const value of this.values({ body: right, scope }, input.value)) {
      yield computed(input, this.modify({ body: left, scope }, input.value, (old) => [operator === '//' ? (isTrue(old) ? old : value) : operator === '+' ? add(old, value) : operate(operator, old, value)]));
    }
  }

  /** Each value at the paths becomes the first of what is made of it; what nothing is made of goes. */
  private modify(paths: Closure, input: JqValue, make: (old: JqValue) => Iterable<JqValue>): JqValue {
    let target = input;
    const gone: JqValue[] = [];
    for (const { path } of this.paths(paths, input)) {
      const [made] = firstOf(make(valueAt(target, path)));
      if (made === undefined) gone.push(path);
      else target = setPath(target, path, made);
      this.copied(target);
    }
    return deletePaths(target, gone);
  }
}

function firstOf<T>(values: Iterable<T>): [T] | [] {
  for (const value of values) return [value];
  return [];
}

function* once(result: Result): Results {
  yield result;
}

/** A value that was made and not found: where paths are wanted it has none. */
export function computed(input: Result, value: JqValue): Result {
  weigh(value);
  return { value, path: input.path === undefined ? undefined : null };
}

/** What lies below a result. Throws JqError where a path is wanted and the result has none. */
export function below(base: Result, key: JqValue, value: JqValue): Result {
  if (base.path === undefined) return { value, path: undefined };
  if (base.path === null) throw new JqError(`invalid path against: ${described(base.value)}`);
  return { value, path: [...base.path, key] };
}

function variableOf(name: string, scope: Scope | undefined): JqValue {
  for (let s = scope; s !== undefined; s = s.outer) if (s.kind === 'variable' && s.name === name) return s.value;
  if (name === '$ENV') return new Map();
  throw new JqError(`variable not defined: ${name}`);
}

function labelOf(name: string, scope: Scope | undefined): Scope {
  for (let s = scope; s !== undefined; s = s.outer) if (s.kind === 'label' && s.name === name) return s;
  throw new JqError(`label not defined: ${name}`);
}

function findFunction(name: string, scope: Scope | undefined): (Scope & { kind: 'function' | 'closure' }) | undefined {
  for (let s = scope; s !== undefined; s = s.outer) if ((s.kind === 'function' || s.kind === 'closure') && s.name === name) return s;
  return undefined;
}

function withNulls(patterns: readonly Pattern[], scope: Scope | undefined): Scope | undefined {
  return patterns.flatMap(namesIn).reduce<Scope | undefined>((outer, name) => ({ kind: 'variable', name, value: null, outer }), scope);
}

function namesIn(pattern: Pattern): string[] {
  if ('name' in pattern) return [pattern.name];
  if ('items' in pattern) return pattern.items.flatMap(namesIn);
  return pattern.members.flatMap((member) => [...(member.name === undefined ? [] : [member.name]), ...(member.value === undefined ? [] : namesIn(member.value))]);
}

/** Finds names that a program uses and that nothing defines, before it runs. Throws JqError. */
export function checkNames(node: Node, library: Library): void {
  new NameCheck(library).visit(node, undefined);
}

class NameCheck {
  private readonly library: Library;

  constructor(library: Library) {
    this.library = library;
  }

  visit(node: Node, scope: Scope | undefined): void {
    switch (node.type) {
      case 'variable': variableOf(node.name, scope); return;
      case 'break': labelOf(node.name, scope); return;
      case 'format': return;
      case 'string':
        for (const part of node.parts) if (typeof part !== 'string') this.visit(part, scope);
        return;
      case 'call': this.call(node.name, node.args, scope); return;
      case 'define': this.define(node.definition, node.body, scope); return;
      case 'bind':
        this.visit(node.source, scope);
        for (const pattern of node.patterns) this.pattern(pattern, scope);
        this.visit(node.body, withNulls(node.patterns, scope));
        return;
      case 'reduce': case 'foreach': {
        this.visit(node.source, scope);
        this.visit(node.start, scope);
        const bound = withNulls([node.pattern], scope);
        this.visit(node.update, bound);
        if (node.type === 'foreach' && node.extract !== undefined) this.visit(node.extract, bound);
        return;
      }
      case 'label': this.visit(node.body, { kind: 'label', name: node.name, outer: scope }); return;
      default: for (const child of childrenOf(node)) this.visit(child, scope);
    }
  }

  private call(name: string, args: readonly Node[], scope: Scope | undefined): void {
    const full = `${name}/${args.length}`;
    if (full === 'input/0' || full === 'inputs/0') throw new JqError('input(s)/0 is not allowed');
    const known = findFunction(full, scope) ?? findFunction(full, this.library.scope) ?? this.library.natives.get(full);
    if (known === undefined) throw new JqError(`function not defined: ${full}`);
    for (const arg of args) this.visit(arg, scope);
  }

  private define(definition: Definition, body: Node, scope: Scope | undefined): void {
    const own: Scope = { kind: 'function', name: `${definition.name}/${definition.parameters.length}`, definition, outer: scope };
    const inner = definition.parameters.reduce<Scope>((outer, parameter) => {
      const closure: Scope = { kind: 'closure', name: `${parameter.replace('$', '')}/0`, closure: { body: { type: 'identity' }, scope: undefined }, outer };
      return parameter.startsWith('$') ? { kind: 'variable', name: parameter, value: null, outer: closure } : closure;
    }, own);
    this.visit(definition.body, inner);
    this.visit(body, own);
  }

  private pattern(pattern: Pattern, scope: Scope | undefined): void {
    if ('items' in pattern) for (const item of pattern.items) this.pattern(item, scope);
    else if ('members' in pattern) {
      for (const { key, value } of pattern.members) {
        this.visit(key, scope);
        if (value !== undefined) this.pattern(value, scope);
      }
    }
  }
}

function childrenOf(node: Node): Node[] {
  switch (node.type) {
    case 'index': return [node.target, node.key];
    case 'slice': return [node.target, node.from, node.to].filter((child) => child !== undefined);
    case 'iterate': case 'negate': case 'plus': case 'array': return [node.target];
    case 'try': return node.handler === undefined ? [node.target] : [node.target, node.handler];
    case 'object': return node.members.flatMap(({ key, value }) => [key, value]);
    case 'binary': return [node.left, node.right];
    case 'if': return [node.condition, node.then, node.otherwise].filter((child) => child !== undefined);
    default: return [];
  }
}

