/** Workflows out of texts that the user named, with what is wrong in them. */
import { AppError } from '../../engine/spec/error.ts';
import type { Diagnostic } from '../../engine/spec/diagnostic.ts';
import { lintText } from '../../engine/spec/lint.ts';
import { readManifests } from '../../engine/spec/read.ts';
import type { CronWorkflow, Workflow, WorkflowTemplate } from '../../engine/spec/types.ts';
import type { DefinitionKind } from '../../engine/index.ts';
import { readNamed } from './files.ts';
import type { NamedText } from './files.ts';
import type { Io } from './io.ts';
import { diagnosticLines } from './output.ts';

/** @returns all that is wrong in a file */
export function lintNamed(file: NamedText): Diagnostic[] {
  return lintText(file.text);
}

/** @returns the Workflows of a file. Warnings go to standard error. Throws `invalid` when there are errors, or no Workflow. */
export async function readForSubmit(name: string, io: Io): Promise<Workflow[]> {
  const file = await readChecked(name, io);
  const { manifests } = readManifests(file.text);
  const workflows = manifests.flatMap((manifest) => (manifest.kind === 'Workflow' ? [manifest.object] : []));
  const other = manifests.find((manifest) => manifest.kind !== 'Workflow');
  if (other) throw new AppError('invalid', `${file.name} holds a ${other.object.kind ?? 'document'} as well, which is not submitted but applied.`, { hint: `\`tiphys cron create\` and \`tiphys template create\` take those of their kinds, \`kubectl apply\` the others; keep Workflows in files of their own.` });
  if (!workflows.length) throw new AppError('invalid', `${file.name} holds no Workflow.`, { hint: 'A run is made of an object of kind Workflow.' });
  return workflows;
}

/** A CronWorkflow or template of a file. */
export interface NamedDefinition {
  file: string;
  kind: DefinitionKind;
  object: CronWorkflow | WorkflowTemplate;
}

/** @returns the CronWorkflows and templates of a file. Warnings go to standard error. Throws `invalid` when there are errors, or other objects. */
export async function readDefinitions(name: string, io: Io): Promise<NamedDefinition[]> {
  const file = await readChecked(name, io);
  const found = readManifests(file.text).manifests.map((manifest): NamedDefinition => {
    if (manifest.kind === 'CronWorkflow' || manifest.kind === 'WorkflowTemplate' || manifest.kind === 'ClusterWorkflowTemplate') return { file: file.name, kind: manifest.kind, object: manifest.object };
    throw new AppError('invalid', `${file.name} holds a ${manifest.object.kind ?? 'document'}, which is no CronWorkflow and no template.`, { hint: manifest.kind === 'Workflow' ? '`tiphys submit` takes Workflows.' : 'Keep it in a file of its own.' });
  });
  if (!found.length) throw new AppError('invalid', `${file.name} is empty.`);
  return found;
}

async function readChecked(name: string, io: Io): Promise<NamedText> {
  const file = await readNamed(name, io);
  const diagnostics = lintText(file.text, { mode: 'submit' });
  for (const diagnostic of diagnostics) io.err(`${diagnosticLines(file.name, file.text, diagnostic).join('\n')}\n`);
  if (diagnostics.some((diagnostic) => diagnostic.severity === 'error')) {
    throw new AppError('invalid', `${file.name} was not submitted.`, { hint: 'Mend what is marked as an error above, and submit it again.' });
  }
  return file;
}
