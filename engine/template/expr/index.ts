import { check } from './checker.ts';
import { ExprError } from './error.ts';
import type { Context } from './evaluator.ts';
import { run } from './evaluator.ts';
import { parse } from './parser.ts';
import type { Parsed } from './parser.ts';
import type { GoValue } from '../go.ts';

export { ExprError } from './error.ts';
export type { Context } from './evaluator.ts';
export type { Node } from './ast.ts';

/** An expression that has been read. */
export interface Program extends Parsed {
  readonly source: string;
}

const programs = new Map<string, Program | ExprError>();
const KEPT = 2000;

function remember<T extends Program | ExprError>(key: string, value: T): T {
  if (programs.size >= KEPT) programs.clear();
  programs.set(key, value);
  return value;
}

/**
 * Reads an expression of expr-lang 1.17; what was read last is kept.
 * @throws ExprError of kind compile for a fault of syntax
 */
export function compile(expression: string): Program {
  return compileFor(expression, '', () => false);
}

function compileFor(expression: string, variant: string, overridden: (name: string) => boolean): Program {
  const key = `${variant}\0${expression}`;
  const known = programs.get(key);
  if (known instanceof ExprError) throw known;
  if (known !== undefined) return known;
  try {
    return remember(key, { source: expression, ...parse(expression, overridden) });
  } catch (error) {
    if (error instanceof ExprError) remember(key, error);
    if (error instanceof RangeError) throw new ExprError('compile', 'expression is nested too deeply', expression, 0);
    throw error;
  }
}

/** The program as it reads where values of the environment bear names of builtins. */
function specialize(program: Program, env: ReadonlyMap<string, GoValue>): Program {
  if (program.builtins.size === 0) return program;
  const overridden = [...program.builtins].filter((name) => env.has(name));
  return overridden.length === 0 ? program : compileFor(program.source, overridden.join(','), (name) => env.has(name));
}

/**
 * Checks and computes an expression. Steps and memory are bounded; nothing outside `env` and `context` is read.
 * @param env the names the expression may use
 * @throws ExprError, of kind compile when names or types do not fit, else runtime
 */
// Argo: expr.Compile(expression, expr.Env(env)) and expr.Run
export function evaluate(expression: string | Program, env: ReadonlyMap<string, GoValue>, context: Context = {}): GoValue {
  const program = specialize(typeof expression === 'string' ? compile(expression) : expression, env);
  try {
    check(program.root, program.source, env);
  } catch (error) {
    if (error instanceof RangeError) throw new ExprError('compile', 'expression is nested too deeply', program.source, 0);
    throw error;
  }
  return run(program.root, program.source, env, context);
}
