/**
 * Finds the template that a call means: by name in the place where the caller stands, by reference in a (cluster) workflow
 * template, or inline. What came from outside the workflow is stored in the status, so that a run never changes under way.
 * Argo: workflow/templateresolution/context.go
 */
import type { NodeStatus, Template, TemplateCall, TemplateRef, WorkflowStatus, WorkflowTemplate } from '../spec/types.ts';
import type { Observed } from './types.ts';
import { stepOrTaskName } from '../template/names.ts';
import { Fault } from './fault.ts';

export type TemplateType = 'container' | 'containerSet' | 'steps' | 'dag' | 'script' | 'resource' | 'data' | 'suspend' | 'http' | 'plugin';

/** In the order in which Argo asks. */
const TYPES: readonly TemplateType[] = ['container', 'containerSet', 'steps', 'dag', 'script', 'resource', 'data', 'suspend', 'http', 'plugin'];

export function templateType(template: Template): TemplateType | undefined {
  return TYPES.find((type) => template[type] !== undefined);
}

export function isPodType(template: Template): boolean {
  const type = templateType(template);
  return type === 'container' || type === 'containerSet' || type === 'script' || type === 'resource' || type === 'data';
}

/** Where templates without a reference are looked up. */
export interface Place {
  kind: 'local' | 'namespaced' | 'cluster';
  name: string;
  templates: readonly Template[];
}

export type Call = Pick<TemplateCall, 'name' | 'template' | 'templateRef' | 'inline'>;

/** @returns `local/name`, as nodes record it */
export function scopeOf(place: Place): string {
  return `${place.kind}/${place.name}`;
}

export class Resolver {
  private stored: Record<string, Template>;
  /** True once a template was added to the stored ones. */
  storedMore = false;
  private readonly local: Place;
  private readonly byName = new WeakMap<readonly Template[], Map<string, Template>>();

  private readonly observed: Observed;

  constructor(local: Place, status: WorkflowStatus, observed: Observed) {
    this.local = local;
    this.observed = observed;
    this.stored = status.storedTemplates ?? {};
  }

  storedTemplates(): Record<string, Template> {
    return this.stored;
  }

  root(): Place {
    return this.local;
  }

  /** The place that a node's templateScope names. */
  placeOf(scope: string | undefined): Place {
    const [kind, name] = (scope ?? '').split('/', 2);
    if (!name || (kind !== 'namespaced' && kind !== 'cluster')) return this.local;
    return this.outside({ name, clusterScope: kind === 'cluster' });
  }

  private outside(reference: { name?: string; clusterScope?: boolean }): Place {
    const { kind, holder } = this.holder(reference);
    return { kind, name: reference.name ?? '', templates: holder?.spec.templates ?? [] };
  }

  private holder(reference: { name?: string; clusterScope?: boolean }): { kind: 'cluster' | 'namespaced'; holder: WorkflowTemplate | undefined } {
    const kind = reference.clusterScope ? 'cluster' : 'namespaced';
    return { kind, holder: this.observed.templates?.[kind].get(reference.name ?? '') };
  }

  /**
   * @returns the template and the place in which its own calls are looked up
   * Throws Fault when there is none.
   */
  resolve(place: Place, call: Call): { template: Template; place: Place } {
    const key = storageKey(place, call);
    let template = key === undefined ? undefined : this.stored[key];
    if (!template) {
      template = this.find(place, call);
      if (key !== undefined) {
        this.stored = { ...this.stored, [key]: template };
        this.storedMore = true;
      }
    }
    if (!templateType(template)) throw new Fault('error', `template '${template.name ?? ''}' type is unknown`);
    return { template, place: call.templateRef ? this.outside(call.templateRef) : place };
  }

  private find(place: Place, call: Call): Template {
    if (call.inline) return call.inline;
    if (call.templateRef) return this.fromReference(call.templateRef);
    if (!call.template) throw new Fault('error', 'failed to get a template');
    const template = this.lookUp(place.templates, call.template);
    if (!template) throw new Fault('error', `template ${call.template} not found`);
    return template;
  }

  private lookUp(templates: readonly Template[], name: string): Template | undefined {
    let index = this.byName.get(templates);
    if (!index) {
      index = new Map();
      for (const template of templates) if (template.name && !index.has(template.name)) index.set(template.name, template);
      this.byName.set(templates, index);
    }
    return index.get(name);
  }

  private fromReference(reference: TemplateRef): Template {
    const { holder } = this.holder(reference);
    if (!holder) throw new Fault('error', `workflow template ${reference.name ?? ''} not found`);
    refuseMalformed(this.observed, holder, reference.clusterScope ?? false);
    const template = this.lookUp(holder.spec.templates ?? [], reference.template ?? '');
    if (!template) throw new Fault('error', `template ${reference.template ?? ''} not found in workflow template ${reference.name ?? ''}`);
    return template;
  }

  /** The template that a node runs, as it is written. An inline one is found in the template around it. */
  ofNode(node: NodeStatus, parent: NodeStatus | undefined): Template | undefined {
    const place = this.placeOf(node.templateScope);
    if (node.templateName || node.templateRef) {
      const call: Call = {};
      if (node.templateName) call.template = node.templateName;
      if (node.templateRef) call.templateRef = node.templateRef;
      try {
        return this.resolve(place, call).template;
      } catch (error) {
        if (error instanceof Fault) return undefined;
        throw error;
      }
    }
    const around = parent && this.ofNode(parent, undefined);
    const name = stepOrTaskName(node.name);
    const calls: TemplateCall[] = around?.dag?.tasks ?? around?.steps?.flat() ?? [];
    return calls.find((call) => call.name === name)?.inline;
  }
}

/** Throws Fault for a template whose object does not fit its types. Argo: "malformed … workflow template" */
export function refuseMalformed(observed: Observed, template: WorkflowTemplate, clusterScope: boolean): void {
  const fault = observed.templates?.faultOf?.(template);
  if (fault !== undefined) throw new Fault('error', `malformed ${clusterScope ? 'cluster ' : ''}workflow template "${template.metadata.name ?? ''}": ${fault}`);
}

/** @returns the key under which a template from outside is stored; undefined for the workflow's own */
function storageKey(place: Place, call: Call): string | undefined {
  if (call.templateRef) return `${call.templateRef.clusterScope ? 'cluster' : 'namespaced'}/${call.templateRef.name ?? ''}/${call.templateRef.template ?? ''}`;
  if (place.kind === 'local') return undefined;
  return `${place.kind}/${place.name}/${call.inline ? `inline/${call.name ?? ''}` : call.template ?? ''}`;
}
