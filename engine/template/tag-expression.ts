import { TemplateError } from './template-error.ts';
import type { TagContext } from './template-error.ts';

/** @returns what stands in the place of `{{=expression}}` */
export function replaceExpression(expression: string, context: TagContext): string {
  if (context.options.allowUnresolved) return `{{=${expression}}}`;
  throw new TemplateError(`failed to evaluate expression: ${expression}`);
}
