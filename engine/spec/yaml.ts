/**
 * YAML as Argo reads it. Package `yaml` makes the syntax tree; this module gives it the lexer's leniency and the value rules of
 * go-yaml v2, so that a file means here what it means to Argo. Never throws on bad text: faults are diagnostics.
 */
import { Composer, Lexer, Parser, isAlias, isMap, isScalar, isSeq, type Document, type ParsedNode, type Scalar, type YAMLError, type YAMLMap } from 'yaml';
import type { Diagnostic, Severity, TextRange } from './diagnostic.ts';
import { keyOf } from './ranges.ts';
import { keyText, resolvePlain, resolveTagged, type ScalarValue } from './resolve.ts';

export type Path = readonly (string | number)[];

export interface YamlDocument {
  /** Plain JSON values; undefined for a document without content or with a syntax error. */
  value: unknown;
  /** Where the document stands in the text: [start, end). */
  range: TextRange;
  /** Where the value at `path` is written (`key`: its key); undefined where the text has none. */
  rangeOf(path: Path, part?: 'value' | 'key'): TextRange | undefined;
  /** The part of a range in its first line that holds text: where a fault of many lines is shown. */
  firstLine(range: TextRange): TextRange;
  /** The syntax tree, for whoever changes the text; its offsets count from `range.start`. Null for a document without content. */
  contents: ParsedNode | null;
}

export interface YamlText {
  documents: YamlDocument[];
  diagnostics: Diagnostic[];
}

export interface ReadTextOptions {
  /** Nodes of the syntax tree keep the tokens they were made of. */
  keepSourceTokens?: boolean;
}

/** The private part of the lexer that go-yaml's leniency changes; the package's version is pinned for it. */
interface LexerInside {
  indentNext: number;
  parseQuotedScalar(): Generator<string, string | undefined>;
  parseFlowCollection(): Generator<string, string | undefined>;
}

/** Go-yaml does not ask for indentation inside quotes and brackets. */
function lenientLexer(): Lexer {
  const lexer = new Lexer();
  const inside = lexer as unknown as LexerInside;
  const lenient = (name: 'parseQuotedScalar' | 'parseFlowCollection'): void => {
    const strict = inside[name].bind(inside);
    inside[name] = function* parse() {
      const indent = inside.indentNext;
      inside.indentNext = 0;
      try {
        return yield* strict();
      } finally {
        inside.indentNext = indent;
      }
    };
  };
  lenient('parseQuotedScalar');
  lenient('parseFlowCollection');
  return lexer;
}

/** Parses one document's text into a syntax tree with ranges and errors; deep nesting throws RangeError. */
function parseSyntax(text: string, options: ReadTextOptions): Document.Parsed {
  const parser = new Parser();
  (parser as unknown as { lexer: Lexer }).lexer = lenientLexer();
  const composer = new Composer({
    schema: 'failsafe', version: '1.1', uniqueKeys: false, prettyErrors: false, strict: true, logLevel: 'silent',
    keepSourceTokens: options.keepSourceTokens ?? false,
  });
  // Argo reads the first document of a piece and nothing behind it.
  for (const document of composer.compose(parser.parse(text), true, text.length)) return document;
  throw new Error('bug: the composer was asked for at least one document');
}

/** The pieces between `---` lines with their offsets: Argo cuts a file before it parses, and the line break before the dashes is lost. */
export function splitDocuments(text: string): { text: string; offset: number }[] {
  const pieces: { text: string; offset: number }[] = [];
  const separator = /\n---(?=[ \t\r\n]|$)/g;
  let start = 0;
  for (let match = separator.exec(text); match; match = separator.exec(text)) {
    // With Windows' line ends a break is left.
    const end = text[match.index - 1] === '\r' ? match.index + 1 : match.index;
    pieces.push({ text: text.slice(start, end), offset: start });
    start = match.index + match[0].length;
  }
  pieces.push({ text: text.slice(start), offset: start });
  return pieces;
}

/** Reads every document of a text. Documents without content (comments only) are left out. */
export function readDocuments(text: string, options: ReadTextOptions = {}): YamlText {
  const documents: YamlDocument[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const piece of splitDocuments(text)) {
    const read = readPiece(piece.text, piece.offset, options);
    diagnostics.push(...read.diagnostics);
    if (read.document) documents.push(read.document);
  }
  return { documents, diagnostics };
}

/** The plain value of one document, or undefined with the reasons. */
export function parseYaml(text: string): { value: unknown; diagnostics: Diagnostic[] } {
  const read = readPiece(text, 0, {});
  return { value: read.document?.value, diagnostics: read.diagnostics };
}

function readPiece(text: string, offset: number, options: ReadTextOptions): { document?: YamlDocument; diagnostics: Diagnostic[] } {
  const at = (start: number, end: number): TextRange => ({ start: offset + start, end: offset + Math.max(end, start) });
  const firstLine = (range: TextRange): TextRange => lineOf(text, range.start - offset, range.end - offset, at);
  const fault = checkCharacters(text);
  if (fault) return { diagnostics: [{ ...fault, range: at(fault.range.start, fault.range.end) }] };
  try {
    const tree = parseSyntax(text, options);
    const range = at(0, text.length);
    const contents = tree.contents;
    const [errors, ignored] = sortErrors(tree.errors, contents);
    if (errors.length > 0) {
      const diagnostics = errors.slice(0, 20).map((error) => syntaxDiagnostic(error, text, at));
      return { document: { value: undefined, range, rangeOf: () => undefined, firstLine, contents: null }, diagnostics };
    }
    const builder = new ValueBuilder(text, at);
    builder.diagnostics.push(...ignored.slice(0, 1).map((error): Diagnostic => ({ ...syntaxDiagnostic(error, text, at), severity: 'warning', message: 'Argo reads nothing behind this point.' })));
    const value = contents ? builder.build(contents, []) : null;
    const broken = builder.diagnostics.some((diagnostic) => diagnostic.severity === 'error');
    if (value === null && !broken && isEmptyDocument(contents, text)) return { diagnostics: builder.diagnostics };
    const rangeOf: YamlDocument['rangeOf'] = (path, part = 'value') => findRange(contents, path, part, at);
    return { document: { value: broken ? undefined : value, range, rangeOf, firstLine, contents }, diagnostics: builder.diagnostics };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { diagnostics: [tooDeep(firstLine(at(0, text.length)))] };
  }
}

function tooDeep(range: TextRange): Diagnostic {
  return { severity: 'error', code: 'yaml-too-deep', message: 'The document is nested too deeply to be read.', path: [], range, hint: 'Look for brackets that are opened again and again.' };
}

function lineOf(text: string, start: number, end: number, at: At): TextRange {
  const blank = /^\s*/.exec(text.slice(start, end))?.[0].length ?? 0;
  const from = start + blank >= end ? start : start + blank;
  const lineEnd = text.indexOf('\n', from);
  return at(from, Math.min(end, lineEnd < 0 ? end : Math.max(lineEnd - (text[lineEnd - 1] === '\r' ? 1 : 0), from)));
}

function isEmptyDocument(contents: ParsedNode | null, text: string): boolean {
  return contents === null || text.slice(contents.range[0], contents.range[1]).trim() === '';
}

 
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F\u0080-\u0084\u0086-\u009F\uFFFE\uFFFF]/;

function checkCharacters(text: string): (Diagnostic & { range: TextRange }) | undefined {
  const forbidden = FORBIDDEN.exec(text);
  if (forbidden) {
    const hex = forbidden[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    return {
      severity: 'error', code: 'yaml-control-character', message: `The character U+${hex} is not allowed in YAML.`, path: [],
      range: { start: forbidden.index, end: forbidden.index + 1 }, hint: 'Delete it, or write it as an escape inside double quotes.',
    };
  }
  const version = /^%YAML[ \t]+(\S+)/m.exec(text);
  if (version && version[1] !== '1.1' && /^\s*%YAML/.test(text)) {
    return {
      severity: 'error', code: 'yaml-version', message: `Argo reads YAML 1.1, not ${version[1] ?? ''}.`, path: [],
      range: { start: version.index, end: version.index + version[0].length }, hint: 'Delete the %YAML line.',
    };
  }
  return undefined;
}

/** Go-yaml does not look at what follows a document that is one scalar or one bracket. */
function sortErrors(errors: YAMLError[], contents: ParsedNode | null): [errors: YAMLError[], ignored: YAMLError[]] {
  const closed = contents !== null && (isScalar(contents) || ((isMap(contents) || isSeq(contents)) && contents.flow === true));
  const isIgnored = (error: YAMLError): boolean => closed && error.code === 'UNEXPECTED_TOKEN' && error.pos[0] >= contents.range[1];
  return [errors.filter((error) => !isIgnored(error)), errors.filter(isIgnored)];
}

type At = (start: number, end: number) => TextRange;

function syntaxDiagnostic(error: YAMLError, text: string, at: At): Diagnostic {
  const [start, end] = error.pos;
  // The parser reports its own full stack as a fault of the text.
  if (error.message.includes('Maximum call stack')) return tooDeep(at(start, end));
  const line = lineAround(text, start);
  const diagnostic: Diagnostic = { severity: 'error', code: 'yaml-syntax', message: sentence(error.message), path: [], range: at(Math.min(start, text.length), Math.min(Math.max(end, start + 1), text.length)) };
  const hint = syntaxHint(error, line);
  return hint === undefined ? diagnostic : { ...diagnostic, hint };
}

/** The parser's messages in plainer words, where they need it. */
const PLAINER: readonly [RegExp, string][] = [
  [/^Missing closing ["']quote/, 'The quote is not closed.'],
  [/must be sufficiently indented and end with a ([\]}])/, 'The bracket is not closed.'],
  [/^Nested mappings are not allowed in compact mappings/, 'A second key begins inside this value.'],
  [/^Implicit map keys need to be followed by map values/, 'A key must be followed by a colon.'],
  [/^Implicit keys need to be on a single line/, 'A key must be followed by a colon on the same line.'],
  [/^All mapping items must start at the same column/, 'The keys of a map must start in the same column.'],
  [/^All sequence items must start at the same column/, 'The items of a list must start in the same column.'],
  [/^A block sequence may not be used as an implicit map key/, 'A list cannot begin here.'],
  [/^Tabs are not allowed as indentation/, 'Tabs cannot indent.'],
  [/^Unexpected .* at node end/, 'There is something behind the end of this value.'],
  [/^Invalid escape sequence/, 'YAML does not know this escape.'],
  [/^Block scalar header includes extra/, 'After | or > only a comment may follow.'],
];

function sentence(message: string): string {
  const line = message.split('\n')[0] ?? message;
  const plainer = PLAINER.find(([pattern]) => pattern.test(line))?.[1];
  return plainer ?? (/[.!?]$/.test(line) ? line : `${line}.`);
}

function lineAround(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', Math.max(0, offset - 1)) + 1;
  const end = text.indexOf('\n', start);
  return text.slice(start, end === -1 ? undefined : end);
}

const BRACES = "A value that starts with {{ must be quoted: '{{…}}'.";

function syntaxHint(error: YAMLError, line: string): string | undefined {
  if (/(?:[:-]\s+|^\s*)\{\{/.test(line)) return BRACES;
  if (error.message.includes('must be sufficiently indented and end with')) return 'Close it, or quote the value.';
  if (/^\s*\t/.test(line) || error.code === 'TAB_AS_INDENT') return 'Indent with spaces, not with tabs.';
  switch (error.code) {
    case 'BAD_INDENT': return 'Give the line the indentation of its siblings.';
    case 'MISSING_CHAR': return 'Look for an unclosed quote or bracket, or a missing colon.';
    case 'BLOCK_AS_IMPLICIT_KEY': return 'Quote a value that has a colon in it, or look at the indentation of this line.';
    case 'UNEXPECTED_TOKEN': case 'BAD_DQ_ESCAPE': return 'Quote the whole value in single quotes, or look for a quote too many.';
    case 'MULTILINE_IMPLICIT_KEY': return 'Write key: value, or indent the line below what it belongs to.';
    case 'BAD_SCALAR_START': return 'Quote a value that starts with @, %, or a backtick.';
    default: return undefined;
  }
}

/** Builds JSON values out of the tree, with go-yaml's rules for scalars, keys, merges and aliases. */
class ValueBuilder {
  readonly diagnostics: Diagnostic[] = [];
  private readonly anchors = new Map<string, ParsedNode>();
  private readonly open = new Set<ParsedNode>();
  private readonly text: string;
  private readonly at: At;
  private built = 0;
  private builtInAliases = 0;
  private aliasDepth = 0;
  private stopped = false;

  constructor(text: string, at: At) {
    this.text = text;
    this.at = at;
  }

  build(node: ParsedNode, path: Path): unknown {
    if (this.stopped) return null;
    if (isAlias(node)) return this.alias(node.source, node, path);
    this.count(node, path);
    if (node.anchor !== undefined) this.anchors.set(node.anchor, node);
    if (isScalar(node)) return this.scalar(node, path);
    if (this.open.has(node)) {
      this.report('error', 'yaml-alias', `The anchor ${node.anchor ?? ''} contains itself.`, node, path, 'Write the value out.');
      this.stopped = true;
      return null;
    }
    this.open.add(node);
    const value = isSeq(node) ? this.sequence(node.items, path) : this.map(node, path, {});
    this.open.delete(node);
    return value;
  }

  private alias(name: string, node: ParsedNode, path: Path): unknown {
    const target = this.anchors.get(name);
    if (!target) {
      this.report('error', 'yaml-alias', `No anchor is named ${name}.`, node, path, `Define it before this line as &${name}.`);
      return null;
    }
    this.aliasDepth++;
    const value = this.build(target, path);
    this.aliasDepth--;
    return value;
  }

  /** go-yaml's guard against documents that grow without end through aliases. */
  private count(node: ParsedNode, path: Path): void {
    this.built++;
    if (this.aliasDepth > 0) this.builtInAliases++;
    const excess = Math.min(Math.max(this.built - 400_000, 0) / 3_600_000, 1);
    if (this.builtInAliases > 100 && this.built > 1000 && this.builtInAliases / this.built > 0.99 - 0.89 * excess) {
      this.report('error', 'yaml-alias', 'The document repeats too much through aliases.', node, path, 'Write the values out.');
      this.stopped = true;
    }
  }

  private scalar(node: Scalar.Parsed, path: Path): ScalarValue {
    const source = node.source;
    const quoted = node.type !== 'PLAIN' && node.type !== undefined;
    if (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE') this.checkQuotes(node, path);
    if (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED') this.checkBlock(node, path);
    if (node.tag !== undefined) {
      const resolved = resolveTagged(source, node.tag);
      if (!('error' in resolved)) return this.finite(resolved.value, node, path);
      this.report('error', 'yaml-tag', resolved.error, node, path, 'Delete the tag.');
      return null;
    }
    if (quoted) return this.endsText(node) ? source.replace(/\n$/, '') : source;
    return this.finite(resolvePlain(source).value, node, path);
  }

  /** Whether a block scalar's last line ends with the text: then it has no line break, as libyaml sees it. */
  private endsText(node: Scalar.Parsed): boolean {
    if (node.type !== 'BLOCK_LITERAL' && node.type !== 'BLOCK_FOLDED') return false;
    return node.range[1] >= this.text.length && this.text.slice(this.text.lastIndexOf('\n') + 1).trim() !== '';
  }

  private finite(value: ScalarValue, node: ParsedNode, path: Path): ScalarValue {
    if (typeof value !== 'number' || Number.isFinite(value)) return value;
    this.report('error', 'yaml-not-a-number', `${String(value)} has no form in JSON.`, node, path, 'Quote it to give it as text.');
    return null;
  }

  private checkQuotes(node: Scalar.Parsed, path: Path): void {
    const source = this.text.slice(node.range[0], node.range[1]);
    // The parser looks at the last character only, which may be an escaped quote.
    const isOpen = node.type === 'QUOTE_SINGLE' ? trailing(source.slice(1), "'") % 2 === 0 : trailing(source.slice(0, -1), '\\') % 2 === 1;
    if (isOpen) this.report('error', 'yaml-syntax', 'The quote is not closed.', node, path, 'Close it at the end of the value.');
    if (node.type === 'QUOTE_SINGLE') return;
    for (const [, escape] of source.matchAll(/\\(.)/gs)) {
      if (escape === '/') this.report('error', 'yaml-syntax', 'Argo does not know the escape \\/.', node, path, 'Write a plain slash.');
    }
  }

  private checkBlock(node: ParsedNode, path: Path): void {
    const source = this.text.slice(node.range[0], node.range[1]);
    // The first line with text sets the indentation, unless the header does: |2
    if (/^[|>][-+]*[1-9]/.test(source) || !/^[^\n]*\n(?: *\r?\n)* *\t/.test(source)) return;
    this.report('error', 'yaml-syntax', 'The text is indented with a tab.', node, path, 'Indent with spaces, not with tabs.');
  }

  private sequence(items: readonly (ParsedNode | { key: ParsedNode; value: ParsedNode | null })[], path: Path): unknown[] {
    return items.map((item, index) => {
      const inside = [...path, index];
      // A single pair inside a flow list: [a: b].
      if ('key' in item) return this.map({ items: [item] } as unknown as YAMLMap<ParsedNode, ParsedNode | null>, inside, {});
      return this.build(item, inside);
    });
  }

  private map(node: YAMLMap<ParsedNode, ParsedNode | null>, path: Path, into: Record<string, unknown>): Record<string, unknown> {
    for (const pair of node.items) {
      if (isMergeKey(pair.key)) {
        this.merge(pair.value, path, into);
        continue;
      }
      const key = this.key(pair.key, path);
      if (key === undefined) continue;
      const inside = [...path, key];
      if (Object.hasOwn(into, key)) this.report('warning', 'duplicate-key', `"${key}" is given twice; the last one counts.`, pair.key, inside, 'Delete one of them.');
      setOwn(into, key, pair.value ? this.build(pair.value, inside) : null);
    }
    return into;
  }

  private key(node: ParsedNode, path: Path): string | undefined {
    const value = this.build(node, path);
    const key = value !== null && typeof value === 'object' ? undefined : keyText(value as ScalarValue);
    if (key === undefined) {
      const braces = isMap(node) && this.text.slice(node.range[0] - 1, node.range[0] + 1) === '{{';
      this.report('error', 'yaml-key', braces ? 'Unquoted {{ begins a map.' : 'A key must be text or a number.', node, path, braces ? BRACES : 'Quote the key.');
    }
    return key;
  }

  private merge(node: ParsedNode | null, path: Path, into: Record<string, unknown>): void {
    const target = node && isAlias(node) ? this.anchors.get(node.source) : node;
    if (target && isSeq(target)) {
      // Earlier maps of a list win, so the last is laid down first.
      for (const item of [...(target.items)].reverse()) this.mergeMap(item, path, into);
    } else this.mergeMap(node, path, into);
  }

  private mergeMap(node: ParsedNode | null, path: Path, into: Record<string, unknown>): void {
    const target = node && isAlias(node) ? this.anchors.get(node.source) : node;
    if (node && isAlias(node) && !target) return void this.alias(node.source, node, path);
    if (!target || !isMap(target)) {
      if (node) this.report('error', 'yaml-merge', 'Only maps can be merged with <<.', node, path, 'Point << to a map or a list of maps.');
      return;
    }
    const value = this.build(node as ParsedNode, path) as Record<string, unknown> | null;
    for (const [key, inner] of Object.entries(value ?? {})) {
      if (Object.hasOwn(into, key)) this.report('warning', 'duplicate-key', `"${key}" is given twice; the last one counts.`, node as ParsedNode, [...path, key], 'Delete one of them.');
      setOwn(into, key, inner);
    }
  }

  private report(severity: Severity, code: string, message: string, node: ParsedNode, path: Path, hint: string): void {
    if (this.stopped) return;
    this.diagnostics.push({ severity, code, message, path: [...path], range: this.at(node.range[0], node.range[1]), hint });
  }
}

/** How many of this character stand at the end. */
function trailing(text: string, character: string): number {
  let count = 0;
  while (text[text.length - 1 - count] === character) count++;
  return count;
}

/** Plain assignment would set the prototype for a key named __proto__. */
function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  else target[key] = value;
}

function isMergeKey(key: ParsedNode): boolean {
  return isScalar(key) && key.source === '<<' && (key.type === 'PLAIN' || key.tag === 'tag:yaml.org,2002:merge');
}

function findRange(contents: ParsedNode | null, path: Path, part: 'value' | 'key', at: At): TextRange | undefined {
  let node: ParsedNode | null = contents;
  let key: ParsedNode | undefined;
  for (const step of path) {
    key = undefined;
    const target: unknown = node && isAlias(node) ? undefined : node;
    if (isSeq(target)) {
      node = typeof step === 'number' ? ((target.items[step] as ParsedNode | undefined) ?? null) : null;
      if (!node) return undefined;
    } else if (isMap(target)) {
      const pair = (target as YAMLMap<ParsedNode, ParsedNode | null>).items.findLast((item) => keyOf(item.key) === String(step));
      if (!pair) return undefined;
      key = pair.key;
      node = pair.value;
    } else return undefined;
  }
  const found = part === 'key' ? (key ?? node) : node && node.range[1] > node.range[0] ? node : (key ?? node);
  return found ? at(found.range[0], found.range[1]) : undefined;
}
