/** Names as Argo wants them. Its own sentences: they are compared with Argo's. */
import type { Path, Report } from './report.ts';

const FIELD_NAME = /^[a-zA-Z0-9][-a-zA-Z0-9]*$/;
const PARAMETER_NAME = /^[-a-zA-Z0-9_]+$/;
const TAG_NAME = /\{\{[-a-zA-Z0-9]+(?:\.[-a-zA-Z0-9_]+)*\}\}/;

/** What is wrong with the name of a template, step, task; undefined when nothing is. */
export function fieldNameProblem(name: string): string | undefined {
  const problems: string[] = [];
  if (utf8Length(name) > 128) problems.push('must be no more than 128 characters');
  if (!FIELD_NAME.test(name)) problems.push("name must consist of alpha-numeric characters or '-', and must start with an alpha-numeric character (e.g. My-name1-2, 123-NAME)");
  return problems.length === 0 ? undefined : problems.join(';');
}

/** What is wrong with the name of a parameter or artifact; undefined when nothing is. */
export function parameterNameProblem(name: string): string | undefined {
  return PARAMETER_NAME.test(name) ? undefined : "Parameter/Artifact name must consist of alpha-numeric characters, '_' or '-' e.g. my_param_1, MY-PARAM-1";
}

/** Whether a text holds a whole tag. Argo: isParameter */
export function isTag(text: string): boolean {
  return TAG_NAME.test(text);
}

/** Bytes of a text in UTF-8: Go's len. */
export function utf8Length(text: string): number {
  let length = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}

/** Refuses items without a name, with a bad one, or with one that was there before. `prefix` names the list in the message; `path` is the list's, or gives each item's. */
export function checkNames(items: readonly { name?: string }[] | undefined, problem: (name: string) => string | undefined, prefix: string, path: Path | ((index: number) => Path), report: Report): void {
  const seen = new Set<string>();
  for (const [index, { name = '' }] of (items ?? []).entries()) {
    const place = [...(typeof path === 'function' ? path(index) : [...path, index]), 'name'];
    if (name === '') report.refuse('missing-name', `${prefix}[${index}].name is required`, place, 'Give it a name.');
    const fault = problem(name);
    if (fault !== undefined) report.refuse('bad-name', `${prefix}[${index}].name: '${name}' is invalid: ${fault}`, place, 'Use letters, digits and dashes only.');
    if (seen.has(name)) report.refuse('duplicate-name', `${prefix}[${index}].name '${name}' is not unique`, place, 'Give it another name.');
    seen.add(name);
  }
}
