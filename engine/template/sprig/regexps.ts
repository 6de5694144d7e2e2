import { NIL_LIST, quoteMeta, Regexp, RegexpError } from '../go.ts';
import type { GoValue } from '../go.ts';
import { int, strings, text } from './convert.ts';
import type { Entry } from './convert.ts';

type Compile = (source: string) => Regexp;

function findAll(args: readonly GoValue[], compile: Compile): GoValue {
  const matches = compile(text(args, 0)).matches(text(args, 1), int(args, 2));
  return matches.length === 0 ? NIL_LIST : strings(matches.map((match) => match.groups[0] ?? ''));
}

function split(args: readonly GoValue[], compile: Compile): GoValue {
  const parts = compile(text(args, 0)).split(text(args, 1), int(args, 2));
  return int(args, 2) === 0 ? NIL_LIST : strings(parts);
}

function replaceAll(args: readonly GoValue[], compile: Compile): GoValue {
  const expression = compile(text(args, 0));
  return expression.replace(text(args, 1), (match) => expression.expand(text(args, 2), match));
}

const find = (args: readonly GoValue[], compile: Compile): GoValue => compile(text(args, 0)).matches(text(args, 1), 1)[0]?.groups[0] ?? '';
const literal = (args: readonly GoValue[], compile: Compile): GoValue => compile(text(args, 0)).replace(text(args, 1), () => text(args, 2));

function matches(args: readonly GoValue[]): boolean {
  try {
    return Regexp.compile(text(args, 0)).test(text(args, 1));
  } catch (error) {
    if (error instanceof RegexpError) return false;
    throw error;
  }
}

/** A function that panics on a wrong expression and its must-twin that returns the error: the messages differ. */
function both(name: string, must: string, params: string, result: string, call: (args: readonly GoValue[], compile: Compile) => GoValue): [string, Entry][] {
  return [
    [name, [`func(${params}) ${result}`, (args) => call(args, (source) => Regexp.mustCompile(source))]],
    [must, [`func(${params}) (${result}, error)`, (args) => call(args, (source) => Regexp.compile(source))]],
  ];
}

export const REGEXPS: Readonly<Record<string, Entry>> = {
  regexMatch: ['func(string, string) bool', matches],
  mustRegexMatch: ['func(string, string) (bool, error)', (args) => Regexp.compile(text(args, 0)).test(text(args, 1))],
  ...Object.fromEntries([
    ...both('regexFindAll', 'mustRegexFindAll', 'string, string, int', '[]string', findAll),
    ...both('regexFind', 'mustRegexFind', 'string, string', 'string', find),
    ...both('regexReplaceAll', 'mustRegexReplaceAll', 'string, string, string', 'string', replaceAll),
    ...both('regexReplaceAllLiteral', 'mustRegexReplaceAllLiteral', 'string, string, string', 'string', literal),
    ...both('regexSplit', 'mustRegexSplit', 'string, string, int', '[]string', split),
  ]),
  regexQuoteMeta: ['func(string) string', (args) => quoteMeta(text(args, 0))],
};
