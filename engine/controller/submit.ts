/** From a workflow as a person wrote it, and what they said when they pressed Run, to the object that is created. */
import type { SubmitOptions } from '../api.ts';
import { omit } from '../operate/omit.ts';
import type { Diagnostic } from '../spec/diagnostic.ts';
import { unreachableArtifacts } from '../pod/transfers.ts';
import { AppError } from '../spec/error.ts';
import { ARGO_API_VERSION, INSTANCE_ID, LABEL } from '../spec/types.ts';
import type { Parameter, Workflow, WorkflowSpec, WorkflowTemplate } from '../spec/types.ts';
import { validateWorkflow } from '../spec/validate.ts';
import type { TemplateGetter } from '../spec/validate.ts';
import type { Definitions } from './definitions.ts';
import { needsOf } from './surroundings.ts';

/** @returns the Workflow to create: ours by its label, in its namespace, with parameters filled in */
export function prepareRun(workflow: Workflow, options: SubmitOptions): Workflow {
  const { labels, annotations, finalizers, ownerReferences } = workflow.metadata;
  return {
    apiVersion: ARGO_API_VERSION, kind: 'Workflow',
    metadata: {
      ...nameOf(workflow, options), namespace: options.namespace,
      labels: { ...labels, ...options.labels, [LABEL.instanceId]: INSTANCE_ID },
      ...(annotations && { annotations }), ...(finalizers && { finalizers }), ...(ownerReferences && { ownerReferences }),
    },
    spec: specOf(workflow.spec, options),
  };
}

function nameOf(workflow: Workflow, options: SubmitOptions): { name: string } | { generateName: string } {
  const name = options.name ?? (options.generateName === undefined ? workflow.metadata.name : undefined);
  if (name) return { name };
  const generateName = options.generateName ?? workflow.metadata.generateName;
  if (generateName) return { generateName };
  throw new AppError('invalid', 'The workflow has no name.', { hint: 'Give it metadata.name or metadata.generateName, or name the run when you submit it.' });
}

function specOf(spec: WorkflowSpec, options: SubmitOptions): WorkflowSpec {
  const { parameters } = options;
  return {
    ...spec,
    ...(options.entrypoint !== undefined && { entrypoint: options.entrypoint }),
    ...(options.serviceAccount !== undefined && { serviceAccountName: options.serviceAccount }),
    ...(parameters && Object.keys(parameters).length && { arguments: { ...spec.arguments, parameters: withValues(spec.arguments?.parameters ?? [], parameters) } }),
  };
}

/** Argo: a parameter given at submit replaces the value of the declared one; one that is not declared is added. */
function withValues(declared: readonly Parameter[], values: Readonly<Record<string, string>>): Parameter[] {
  const known = declared.map((parameter) => {
    const value = values[parameter.name];
    if (value === undefined) return parameter;
    return { ...omit(parameter, 'valueFrom'), value };
  });
  const names = new Set(declared.map((parameter) => parameter.name));
  return [...known, ...Object.entries(values).filter(([name]) => !names.has(name)).map(([name, value]) => ({ name, value }))];
}

/** Throws AppError `invalid`, with the diagnostics as its cause, when the run would be refused. */
export async function checkRun(definitions: Definitions, workflow: Workflow): Promise<void> {
  const errors = faultsOf(workflow, needsOf(workflow).templates ? await templatesOf(definitions, workflow.metadata.namespace ?? '') : {});
  if (errors.length) throw new AppError('invalid', errors[0]?.message ?? 'The workflow is not valid.', { cause: errors, hint: 'Mend the workflow and submit it again.' });
}

/** @returns the errors for which the run would be refused */
export function faultsOf(workflow: Workflow, templates: KnownTemplates): Diagnostic[] {
  return validateWorkflow(workflow, { mode: 'submit', templates: getterOf(templates) }).filter((diagnostic) => diagnostic.severity === 'error').concat(unreachableArtifacts(workflow));
}

/** Templates by name; a kind that may not be listed is absent. */
export interface KnownTemplates {
  namespaced?: ReadonlyMap<string, WorkflowTemplate>;
  cluster?: ReadonlyMap<string, WorkflowTemplate>;
}

/** @returns the templates that runs of the namespace may refer to */
export async function templatesOf(definitions: Definitions, namespace: string): Promise<KnownTemplates> {
  const list = async (kind: 'WorkflowTemplate' | 'ClusterWorkflowTemplate'): Promise<Map<string, WorkflowTemplate> | undefined> => {
    const found = await definitions.list(kind, namespace).catch(() => undefined);
    return found && new Map(found.map((template) => [template.metadata.name ?? '', template as WorkflowTemplate]));
  };
  const [namespaced, cluster] = await Promise.all([list('WorkflowTemplate'), list('ClusterWorkflowTemplate')]);
  return { ...(namespaced && { namespaced }), ...(cluster && { cluster }) };
}

/** What may not be listed is not known: the engine finds out when the run needs it. */
export function getterOf(known: KnownTemplates): TemplateGetter {
  return (name, clusterScope) => {
    const templates = clusterScope ? known.cluster : known.namespaced;
    return templates ? templates.get(name) : 'unknown';
  };
}
