/** Field selectors over nodes: `displayName=approve,phase!=Failed`. Argo: docs/node-field-selector.md */
import type { NodeStatus } from '../spec/types.ts';
import { AppError } from '../spec/error.ts';

interface Term {
  field: string;
  value: string;
  equal: boolean;
}

/** @returns a test for nodes. Throws AppError `invalid` for text that is no selector. */
export function nodeSelector(text: string): (node: NodeStatus) => boolean {
  const terms = splitTerms(text).map(parseTerm);
  return (node) => terms.every(({ field, value, equal }) => (fieldOf(node, field) === value) === equal);
}

/** Commas separate terms; a backslash takes the next character as it is. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let term = '';
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (c === '\\') term += text.charAt(++i);
    else if (c === ',') {
      terms.push(term);
      term = '';
    } else term += c;
  }
  return [...terms, term].filter((each) => each !== '');
}

function parseTerm(text: string): Term {
  for (const [operator, equal] of [['!=', false], ['==', true], ['=', true]] as const) {
    const at = text.indexOf(operator);
    if (at >= 0) return { field: text.slice(0, at), value: text.slice(at + operator.length), equal };
  }
  throw new AppError('invalid', `invalid selector: '${text}'; can't understand '${text}'`, { hint: 'Write field=value, for example displayName=approve.' });
}

/** Argo: GetTemplateFromNode */
function templateOf({ templateRef, templateName = '' }: NodeStatus): string {
  return templateRef?.template ?? templateName;
}

function fieldOf(node: NodeStatus, field: string): string {
  switch (field) {
    case 'displayName': return node.displayName;
    case 'name': return node.name;
    case 'id': return node.id;
    case 'templateName': return templateOf(node);
    case 'phase': return node.phase ?? '';
    case 'templateRef.name': return node.templateRef?.name ?? '';
    case 'templateRef.template': return node.templateRef?.template ?? '';
    default: {
      const name = /^inputs\.parameters\.(.+)\.value$/.exec(field)?.[1];
      return node.inputs?.parameters?.find((parameter) => parameter.name === name)?.value ?? '';
    }
  }
}
