/** What a person did to a run: the commands of the recordings, as the CLI would carry them out. */
import type { Workflow } from '../../engine/spec/types.ts';
import { resume, setOutputs, stop, suspend, terminate } from '../../engine/operate/commands.ts';
import type { PersonAction } from './cases.ts';

export const ACTOR = 'e2e-admin';
const USER = { User: ACTOR };

/** The value after a flag. */
export function flag(cmd: readonly string[], name: string): string | undefined {
  const at = cmd.indexOf(name);
  return at < 0 ? cmd.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1) : cmd[at + 1];
}

export function act(workflow: Workflow, action: PersonAction, now: number): Workflow {
  if ('resume' in action) {
    return action.resume.reduce((current, name) => resume(current, { selector: `displayName=${name}`, user: USER, actor: ACTOR }, now), workflow);
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
    case 'node': return setOutputs(workflow, { ...narrowed, parameters: outputs(cmd) }, now);
    default: throw new Error(`no such command: ${cmd.join(' ')}`);
  }
}

function outputs(cmd: readonly string[]): Record<string, string> {
  const pairs = cmd.flatMap((word, at) => (word === '--output-parameter' || word === '-p' ? cmd[at + 1] ?? [] : []));
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}
