/** What is wrong with the open text, worst first; each entry is a jump, and a fix where there is one. */
import { CircleCheck, CircleX, Info, TriangleAlert } from 'lucide-react';
import { useMemo } from 'react';
import type { ReactElement } from 'react';
import type { Diagnostic } from '../../engine/spec/diagnostic.ts';
import { positionAt } from '../../engine/spec/lint.ts';
import { setUi, useUi } from '../app/store.ts';
import { Button } from '../ui/parts.tsx';

const TONE = { error: 'c-Failed', warning: 'c-Suspended', info: 'c-Running' } as const;
const ORDER = { error: 0, warning: 1, info: 2 } as const;

interface ProblemsProps {
  diagnostics: readonly Diagnostic[];
  text: string;
  folded: boolean;
  onGo: (offset: number) => void;
  onFix: (diagnostic: Diagnostic) => void;
}

export function Problems({ diagnostics, text, folded, onGo, onFix }: ProblemsProps): ReactElement {
  const sorted = useMemo(() => [...diagnostics].sort((a, b) => ORDER[a.severity] - ORDER[b.severity] || (a.range?.start ?? 0) - (b.range?.start ?? 0)), [diagnostics]);
  const errors = sorted.filter((each) => each.severity === 'error').length;
  const others = sorted.length - errors;
  const toggle = (): void => { setUi({ folded: { ...useUi.getState().folded, 'designer.problems': !folded } }); };
  if (sorted.length === 0) return <div className="problems none"><CircleCheck className="c-Succeeded" aria-hidden /><span className="soft">No problems</span></div>;
  return (
    <div className="problems">
      <button type="button" className="sum" aria-expanded={!folded} onClick={toggle}>
        {errors ? <b className="c-Failed"><CircleX aria-hidden />{errors} {errors === 1 ? 'error' : 'errors'}</b> : null}
        {others ? <b className="c-Suspended"><TriangleAlert aria-hidden />{others} {others === 1 ? 'hint' : 'hints'}</b> : null}
      </button>
      {folded ? null : (
        <ul aria-label="Problems">
          {sorted.slice(0, 200).map((each, i) => {
            const { line, column } = positionAt(text, each.range?.start ?? 0);
            return (
              <li key={i} className={TONE[each.severity]}>
                {each.severity === 'info' ? <Info aria-label="Information" /> : each.severity === 'warning' ? <TriangleAlert aria-label="Warning" /> : <CircleX aria-label="Error" />}
                <button type="button" className="go" onClick={() => { onGo(each.range?.start ?? 0); }}><span className="mono soft">{line}:{column}</span> {each.message}{each.hint === undefined ? '' : <span className="soft"> {each.hint}</span>}</button>
                {each.fix === undefined || !each.range ? null : <Button size="small" onClick={() => { onFix(each); }}>Fix</Button>}
              </li>
            );
          })}
          {sorted.length > 200 ? <li className="soft">and {sorted.length - 200} more</li> : null}
        </ul>
      )}
    </div>
  );
}
