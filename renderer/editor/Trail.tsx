/** The way from the object down to the step in which the caret stands. */
import { ChevronRight } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { ReactElement } from 'react';
import type { OutlineItem } from '../document/language/outline.ts';
import { ask, useProblems } from './language.ts';

export function Trail({ offset, onGo }: { offset: number; onGo: (offset: number) => void }): ReactElement {
  const [items, setItems] = useState<OutlineItem[]>([]);
  // Judged anew is changed: the same caret may stand in something else.
  const problems = useProblems((state) => state.problems);
  useEffect(() => {
    let wanted = true;
    const timer = setTimeout(() => {
      void ask('trail', [offset]).then((found) => { if (wanted && found) setItems(found); });
    }, 80);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [offset, problems]);
  return (
    <nav className="trail" aria-label="Where the caret stands">
      {items.map((item, i) => (
        <span key={`${item.start} ${item.name}`} className="trail-part">{i > 0 ? <ChevronRight aria-hidden /> : null}<button type="button" className="cut" title={`${item.detail} ${item.name}`} onClick={() => { onGo(item.nameStart); }}>{item.name}</button></span>
      ))}
    </nav>
  );
}
