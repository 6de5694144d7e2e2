/** Names in tags `{{a.b}}`, in expressions `{{=a.b}}` and in fields that are expressions: found and renamed. */
import { isJson } from './draft.ts';
import { derive } from './origin.ts';

/** Fields whose whole text is an expression. */
const EXPRESSION_FIELDS: ReadonlySet<string> = new Set(['expression', 'fromExpression']);
const TAG = /\{\{([^{}]*)\}\}|\{\{(=[\s\S]*?)\}\}/g;

/** A name as tags write it: `['tasks', 'a']` for `tasks.a`. */
export type Reference = readonly string[];

/** Rewrites every text below a value; what does not change is the same object as before. */
export function mapTexts(value: unknown, change: (text: string, key: string) => string, key = ''): unknown {
  if (typeof value === 'string') return change(value, key);
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => mapTexts(item, change, key));
    return items.some((item, index) => !Object.is(item, value[index])) ? items : value;
  }
  if (!isJson(value)) return value;
  const entries = Object.entries(value).map(([name, item]) => [name, mapTexts(item, change, name)] as const);
  return entries.some(([name, item]) => !Object.is(item, value[name])) ? derive(value, Object.fromEntries(entries)) : value;
}

/** Renames the last part of a reference wherever a value speaks of it or of something below it. */
export function renameReference(value: unknown, from: Reference, to: string): unknown {
  return mapTexts(value, (text, key) => renameInText(text, key, from, to));
}

/** Whether a value speaks of this, or of something below it. */
export function speaksOf(value: unknown, reference: Reference): boolean {
  return !Object.is(renameReference(value, reference, ''), value);
}

function renameInText(text: string, key: string, from: Reference, to: string): string {
  if (EXPRESSION_FIELDS.has(key)) return renameInExpression(text, from, to);
  if (!text.includes('{{')) return text;
  return text.replace(TAG, (whole) => {
    const inner = whole.slice(2, -2);
    const next = inner.startsWith('=') ? `=${renameInExpression(inner.slice(1), from, to)}` : renameInTag(inner, from, to);
    return next === inner ? whole : `{{${next}}}`;
  });
}

function renameInTag(tag: string, from: Reference, to: string): string {
  const blank = /^\s*/.exec(tag)?.[0].length ?? 0;
  const old = from.join('.');
  const rest = tag.slice(blank);
  if (!rest.startsWith(old) || !/^(?:[.\s[]|$)/.test(rest.slice(old.length))) return tag;
  return tag.slice(0, blank) + [...from.slice(0, -1), to].join('.') + rest.slice(old.length);
}

const WORD = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|[A-Za-z_$][\w$]*/g;
const ACCESS = /\s*(?:\?\.|\.)\s*([A-Za-z_$][\w$]*)|\s*\[\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*\]/y;

/** Follows `first.second['third']` through an expression, texts and longer chains left alone. */
function renameInExpression(text: string, from: Reference, to: string): string {
  let out = '';
  let done = 0;
  for (const match of text.matchAll(WORD)) {
    const before = text.slice(0, match.index).trimEnd();
    if (match.index < done || match[0] !== from[0] || /[.#]$/.test(before)) continue;
    let at = match.index + match[0].length;
    let last = { start: match.index, end: at };
    let reached = 1;
    for (; reached < from.length; reached++) {
      ACCESS.lastIndex = at;
      const access = ACCESS.exec(text);
      if (!access || (access[1] ?? unquote(access[2] ?? '')) !== from[reached]) break;
      last = { start: at, end: ACCESS.lastIndex };
      at = last.end;
    }
    if (reached < from.length) continue;
    out += text.slice(done, last.start) + accessTo(text.slice(last.start, last.end), to);
    done = last.end;
  }
  return out + text.slice(done);
}

function unquote(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, '$1');
}

/** `.a` stays `.b` where b is a word, and becomes `['b-c']` where it is not. */
function accessTo(old: string, to: string): string {
  const quoted = /(["'])(?:[^"'\\]|\\.)*\1/.exec(old);
  if (quoted) return old.replace(quoted[0], () => `${quoted[1] ?? "'"}${to}${quoted[1] ?? "'"}`);
  if (/^[A-Za-z_$][\w$]*$/.test(to)) return old.replace(/[A-Za-z_$][\w$]*\s*$/, () => to);
  return `['${to}']`;
}
