/** What came after the end of a run: retry, resubmit, and what became of them. */
import { omit } from '../../engine/operate/omit.ts';
import type { Case, Comparison, Followup } from './cases.ts';
import type { Session } from './play.ts';
import { podDifference } from './pods.ts';

export async function playFollowups(session: Session, played: Case, comparison: Comparison): Promise<string | undefined> {
  await session.play({});
  for (const followup of played.then ?? []) {
    const before = comparison.differences(followup.before, comparison.normaliseStatus(session.workflow))[0];
    if (before !== undefined) return `before: ${before}`;
    const done = await session.followUp(followup);
    if ('error' in done) return followup.rc === 0 ? `${followup.cmd.join(' ')}: ${done.error}` : refusal(followup, done.error);
    if (followup.rc !== 0) return `${followup.cmd.join(' ')}: expected a refusal, ${followup.err ?? ''}`;
    if (followup.after) {
      const { name } = followup.after;
      const after = omit(followup.after, 'name', 'spec');
      const difference = comparison.differences(after, comparison.normaliseStatus(done.workflow))[0];
      if (difference !== undefined) return `after: ${difference}`;
      if (done.workflow.metadata.name !== undefined && done.workflow.metadata.name !== name) return `after: expected the name ${name}, got ${done.workflow.metadata.name}`;
    }
    await session.play({});
  }
  // Of Pods created again under the same name the last.
  const lasting = [...new Map(session.pods.map((plan) => [plan.name, plan])).values()];
  return comparison.differences(played.expect, comparison.normaliseStatus(session.workflow))[0] ?? podDifference(played, { pods: lasting, tasks: session.tasks }, comparison);
}

function refusal(followup: Followup, error: string): string | undefined {
  return (followup.err ?? '').includes(error) ? undefined : `${followup.cmd.join(' ')}: expected ${followup.err ?? ''}, got ${error}`;
}
