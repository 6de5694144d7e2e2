import { isValidJson, marshalPlain, quote, quoteInner, trimSpace } from './go.ts';
import type { GoValue } from './go.ts';
import { environment } from './expr/env.ts';
import { evaluate, ExprError } from './expr/index.ts';
import type { Context } from './expr/index.ts';
import { randomFrom } from './expr/random.ts';
import { replaceExpression } from './tag-expression.ts';
import { TemplateError } from './template-error.ts';
import type { TagContext, TagOptions } from './template-error.ts';

export { TemplateError } from './template-error.ts';
export type { TagOptions } from './template-error.ts';

/** Values by the name a tag writes (`inputs.parameters.x`). null = known to be absent: an optional output of a step that did not run. */
export type TagValues = ReadonlyMap<string, GoValue> | Readonly<Record<string, GoValue | undefined>>;

const OPEN = '{{';
const CLOSE = '}}';

/** Text between tags and the tags, in turn: text, tag, text, ..., text. */
function split(text: string): string[] {
  const parts: string[] = [];
  let rest = text;
  for (;;) {
    const start = rest.indexOf(OPEN);
    if (start < 0) break;
    parts.push(rest.slice(0, start));
    rest = rest.slice(start + OPEN.length);
    const end = rest.indexOf(CLOSE);
    if (end < 0) throw new TemplateError(`Cannot find end tag="}}" in the template=${quote(text)} starting from ${quote(rest)}`);
    parts.push(rest.slice(0, end));
    rest = rest.slice(end + CLOSE.length);
  }
  parts.push(rest);
  return parts;
}

/** @returns the expression of a tag `{{=expression}}`, undefined for a simple tag */
function expressionOf(tag: string): string | undefined {
  return tag.startsWith('=') ? tag.slice(1) : undefined;
}

function lookup(values: TagValues): ReadonlyMap<string, GoValue> {
  if (values instanceof Map) return values as ReadonlyMap<string, GoValue>;
  const map = new Map<string, GoValue>();
  for (const [key, value] of Object.entries(values as Readonly<Record<string, GoValue | undefined>>)) if (value !== undefined) map.set(key, value);
  return map;
}

/** The rule by which a name that is not known is an error now, and not left for a later pass. */
function strictness(options: TagOptions): (name: string) => boolean {
  const prefixes = options.strictPrefixes;
  if (options.allowUnresolved && prefixes === undefined) return () => false;
  if (prefixes === undefined) return () => true;
  return (name) => prefixes.some((prefix) => name === prefix || name.startsWith(`${prefix}.`));
}

function randomOf(text: string, seed: string | undefined): TagContext['random'] {
  return seed === undefined ? undefined : randomFrom(`${seed}\0${text}`);
}

function contextOf(text: string, values: ReadonlyMap<string, GoValue>, options: TagOptions): TagContext {
  return { values, options, strict: strictness(options), now: options.now, random: randomOf(text, options.seed) };
}

function replaceSimple(tag: string, context: TagContext): string {
  const name = trimSpace(tag);
  const value = context.values.get(name);
  if (typeof value === 'string') return quoteInner(value);
  if (value === null) throw new TemplateError(`unable to substitute {{${tag}}}: output is an absent optional (skipped/omitted node with no default)`);
  if (value !== undefined) throw new TemplateError(`failed to resolve {{${tag}}} to string`);
  const inner = tag.lastIndexOf(OPEN);
  if (inner > 0) {
    const innerName = tag.slice(inner + OPEN.length);
    const innerValue = context.values.get(innerName);
    if (typeof innerValue === 'string') return OPEN + tag.slice(0, inner) + quoteInner(innerValue);
    if (innerValue === null) throw new TemplateError(`unable to substitute nested tag {{${tag}}}: ${quote(innerName)} is an absent optional`);
  }
  const artifact = context.options.strictPrefixes !== undefined && name.includes('.outputs.artifacts.');
  if (!artifact && context.strict(name)) throw new TemplateError(`failed to resolve {{${tag}}}`);
  return OPEN + tag + CLOSE;
}

/** A text with its tags replaced is refused beyond this; no object of a cluster may hold a tenth of it. */
const MAX_TEXT = 20_000_000;

/**
 * Replaces the tags of a text as they stand, without any JSON around it. What is put in is escaped for a JSON string all the same, as Argo does.
 * @throws TemplateError
 */
export function replaceInText(text: string, values: TagValues, options: TagOptions): string {
  if (!text.includes(OPEN)) return text;
  const parts = split(text);
  const context = contextOf(text, lookup(values), options);
  let out = '';
  for (const [index, part] of parts.entries()) {
    if (index % 2 === 0) {
      out += part;
      continue;
    }
    const expression = expressionOf(part);
    out += expression === undefined ? replaceSimple(part, context) : replaceExpression(expression, context);
    if (out.length > MAX_TEXT) throw new TemplateError(`{{${part}}} makes the text longer than ${MAX_TEXT} characters; pass values of this size as artifacts`);
  }
  return out;
}

/**
 * Replaces the tags of a JSON text: `{{name}}` by the value of that name, `{{=expression}}` by what the expression gives.
 * @param values null for an optional output that is absent, which a simple tag must not name
 * @param options what happens to tags whose names are not known
 * @throws TemplateError with Argo's text
 */
// Argo: util/template.Replace, ReplaceStrictAny
export function replaceTags(jsonText: string, values: TagValues, options: TagOptions): string {
  if (!isValidJson(jsonText)) throw new TemplateError('cannot do template replacements with invalid JSON');
  return jsonText.includes(OPEN) ? replaceValid(jsonText, values, options).text : jsonText;
}

/**
 * As `replaceTags`, for a text that is known to be JSON.
 * @returns the new text, and what it says
 * @throws TemplateError
 */
export function replaceValid(jsonText: string, values: TagValues, options: TagOptions): { text: string; value: unknown } {
  const text = replaceInText(jsonText, values, options);
  try {
    return { text, value: JSON.parse(text) };
  } catch {
    throw new TemplateError('cannot finish template replacement because the result was invalid JSON');
  }
}

/**
 * Replaces the tags in all texts of a JSON-like value, keys included.
 * @returns a new value; the same one when nothing in it looks like a tag
 * @throws TemplateError
 */
export function replaceInObject<T>(value: T, values: TagValues, options: TagOptions): T {
  const text = marshalPlain(value);
  if (!text.includes(OPEN)) return value;
  return replaceValid(text, values, options).value as T;
}

/**
 * @returns what stands in the simple tags of a text, in order, spaces kept; expressions are left out
 * @throws TemplateError for a tag without end
 */
// Argo: util/template.Validate
export function simpleTags(text: string): string[] {
  if (!text.includes(OPEN)) return [];
  return split(text).filter((part, index) => index % 2 === 1 && expressionOf(part) === undefined);
}

/**
 * Resolves one reference to its value, whatever the value's type: `{{name}}`, `{{=expression}}` or the bare name.
 * @param options functions false leaves Argo's own functions and the expansion of dotted names out of the expression's environment
 * @throws TemplateError
 */
// Argo: util/template.ResolveVar
export function resolveVariable(text: string, values: TagValues, options: { functions?: boolean } & Pick<TagOptions, 'now' | 'seed'> = {}): GoValue {
  const tag = text.replace(/^\{\{/, '').replace(/\}\}$/, '');
  const map = lookup(values);
  const env = options.functions === false ? map : environment(map);
  const expression = expressionOf(tag);
  if (expression === undefined) {
    const value = env.get(trimSpace(tag));
    if (value === undefined) throw new TemplateError(`Unable to resolve: ${quote(tag)}`);
    return value;
  }
  return resolveExpression(tag, expression, env, { now: options.now, random: randomOf(text, options.seed) });
}

function resolveExpression(tag: string, expression: string, env: ReadonlyMap<string, GoValue>, context: Context): GoValue {
  try {
    const value = evaluate(expression, env, context);
    if (value !== null) return value;
  } catch (error) {
    if (!(error instanceof ExprError)) throw error;
    if (error.kind === 'compile') throw new TemplateError(`Unable to compile: ${quote(expression)}`, { cause: error });
  }
  throw new TemplateError(`Unable to resolve: ${quote(tag)}`);
}
