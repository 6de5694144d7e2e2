/** The `depends` expression of a task as a tree over its text, and changes of it that keep what they do not name. */
import type { TaskResult } from '../../engine/template/depends.ts';

export type DependsNode = { start: number; end: number } & (
  | { type: 'task'; name: string; result?: string }
  | { type: 'not' | 'group'; of: DependsNode }
  | { type: 'and' | 'or'; parts: DependsNode[] }
);

const TOKEN = /\s*(&&|\|\||[!()]|[A-Za-z0-9_][-A-Za-z0-9_]*(?:\.[A-Za-z]+)?)/y;
const MAX_DEPTH = 100;

interface Token {
  text: string;
  start: number;
  end: number;
}

/** @returns the tree of `&& || ! ( )` over tasks and their results; undefined for what is written otherwise */
export function parseDependsTree(text: string): DependsNode | undefined {
  const tokens = tokenize(text);
  if (!tokens) return undefined;
  let at = 0;
  const chain = (type: 'and' | 'or', sign: string, next: (depth: number) => DependsNode | undefined) => (depth: number): DependsNode | undefined => {
    const parts: DependsNode[] = [];
    for (;;) {
      const part = next(depth);
      if (!part) return undefined;
      parts.push(part);
      if (tokens[at]?.text !== sign) break;
      at++;
    }
    const [first] = parts;
    return parts.length === 1 || !first ? first : { type, parts, start: first.start, end: parts.at(-1)?.end ?? first.end };
  };
  const operand = (depth: number): DependsNode | undefined => {
    const token = tokens[at++];
    if (!token || depth > MAX_DEPTH) return undefined;
    if (token.text === '!') {
      const of = operand(depth + 1);
      return of && { type: 'not', of, start: token.start, end: of.end };
    }
    if (token.text === '(') {
      const of = any(depth + 1);
      const close = tokens[at++];
      return of && close?.text === ')' ? { type: 'group', of, start: token.start, end: close.end } : undefined;
    }
    const [name = '', result] = token.text.split('.');
    if (!/^[A-Za-z0-9_]/.test(name)) return undefined;
    return { type: 'task', name, ...(result === undefined ? {} : { result }), start: token.start, end: token.end };
  };
  const any = chain('or', '||', chain('and', '&&', operand));
  const tree = any(0);
  return at === tokens.length ? tree : undefined;
}

function tokenize(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  const length = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < length) {
    const match = TOKEN.exec(text);
    if (!match) return undefined;
    const [, word = ''] = match;
    tokens.push({ text: word, start: TOKEN.lastIndex - word.length, end: TOKEN.lastIndex });
  }
  return tokens.length > 0 ? tokens : undefined;
}

/** The tasks of a tree, each as often as it is named. */
export function dependsTasks(node: DependsNode): (DependsNode & { type: 'task' })[] {
  if (node.type === 'task') return [node];
  return 'parts' in node ? node.parts.flatMap(dependsTasks) : dependsTasks(node.of);
}

export function operandOf(name: string, result: TaskResult | undefined): string {
  return result === undefined ? name : `${name}.${result}`;
}

/** @returns the expression that asks for one more task, or undefined when the old one cannot be read */
export function addToDepends(text: string, name: string, result: TaskResult | undefined): string | undefined {
  if (text.trim() === '') return operandOf(name, result);
  const tree = parseDependsTree(text);
  if (!tree) return undefined;
  const old = text.trimEnd();
  return `${tree.type === 'or' ? `(${old})` : old} && ${operandOf(name, result)}`;
}

/** @returns the expression without a task, '' when nothing is left, undefined when it cannot be read */
export function removeFromDepends(text: string, name: string): string | undefined {
  const tree = parseDependsTree(text);
  return tree && (without(text, tree, name)?.text ?? '');
}

/** Whether what is left needs brackets is told by its type. */
function without(text: string, node: DependsNode, name: string): { text: string; type: DependsNode['type'] } | undefined {
  const asIs = { text: text.slice(node.start, node.end), type: node.type };
  if (!dependsTasks(node).some((task) => task.name === name)) return asIs;
  switch (node.type) {
    case 'task': return undefined;
    case 'not': {
      const of = without(text, node.of, name);
      return of && { text: `!${of.text}`, type: 'not' };
    }
    case 'group': {
      const of = without(text, node.of, name);
      return of && (of.type === 'and' || of.type === 'or' ? { text: `(${of.text})`, type: 'group' } : of);
    }
    case 'and': case 'or': {
      const left = node.parts.map((part) => without(text, part, name)).filter((part) => part !== undefined);
      const [only] = left;
      if (left.length <= 1) return only;
      return { text: left.map((part) => part.text).join(node.type === 'and' ? ' && ' : ' || '), type: node.type };
    }
  }
}

/** Puts something else wherever a task is named. @returns the text as it was when it cannot be read */
export function replaceInDepends(text: string, name: string, write: (result: string | undefined) => string): string {
  const tree = parseDependsTree(text);
  if (!tree) return text;
  return dependsTasks(tree).filter((task) => task.name === name)
    .reduceRight((out, task) => out.slice(0, task.start) + write(task.result) + out.slice(task.end), text);
}
