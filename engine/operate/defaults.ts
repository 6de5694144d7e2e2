import type { Template } from '../spec/types.ts';
import { strategicMerge } from '../pod/strategic-merge.ts';
import { templateType, type TemplateType } from './resolve.ts';

const TYPES: readonly TemplateType[] = ['container', 'containerSet', 'steps', 'dag', 'script', 'resource', 'data', 'suspend', 'http', 'plugin'];

/** Puts the workflow's templateDefaults below a template; of the types only the template's own. Argo: mergedTemplateDefaultsInto */
export function applyTemplateDefaults(template: Template, defaults: Template | undefined): Template {
  if (!defaults) return template;
  const type = templateType(template);
  const merged = { ...strategicMerge<Template>(defaults, template) };
  for (const other of TYPES) if (other !== type) delete merged[other];
  return merged;
}
