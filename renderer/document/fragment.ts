/** New YAML for values that the text does not have yet, in the manner of the text around it. */
import { resolvePlain } from '../../engine/spec/resolve.ts';

export interface Style {
  /** Spaces by which a map stands in from the key that holds it. */
  step: number;
  /** Spaces by which a list stands in from the key that holds it: 0 or as `step`. */
  listStep: number;
  quote: '"' | "'";
  /** The line end of the file. */
  eol: '\n' | '\r\n';
  /** Everything in brackets and double quotes, as in a JSON file. */
  json: boolean;
  /** An item of a list as the text has it already, its dash to stand in `column`: lines, the first one not indented. */
  kept?: (item: object, column: number) => string | undefined;
}

/** A multi-line text that a `|` block holds without loss: no line of blanks first, no control characters. */
 
const UNFIT_FOR_BLOCK = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u2028\u2029\uFEFF\uFFFE\uFFFF]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|^\s|\t/;
/** Looks like a number, date or time of day to some other reader of YAML. */
const DOUBTFUL = /^(?:\d{4}-\d\d?-\d\d?.*|[-+]?\d+(?::\d+)+(?:\.\d*)?|0o[0-7]+|=|<<)$/;
const PLAIN = /^(?:[A-Za-z0-9_./$(\\~^+;<\u00C0-\uD7FF]|-(?=[^\s-]))[^\u0000-\u001F\u007F-\u00BF\uD800-\uDFFF\uE000-\uFFFF]*$/u;

/** Whether a text may stand without quotes. `flow`: inside brackets. */
function isPlain(text: string, flow: boolean): boolean {
  if (!PLAIN.test(text) || DOUBTFUL.test(text) || /^\s|\s$|:\s|:$|\s#|^---|^\.\.\./.test(text) || resolvePlain(text).kind !== 'str') return false;
  return !flow || !/[,[\]{}]/.test(text);
}

/** A scalar on one line. `quote` is asked for, or given where the text needs one. */
export function inlineScalar(value: unknown, style: Style, flow: boolean, quote?: '"' | "'"): string {
  if (typeof value !== 'string') return JSON.stringify(value ?? null);
  if (style.json) return JSON.stringify(value);
  if (quote === undefined && isPlain(value, flow)) return value;
   
  const needsEscapes = /[\u0000-\u001F\u007F-\u009F\u2028\u2029\uFEFF\uFFFE\uFFFF]|[\uD800-\uDFFF]/.test(value);
  const single = (quote ?? style.quote) === "'" ? true : quote === undefined && /["\\]/.test(value) && !value.includes("'");
  return single && !needsEscapes ? `'${value.replaceAll("'", "''")}'` : doubleQuoted(value);
}

function doubleQuoted(value: string): string {
  return JSON.stringify(value).replace(/[\u007F-\u009F\u2028\u2029\uFEFF\uFFFE\uFFFF]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The lines of a `|` block below its header, or undefined when a block cannot hold the text. */
export function blockScalar(value: string, indent: number): { header: string; lines: string[] } | undefined {
  if (!value.includes('\n') || UNFIT_FOR_BLOCK.test(value) || value.trim() === '') return undefined;
  const body = value.replace(/\n+$/, '');
  const ends = value.length - body.length;
  const lines = body.split('\n').map((line) => (line === '' ? '' : ' '.repeat(indent) + line));
  for (let more = 1; more < ends; more++) lines.push('');
  return { header: ends === 0 ? '|-' : ends === 1 ? '|' : '|+', lines };
}

function isCollection(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** The value in brackets, on one line. */
export function flow(value: unknown, style: Style): string {
  if (!isCollection(value)) return inlineScalar(value, style, true);
  if (style.json) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => flow(item, style)).join(', ')}]`;
  const pairs = entriesOf(value).map(([key, item]) => `${inlineScalar(key, style, true)}: ${flow(item, style)}`);
  return `{${pairs.join(', ')}}`;
}

/** Keys whose value is undefined are not there. */
export function entriesOf(value: object): [string, unknown][] {
  return (Object.entries(value) as [string, unknown][]).filter(([, item]) => item !== undefined);
}

/**
 * What follows a key or a dash: ` value` on its line, or line breaks and a block below it. `column` is that of the key, or of the
 * dash: `inList`.
 */
export function afterIndicator(value: unknown, column: number, style: Style, inList: boolean): string {
  if (style.json) return ` ${JSON.stringify(value)}`;
  if (typeof value === 'string') {
    const block = blockScalar(value, column + style.step);
    if (block) return ` ${[block.header, ...block.lines].join(style.eol)}`;
  }
  if (!isCollection(value) || entriesOf(value).length === 0) return ` ${flow(value, style)}`;
  if (inList) return ` ${blockLines(value, column + 2, style).join(style.eol).trimStart()}`;
  const indent = column + (Array.isArray(value) ? style.listStep : style.step);
  return style.eol + blockLines(value, indent, style).join(style.eol);
}

/** The lines of a map or a list with something in it, its keys or dashes in `column`. */
export function blockLines(value: object, column: number, style: Style): string[] {
  const indent = ' '.repeat(column);
  if (Array.isArray(value)) return value.map((item) => indent + itemText(item, column, style));
  return entriesOf(value).map(([key, item]) => entryText(key, item, column, style, indent));
}

/** An item with its dash, its first line not indented. */
export function itemText(item: unknown, column: number, style: Style): string {
  const kept = isCollection(item) ? style.kept?.(item, column) : undefined;
  if (kept !== undefined || !Array.isArray(item) || item.length === 0) return kept ?? `-${afterIndicator(item, column, style, true)}`;
  // A comment above the first step of a row goes above the row.
  const body = blockLines(item, column + 2, style).join(style.eol);
  const comments = /^(?:[ \t]*#[^\n]*\r?\n)*/.exec(body)?.[0] ?? '';
  const above = comments.split(/\r?\n/).filter((line) => line !== '').map((line) => `${line.trim()}${style.eol}${' '.repeat(column)}`);
  return `${above.join('')}- ${body.slice(comments.length).trimStart()}`;
}

/** `key: value`, with `indent` before it. Short lists of words stay on one line, as people write commands. */
export function entryText(key: string, value: unknown, column: number, style: Style, indent = ''): string {
  const inline = INLINE_LISTS.has(key) && Array.isArray(value) && value.every((item) => typeof item === 'string' && !item.includes('\n'));
  const text = inline ? ` ${flow(value, style)}` : undefined;
  return `${indent}${inlineScalar(key, style, false)}:${text !== undefined && column + key.length + text.length < 100 ? text : afterIndicator(value, column, style, false)}`;
}

const INLINE_LISTS: ReadonlySet<string> = new Set(['command', 'args', 'dependencies', 'accessModes']);
