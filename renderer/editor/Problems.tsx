/** What is wrong with the open text, worst first; each entry is a jump, and a fix where there is one. */
import { CircleCheck, CircleX, Info, TriangleAlert, WandSparkles } from 'lucide-react';
import { memo, useMemo, useState } from 'react';
import type { KeyboardEvent, ReactElement } from 'react';
import type { Severity } from '../../engine/spec/diagnostic.ts';
import { setUi, useUi } from '../app/store.ts';
import type { Fix, Problem } from '../document/language/problems.ts';
import { Button } from '../ui/parts.tsx';
import { ask, useProblems } from './language.ts';

const SEVERITIES = [
  { severity: 'error', tone: 'c-Failed', one: 'error', many: 'errors', Icon: CircleX, label: 'Error' },
  { severity: 'warning', tone: 'c-Suspended', one: 'warning', many: 'warnings', Icon: TriangleAlert, label: 'Warning' },
  { severity: 'info', tone: 'c-Running', one: 'hint', many: 'hints', Icon: Info, label: 'Hint' },
] as const satisfies readonly { severity: Severity; tone: string; one: string; many: string; Icon: typeof Info; label: string }[];
/** More of them are told of by their number. */
const SHOWN = 200;

interface ProblemsProps {
  folded: boolean;
  onGo: (problem: Problem) => void;
  onFix: (fix: Fix) => void;
}

export const Problems = memo(function Problems({ folded, onGo, onFix }: ProblemsProps): ReactElement {
  const problems = useProblems((state) => state.problems);
  const [hidden, setHidden] = useState<readonly Severity[]>([]);
  const sorted = useMemo(() => SEVERITIES.flatMap(({ severity }) => problems.filter((each) => each.severity === severity)), [problems]);
  const shown = useMemo(() => sorted.filter(({ severity }) => !hidden.includes(severity)), [sorted, hidden]);
  const lines = useMemo(() => (problems.length ? lineStarts(useUi.getState().document?.text ?? '') : []), [problems]);
  if (sorted.length === 0) return <div className="problems none"><CircleCheck className="c-Succeeded" aria-hidden /><span className="soft">No problems</span></div>;
  const toggle = (severity: Severity): void => { setHidden(hidden.includes(severity) ? hidden.filter((each) => each !== severity) : [...hidden, severity]); };
  const fixable = sorted.filter(({ severity, fixes }) => severity !== 'info' && fixes.some((fix) => fix.edits)).length;
  const fixAll = (): void => { void ask('fixAll', []).then((edits) => { if (edits) onFix({ title: 'Fix all', edits }); }); };
  return (
    <section className="problems" aria-label="Problems">
      <header>
        <button type="button" className="sum" aria-expanded={!folded} onClick={() => { setUi({ folded: { ...useUi.getState().folded, 'designer.problems': !folded } }); }}>Problems</button>
        {SEVERITIES.map(({ severity, tone, one, many, Icon }) => {
          const count = sorted.filter((each) => each.severity === severity).length;
          return count === 0 ? null : <button key={severity} type="button" className={`count ${tone}`} aria-pressed={!hidden.includes(severity)} title={hidden.includes(severity) ? `Show ${many}` : `Hide ${many}`} onClick={() => { toggle(severity); }}><Icon aria-hidden />{count} {count === 1 ? one : many}</button>;
        })}
        <span className="grow" />
        {fixable > 1 ? <Button size="small" kind="quiet" tip={`Mend the ${fixable} that have one clear fix`} onClick={fixAll}><WandSparkles aria-hidden />Fix all</Button> : null}
      </header>
      {folded ? null : (
        <ul aria-label="Problems" onKeyDown={moveFocus}>
          {shown.slice(0, SHOWN).map((each) => <Row key={`${each.range.start} ${each.code} ${each.message}`} problem={each} lines={lines} onGo={onGo} onFix={onFix} />)}
          {shown.length > SHOWN ? <li className="soft">and {shown.length - SHOWN} more</li> : null}
          {shown.length === 0 ? <li className="soft">All of them are hidden.</li> : null}
        </ul>
      )}
    </section>
  );
});

function Row({ problem, lines, onGo, onFix }: { problem: Problem; lines: readonly number[]; onGo: ProblemsProps['onGo']; onFix: ProblemsProps['onFix'] }): ReactElement {
  const { tone, Icon, label } = SEVERITIES.find(({ severity }) => severity === problem.severity) ?? SEVERITIES[0];
  const [fix] = problem.fixes;
  const line = lineOf(lines, problem.range.start);
  return (
    <li className={tone}>
      <Icon aria-label={label} role="img" />
      <button type="button" className="go" onClick={() => { onGo(problem); }}><span className="mono soft">{line + 1}:{problem.range.start - (lines[line] ?? 0) + 1}</span> {problem.message}{problem.hint === undefined ? '' : <span className="soft"> {problem.hint}</span>}</button>
      {fix ? <Button size="small" title={fix.title} onClick={() => { onFix(fix); }}><span className="cut">{fix.title}</span></Button> : null}
    </li>
  );
}

/** Up and down go from problem to problem. */
function moveFocus(event: KeyboardEvent<HTMLUListElement>): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const buttons = [...event.currentTarget.querySelectorAll<HTMLButtonElement>('button.go')];
  const row = event.target instanceof Element ? event.target.closest('li')?.querySelector<HTMLButtonElement>('button.go') : null;
  const next = buttons[(row ? buttons.indexOf(row) : -1) + (event.key === 'ArrowDown' ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** Index of the line of an offset. */
function lineOf(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
