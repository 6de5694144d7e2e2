/**
 * `when`: the expression language of govaluate with its oddities (no coercion, dates in quotes are numbers, lists need
 * two elements), in two variants: that of steps and tasks, where bare words are strings, and that of CronWorkflows, where
 * they are unknown parameters. Argo: controller.shouldExecute, cron.shouldExecute.
 */
import { formatValue } from './go.ts';
import { checkSyntax, compilePatterns, readTokens, WhenError, type Token } from './when-tokens.ts';
import { evaluate, parse } from './when-evaluate.ts';

export { WhenError };

/**
 * Whether a step or task runs. `text` has its tags replaced; an empty text is true.
 * Throws WhenError with Argo's message when the text is no expression or yields no boolean.
 */
export function evaluateWhen(text: string): boolean {
  if (text === '') return true;
  const tokens = attempt(() => prepare(readTokens(text)), (message) => `Invalid 'when' expression '${text}': ${message}${hint(message)}`);
  const words = tokens.map((token): Token => (token.kind === 'VARIABLE' ? { kind: 'STRING', value: token.value } : token));
  const expression = attempt(() => parse(prepare(words)), (message) => `Failed to parse 'when' expression '${text}': ${message}`);
  return booleanOf(text, attempt(() => evaluate(expression), (message) => `Failed to evaluate 'when' expresion '${text}': ${message}`));
}

/** Whether a CronWorkflow's schedule fires. As evaluateWhen, but a bare word is an error. */
export function evaluateCronWhen(text: string): boolean {
  if (text === '') return true;
  return booleanOf(text, evaluate(parse(prepare(readTokens(text)))));
}

function prepare(tokens: Token[]): Token[] {
  checkSyntax(tokens);
  compilePatterns(tokens);
  parse(tokens);
  return tokens;
}

function hint(message: string): string {
  return message.includes('Invalid token') ? ' (hint: try wrapping the affected expression in quotes ("))' : '';
}

function attempt<T>(act: () => T, describe: (message: string) => string): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof WhenError) throw new WhenError(describe(error.message), { cause: error });
    throw error;
  }
}

function booleanOf(text: string, value: ReturnType<typeof evaluate>): boolean {
  if (typeof value === 'boolean') return value;
  throw new WhenError(`Expected boolean evaluation for '${text}'. Got ${formatValue(value)}`);
}
