/** Objects as -o asks for them, and errors as people read them. */
import { stringify } from 'yaml';
import type { Diagnostic } from '../../engine/spec/diagnostic.ts';
import { isAppError } from '../../engine/spec/error.ts';
import type { KubeObject } from '../../engine/spec/kubernetes.ts';
import { plain } from './io.ts';

export const OBJECT_FORMS = ['json', 'yaml', 'name'] as const;

/** @returns the text of a value in the form; `name` gives one name a line */
export function formatted(form: string, value: KubeObject | readonly KubeObject[] | Record<string, unknown>): string {
  if (form === 'name') return namesOf(value).map((name) => `${name}\n`).join('');
  return form === 'yaml' ? stringify(value, { lineWidth: 0 }) : `${JSON.stringify(value, null, 2)}\n`;
}

function namesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namesOf);
  const { metadata, name } = value as { metadata?: { name?: string }; name?: string };
  return [metadata?.name ?? name ?? ''];
}

/** @returns `FILE:LINE:COLUMN: severity: message (code)` and the hint; positions count from 1 */
export function diagnosticLines(file: string, text: string, diagnostic: Diagnostic): string[] {
  const at = diagnostic.range ? `:${positionOf(text, diagnostic.range.start).join(':')}` : '';
  const where = diagnostic.range || !diagnostic.path.length ? '' : ` at ${diagnostic.path.join('.')}`;
  return [`${file}${at}: ${diagnostic.severity}: ${plain(diagnostic.message)}${where} (${diagnostic.code})`, ...(diagnostic.hint ? [`    ${plain(diagnostic.hint)}`] : [])];
}

/** @returns line and column of an offset, both from 1 */
export function positionOf(text: string, offset: number): [line: number, column: number] {
  const before = text.slice(0, offset);
  const start = before.lastIndexOf('\n') + 1;
  return [before.split('\n').length, before.length - start + 1];
}

/** @returns what happened and what to do next, a line each */
export function errorText(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const hint = isAppError(error) ? error.hint : undefined;
  const diagnostics = isAppError(error, 'invalid') && Array.isArray(error.cause) ? (error.cause as Diagnostic[]) : [];
  const lines = [`tiphys: ${plain(message)}`, ...diagnostics.flatMap((diagnostic) => diagnosticLines('workflow', '', diagnostic).map((line) => `  ${line}`))];
  if (hint) lines.push(`  ${plain(hint)}`);
  return `${lines.join('\n')}\n`;
}
