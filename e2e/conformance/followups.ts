/** What came after the end of a run: retry, resubmit, and what became of them. */
import { resubmitWorkflow, retryWorkflow } from '../../engine/operate/commands.ts';
import { omit } from '../../engine/operate/omit.ts';
import type { Workflow } from '../../engine/spec/types.ts';
import { validateWorkflow } from '../../engine/spec/validate.ts';
import type { Case, Comparison, Followup } from './cases.ts';
import { ACTOR, flag } from './person.ts';
import { Game, startOf, submitted } from './play.ts';
import { podDifference } from './pods.ts';
import { World } from './world.ts';

/** Seconds between the end of a run and the command. */
const PAUSE = 2000;

export function playFollowups(played: Case, comparison: Comparison): string | undefined {
  const world = new World(played);
  let game = new Game(world, submitted(played), startOf(played));
  game.run({});
  for (const followup of played.then ?? []) {
    const before = comparison.differences(followup.before, comparison.normaliseStatus(game.workflow))[0];
    if (before !== undefined) return `before: ${before}`;
    const now = game.now + PAUSE;
    const done = carryOut(game.workflow, followup, now);
    if ('error' in done) return followup.rc === 0 ? `${followup.cmd.join(' ')}: ${done.error}` : refusal(followup, done.error);
    if (followup.rc !== 0) return `${followup.cmd.join(' ')}: expected a refusal, ${followup.err ?? ''}`;
    if (followup.after) {
      const { name } = followup.after;
      const after = omit(followup.after, 'name', 'spec');
      const difference = comparison.differences(after, comparison.normaliseStatus(done.workflow))[0];
      if (difference !== undefined) return `after: ${difference}`;
      if (done.workflow.metadata.name !== undefined && done.workflow.metadata.name !== name) return `after: expected the name ${name}, got ${done.workflow.metadata.name}`;
    }
    for (const pod of done.podsToDelete) for (const [id, { metadata }] of world.pods) if (metadata.name === pod) world.remove(id);
    if (followup.script) world.script = followup.script;
    game = new Game(world, done.workflow, now);
    game.run({});
  }
  return comparison.differences(played.expect, comparison.normaliseStatus(game.workflow))[0] ?? podDifference(played.pods, world.lasting, comparison);
}

function refusal(followup: Followup, error: string): string | undefined {
  return (followup.err ?? '').includes(error) ? undefined : `${followup.cmd.join(' ')}: expected ${followup.err ?? ''}, got ${error}`;
}

type Done = { workflow: Workflow; podsToDelete: string[] } | { error: string };

function carryOut(workflow: Workflow, { cmd, after }: Followup, now: number): Done {
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
