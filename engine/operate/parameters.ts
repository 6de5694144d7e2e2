import { AppError } from '../spec/error.ts';
import type { Parameter, WorkflowSpec } from '../spec/types.ts';

/** The spec with `name=value` put over its arguments; unknown names are added. Throws AppError for text without `=`. */
export function overrideParameters(spec: WorkflowSpec, overrides: readonly string[]): WorkflowSpec {
  if (overrides.length === 0) return spec;
  const parameters: Parameter[] = [...(spec.arguments?.parameters ?? [])];
  for (const text of overrides) {
    const at = text.indexOf('=');
    if (at < 0) throw new AppError('invalid', `expected parameter of the form: NAME=VALUE. Received: ${text}`);
    const next: Parameter = { name: text.slice(0, at), value: text.slice(at + 1) };
    const known = parameters.findIndex(({ name }) => name === next.name);
    if (known < 0) parameters.push(next);
    else parameters[known] = next;
  }
  return { ...spec, arguments: { ...spec.arguments, parameters } };
}
