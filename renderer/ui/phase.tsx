/** A phase as shape, word and colour together: no colour is needed to read it. */
import type { ReactElement } from 'react';
import { WORST_FIRST } from '../document/model.ts';
import type { Counts, Phase } from '../document/model.ts';

export const PHASE_WORD: Record<Phase, string> = {
  Pending: 'Pending', Running: 'Running', Succeeded: 'Succeeded', Failed: 'Failed', Error: 'Error', Suspended: 'Waits for you', Skipped: 'Skipped', Omitted: 'Omitted', Planned: 'Not started',
};

function shape(phase: Phase): ReactElement {
  switch (phase) {
    case 'Pending': return <circle cx="7" cy="7" r="5" fill="none" stroke="currentColor" strokeWidth="1.8" />;
    case 'Planned': return <circle cx="7" cy="7" r="5" fill="none" stroke="currentColor" strokeWidth="1.4" strokeDasharray="2.4 2.1" />;
    case 'Running': return <circle cx="7" cy="7" r="5.4" fill="currentColor" />;
    case 'Succeeded': return <path d="M2.2 7.6 5.6 11 11.8 3.6" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" />;
    case 'Failed': return <path d="M3 3l8 8M11 3l-8 8" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />;
    case 'Error': return <><path d="M7 1.8v6.4" stroke="currentColor" strokeWidth="2.4" strokeLinecap="round" /><circle cx="7" cy="11.8" r="1.5" fill="currentColor" /></>;
    case 'Suspended': return <><rect x="2.6" y="2" width="3.2" height="10" rx="1" fill="currentColor" /><rect x="8.2" y="2" width="3.2" height="10" rx="1" fill="currentColor" /></>;
    case 'Skipped': return <><circle cx="7" cy="7" r="5" fill="none" stroke="currentColor" strokeWidth="1.4" strokeDasharray="2.4 2.1" /><path d="M5 7h4" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" /></>;
    case 'Omitted': return <><circle cx="7" cy="7" r="5" fill="none" stroke="currentColor" strokeWidth="1.4" strokeDasharray="2.4 2.1" /><path d="M4.8 9.2 9.2 4.8" stroke="currentColor" strokeWidth="1.4" strokeLinecap="round" /></>;
  }
}

/** The mark of a phase. It is decoration beside the word; alone, give it `label`. */
export function PhaseGlyph({ phase, label }: { phase: Phase; label?: boolean }): ReactElement {
  return (
    <svg className={`glyph c-${phase}`} viewBox="0 0 14 14" {...(label ? { role: 'img', 'aria-label': PHASE_WORD[phase] } : { 'aria-hidden': true })}>{shape(phase)}</svg>
  );
}

export function PhasePill({ phase, word }: { phase: Phase; word?: string }): ReactElement {
  return <span className={`pill c-${phase}`} data-phase={phase}><PhaseGlyph phase={phase} />{word ?? PHASE_WORD[phase]}</span>;
}

/** How far a run is, by phase: done from the left, then what failed, waits and runs; the rest is empty. */
export function PhaseBar({ counts, total }: { counts: Counts; total: number }): ReactElement {
  const order: Phase[] = ['Succeeded', 'Skipped', 'Omitted', 'Failed', 'Error', 'Suspended', 'Running'];
  const all = Math.max(total, WORST_FIRST.reduce((sum, phase) => sum + (counts[phase] ?? 0), 0), 1);
  return (
    <div className="bar" aria-hidden>
      {order.map((phase) => (counts[phase] ? <i key={phase} className={`c-${phase === 'Skipped' || phase === 'Omitted' ? 'Succeeded' : phase}`} style={{ width: `${((counts[phase] ?? 0) / all) * 100}%` }} /> : null))}
    </div>
  );
}
