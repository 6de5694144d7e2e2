/** What the list says of a run without opening it. */
import type { Counts, Phase } from '../document/model.ts';
import { total } from '../document/model.ts';
import { endedSteps } from '../document/summary.ts';
import { between } from '../ui/time.ts';
import type { RunSummary } from './live.ts';

/** @returns the phase as shown: a run whose only open step waits for a person waits for a person */
export function runPhase(run: Pick<RunSummary, 'phase' | 'counts' | 'suspended'>): Phase {
  if (run.phase === '') return run.suspended ? 'Suspended' : 'Pending';
  if (run.phase === 'Running' && (run.suspended || (run.counts.Suspended && !run.counts.Running))) return 'Suspended';
  return run.phase;
}

/** @returns how many steps are done of how many */
export function progressOf(run: Pick<RunSummary, 'progress' | 'counts'>): { done: number; of: number } {
  const counts: Counts = run.counts;
  const parsed = /^(\d+)\/(\d+)$/.exec(run.progress ?? '');
  return { done: endedSteps(counts) || Number(parsed?.[1] ?? 0), of: Math.max(total(counts), Number(parsed?.[2] ?? 0)) };
}

/** @returns one line: what needs a person first, then how far it is */
export function runLine(run: RunSummary, now: number): string {
  if (run.note) return run.note;
  const { done, of } = progressOf(run);
  const failed = (run.counts.Failed ?? 0) + (run.counts.Error ?? 0);
  if (run.phase === 'Succeeded') {
    const took = between(run.startedAt, run.finishedAt, now);
    return [`${of.toLocaleString('en')} ${of === 1 ? 'step' : 'steps'}`, took].filter(Boolean).join(' · ');
  }
  if (run.phase === 'Failed' || run.phase === 'Error') return run.message ?? (failed ? `${failed} of ${of} steps failed` : 'failed');
  if (of === 0) return run.message ?? 'about to start';
  return `${done.toLocaleString('en')} of ${of.toLocaleString('en')} steps${failed ? ` · ${failed} failed` : ''}`;
}
