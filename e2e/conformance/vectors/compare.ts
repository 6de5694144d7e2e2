/** What the runners of the vector files share. */
import { isDeepStrictEqual } from 'node:util';

/** A vector: one line of a file of ../shared/conformance/vectors. */
export type Vector = Record<string, unknown> & { id: string };

/**
 * Plays one vector. `line` is the vector's own text, where the spelling of numbers matters.
 * Returns what differs first, undefined when nothing does.
 */
export type Run = (vector: Vector, line?: string) => string | undefined;

/** The result of a call, or the message of what it threw. */
export type Answer<T> = { value: T; error?: undefined } | { value?: undefined; error: string };

export function answerOf<T>(act: () => T): Answer<T> {
  try {
    return { value: act() };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

export function difference(what: string, actual: unknown, expected: unknown): string | undefined {
  return isDeepStrictEqual(actual, expected) ? undefined : `${what}: ${show(actual)}, not ${show(expected)}`;
}

/** A vector's input as JSON: its own text where the spelling matters. */
export function inputJson(vector: Vector): string {
  return typeof vector.inputText === 'string' ? vector.inputText : JSON.stringify(vector.input);
}

/** The first difference of several. */
export function first(...differences: (string | undefined)[]): string | undefined {
  return differences.find((text) => text !== undefined);
}

function show(value: unknown): string {
  const text = JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? String(part) : part)) as string | undefined;
  return (text ?? 'nothing').slice(0, 400);
}
