import { compile, evaluate, ExprError } from './expr/index.ts';
import type { Node, Program } from './expr/index.ts';
import { children } from './expr/ast.ts';
import { environment } from './expr/env.ts';
import { JsonError, marshalJson, quote, quoteInner, unmarshalJson } from './go.ts';
import type { GoValue } from './go.ts';
import { TemplateError } from './template-error.ts';
import type { TagContext } from './template-error.ts';

/** What Argo's validation puts in the place of values it cannot know yet. */
const PLACEHOLDER = '__argo__internal__placeholder-';
/** Names that are bound later than others: an expression that uses one waits for it. */
const LATE = ['item', 'retries', 'lastRetry.exitCode', 'lastRetry.status', 'lastRetry.duration', 'lastRetry.message', 'workflow.status', 'workflow.failures'];

/** A path of names that an expression reads, and whether `??` or `?.` makes its absence harmless. */
interface Reference {
  readonly path: readonly string[];
  readonly guarded: boolean;
}

const references = new WeakMap<Program, readonly Reference[]>();

function referencesOf(program: Program): readonly Reference[] {
  let found = references.get(program);
  if (found === undefined) {
    const list: Reference[] = [];
    collect(program.root, false, list);
    references.set(program, list);
    found = list;
  }
  return found;
}

/** Every name and every path of names, those inside before the whole. */
function collect(node: Node, guarded: boolean, into: Reference[]): void {
  if (node.kind === 'binary' && node.operator === '??') {
    collect(node.left, true, into);
    collect(node.right, guarded, into);
    return;
  }
  const parts = node.kind === 'let' ? [node.value, node.body] : children(node);
  // What an optional step (?.) follows may be missing, and so may all before it.
  const behindOptional = guarded || (node.kind === 'member' && hasOptional(node));
  for (const part of parts) collect(part, behindOptional, into);
  if (node.kind === 'identifier') into.push({ path: [node.name], guarded: false });
  else if (node.kind === 'member') {
    const path = pathOf(node);
    if (path !== undefined) into.push({ path, guarded: guarded || hasOptional(node) });
  }
}

function pathOf(node: Node): readonly string[] | undefined {
  if (node.kind === 'identifier') return [node.name];
  if (node.kind === 'chain') return pathOf(node.node);
  if (node.kind !== 'member' || node.property.kind !== 'string') return undefined;
  const base = pathOf(node.node);
  return base === undefined ? undefined : [...base, node.property.value];
}

function hasOptional(node: Node): boolean {
  if (node.kind === 'chain') return hasOptional(node.node);
  return node.kind === 'member' && (node.optional || hasOptional(node.node));
}

function exists(path: readonly string[], env: ReadonlyMap<string, GoValue>): boolean {
  let value: GoValue = env;
  for (const name of path) {
    if (!(value instanceof Map)) return false;
    const map: ReadonlyMap<GoValue, GoValue> = value;
    if (!map.has(name)) return false;
    value = map.get(name) ?? null;
  }
  return true;
}

/** Expressions are kept in JSON with < > & escaped; Argo undoes that wherever it finds such an escape. */
function unescapeHtml(text: string): string {
  return text.replaceAll('\\u003c', '<').replaceAll('\\u003e', '>').replaceAll('\\u0026', '&');
}

function decode(expression: string): string {
  try {
    return unmarshalJson(`"${expression}"`) as string;
  } catch (error) {
    if (error instanceof JsonError) throw new TemplateError(`failed to unmarshall JSON expression: ${error.message}`);
    throw error;
  }
}

/** Whether a late-bound name that is not there yet occurs. */
function awaitsLate(program: Program, env: ReadonlyMap<string, GoValue>): boolean {
  return LATE.some((name) => {
    const path = name.split('.');
    return !exists(path, env) && referencesOf(program).some((reference) => path.every((part, index) => reference.path[index] === part));
  });
}

const names = new WeakMap<Program, readonly string[] | 'all'>();

/** The dotted names below which an expression reads: all it needs of its environment. */
function namesOf(program: Program): readonly string[] | undefined {
  let found = names.get(program);
  if (found === undefined) {
    const list = new Set<string>(program.builtins);
    found = collectNames(program.root, list) ? [...list] : 'all';
    names.set(program, found);
  }
  return found === 'all' ? undefined : found;
}

/** False when the whole environment is read. */
function collectNames(node: Node, into: Set<string>): boolean {
  const path = pathOf(node);
  if (path !== undefined) {
    into.add(path.join('.'));
    return path[0] !== '$env';
  }
  if (node.kind === 'let') into.add(node.name);
  return children(node).every((child) => collectNames(child, into));
}

/** Whether a placeholder of validation is among the values: then whatever fails may stay. */
function isTolerant(context: TagContext): boolean {
  for (const value of context.values.values()) if (typeof value === 'string' && value.startsWith(PLACEHOLDER)) return true;
  return false;
}

/**
 * @param raw what stands between `{{=` and `}}`, still escaped for JSON
 * @returns what stands in the place of the tag; the tag itself where it may stay
 * @throws TemplateError
 */
// Argo: util/template.expressionReplace
export function replaceExpression(raw: string, context: TagContext): string {
  const escaped = unescapeHtml(raw);
  const expression = decode(escaped);
  const unchanged = `{{=${escaped}}}`;
  try {
    const program = compile(expression);
    const env = environment(context.values, namesOf(program));
    let missing = false;
    for (const { path, guarded } of referencesOf(program)) {
      if (guarded || exists(path, env)) continue;
      const name = path.join('.');
      if (context.strict(name)) throw new TemplateError(`failed to evaluate expression: ${name} is missing`);
      missing = true;
    }
    const mayStay = missing || (context.options.allowUnresolved && context.options.strictPrefixes === undefined);
    if (awaitsLate(program, env)) return unchanged;
    return compute(program, env, context, mayStay) ?? unchanged;
  } catch (error) {
    if (!(error instanceof ExprError)) throw error;
    if (isTolerant(context)) return unchanged;
    throw new TemplateError(`failed to evaluate expression: ${error.message}`, { cause: error });
  }
}

/** @returns the text of the value, undefined when there is none and the tag may stay */
function compute(program: Program, env: ReadonlyMap<string, GoValue>, context: TagContext, mayStay: boolean): string | undefined {
  let value: GoValue;
  try {
    value = evaluate(program, env, context);
  } catch (error) {
    if (mayStay && error instanceof ExprError) return undefined;
    throw error;
  }
  if (value === null) {
    if (mayStay || isTolerant(context)) return undefined;
    throw new TemplateError(`failed to evaluate expression ${quote(program.source)}`);
  }
  try {
    const text = marshalJson(value);
    return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : quoteInner(text);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    if (mayStay || isTolerant(context)) return undefined;
    throw new TemplateError(`failed to marshal evaluated expression: ${error.message}`, { cause: error });
  }
}
