/** From a workflow as a person wrote it, and what they said when they pressed Run, to the object that is created. */
import type { SubmitOptions } from '../api.ts';
import { AppError } from '../spec/error.ts';
import { ARGO_API_VERSION, INSTANCE_ID, LABEL } from '../spec/types.ts';
import type { Parameter, Workflow, WorkflowSpec } from '../spec/types.ts';

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
export function withValues(declared: readonly Parameter[], values: Readonly<Record<string, string>>): Parameter[] {
  const known = declared.map((parameter) => {
    const value = values[parameter.name];
    if (value === undefined) return parameter;
    const { valueFrom: _, ...rest } = parameter;
    return { ...rest, value };
  });
  const names = new Set(declared.map((parameter) => parameter.name));
  return [...known, ...Object.entries(values).filter(([name]) => !names.has(name)).map(([name, value]) => ({ name, value }))];
}
