import type { NodeStatus, Template } from '../spec/types.ts';
import { stepOrTaskName } from '../template/names.ts';
import type { Run } from './run.ts';

const texts = new WeakMap<Template, string>();

/** @returns whether the template around the node refers to its `outputs.result`. Argo: includeScriptOutput */
export function wantsResult(run: Run, node: NodeStatus, template: Template): boolean {
  if (template.data) return true;
  const around = run.boundaryTemplate(node.boundaryID ?? '');
  if (!around) return false;
  let text = texts.get(around);
  if (text === undefined) texts.set(around, text = JSON.stringify(around));
  const name = stepOrTaskName(node.name);
  const kind = around.dag ? 'tasks' : around.steps ? 'steps' : '';
  return text.includes(`${kind}.${name}.outputs.result`) || text.includes(`${kind}['${name}'].outputs.result`) || text.includes(`${kind}[\\"${name}\\"].outputs.result`);
}
