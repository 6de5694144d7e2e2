/** What `submit --from` names. */
import type { DefinitionKind } from '../../engine/index.ts';
import { AppError } from '../../engine/spec/error.ts';

const SOURCES: readonly [RegExp, DefinitionKind][] = [
  [/^(cronwf|cwf|cronworkflows?)$/, 'CronWorkflow'], [/^(wftmpl|workflowtemplates?)$/, 'WorkflowTemplate'], [/^(cwft|cwftmpl|clusterworkflowtemplates?)$/, 'ClusterWorkflowTemplate'],
];

/** @returns what `--from KIND/NAME` means. Throws `usage`. */
export function sourceOf(text: string): { kind: DefinitionKind; name: string } {
  const [kindText = '', name = '', ...more] = text.split('/');
  const kind = SOURCES.find(([words]) => words.test(kindText.toLowerCase()))?.[1];
  if (!kind || !name || more.length) throw new AppError('usage', `--from takes KIND/NAME, not "${text}".`, { hint: 'As cronwf/NAME, workflowtemplate/NAME or clusterworkflowtemplate/NAME.' });
  return { kind, name };
}
