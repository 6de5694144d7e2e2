/** What a person did to a run: the commands of the recordings, as the CLI would carry them out. */
import type { Workflow } from '../../engine/spec/types.ts';
import { resubmitWorkflow, resume, retryWorkflow, setOutputs, stop, suspend, terminate } from '../../engine/operate/commands.ts';
import { validateWorkflow } from '../../engine/spec/validate.ts';
import type { Expected, Followup, PersonAction } from './cases.ts';

export const ACTOR = 'e2e-admin';
const USER = { User: ACTOR };

/** The value after a flag. */
export function flag(cmd: readonly string[], name: string): string | undefined {
  const at = cmd.indexOf(name);
  return at < 0 ? cmd.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1) : cmd[at + 1];
}

/** Outputs that a person supplied are not among the actions: they are those that the step ended with. */
export function supplied(workflow: Workflow, displayName: string, expected: Expected): Record<string, string> {
  const node = Object.values(workflow.status?.nodes ?? {}).find((each) => each.displayName === displayName && each.type === 'Suspend');
  const open = (node?.outputs?.parameters ?? []).filter(({ value, valueFrom }) => value === undefined && valueFrom?.default === undefined);
  const given = expected.nodes.find(({ name }) => name === node?.name)?.outputs?.parameters ?? [];
  return Object.fromEntries(open.flatMap(({ name }) => given.filter((each) => each.name === name).map(({ value = '' }) => [name, value])));
}

function supply(workflow: Workflow, displayName: string, expected: Expected): Workflow {
  const parameters = supplied(workflow, displayName, expected);
  return Object.keys(parameters).length > 0 ? setOutputs(workflow, { selector: `displayName=${displayName}`, parameters }) : workflow;
}

export function act(workflow: Workflow, action: PersonAction, expected: Expected, now: number): Workflow {
  if ('resume' in action) {
    return action.resume.reduce((current, name) => resume(supply(current, name, expected), { selector: `displayName=${name}`, user: USER, actor: ACTOR }, now), workflow);
  }
  const { cmd } = action;
  const selector = flag(cmd, '--node-field-selector');
  const message = flag(cmd, '--message');
  const narrowed = { ...(selector === undefined ? {} : { selector }), ...(message === undefined ? {} : { message }) };
  switch (cmd[0]) {
    case 'stop': return stop(workflow, { ...narrowed, actor: ACTOR }, now);
    case 'terminate': return terminate(workflow, { actor: ACTOR });
    case 'suspend': return suspend(workflow, { actor: ACTOR });
    case 'resume': return resume(workflow, { ...narrowed, user: USER, actor: ACTOR }, now);
    case 'node': return setOutputs(workflow, { ...narrowed, parameters: outputs(cmd) });
    default: throw new Error(`no such command: ${cmd.join(' ')}`);
  }
}

function outputs(cmd: readonly string[]): Record<string, string> {
  const pairs = cmd.flatMap((word, at) => (word === '--output-parameter' || word === '-p' ? cmd[at + 1] ?? [] : []));
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

type Done = { workflow: Workflow; podsToDelete: string[] } | { error: string };

/** The commands that come after the end of a run. */
export function carryOut(workflow: Workflow, { cmd, after }: Followup, now: number): Done {
  const parameters = cmd.flatMap((word, at) => (word === '-p' ? cmd[at + 1] ?? [] : []));
  const selector = flag(cmd, '--node-field-selector');
  try {
    if (cmd[0] === 'retry') {
      const retried = retryWorkflow(workflow, { parameters, actor: ACTOR, restartSuccessful: cmd.includes('--restart-successful'), ...(selector === undefined ? {} : { selector }) }, now);
      return retried;
    }
    const old = workflow.metadata.name ?? '';
    const name = after?.name ?? '';
    const memoized = cmd.includes('--memoized');
    const again = resubmitWorkflow(workflow, { parameters, memoized, creator: ACTOR, suffix: name.slice(old.length + 1) });
    const fault = validateWorkflow(again, { mode: 'submit' }).find(({ severity }) => severity === 'error');
    if (fault) return { error: fault.message };
    const metadata = { ...again.metadata, name, creationTimestamp: new Date(now).toISOString(), uid: workflow.metadata.uid ?? '' };
    return { workflow: { ...again, metadata }, podsToDelete: [] };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
