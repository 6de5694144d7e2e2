import { ChevronDown, ChevronUp, X } from 'lucide-react';
import { useState } from 'react';
import type { ReactElement } from 'react';
import type { Sketch } from '../document/sketch.ts';
import { Button } from '../ui/parts.tsx';
import { canvasView, setMode, useMode } from './mode.ts';
import { select, useDesigner } from './session.ts';

/** Finds steps by name or by what they run, one after the other. */
export function Search({ model }: { model: Sketch }): ReactElement | null {
  const open = useMode((state) => state.searching ?? false);
  return open ? <SearchBox model={model} /> : null;
}

function SearchBox({ model }: { model: Sketch }): ReactElement {
  const [text, setText] = useState('');
  const now = useDesigner((state) => state.selection.at(-1));
  const wanted = text.trim().toLowerCase();
  const hits = (of: string): string[] => (of === '' ? [] : model.nodes.filter((node) => `${node.name} ${node.line}`.toLowerCase().includes(of)).map((node) => node.id));
  const found = hits(wanted);
  const at = found.indexOf(now ?? '');
  const go = (id: string | undefined): void => {
    if (id === undefined) return;
    select([id]);
    canvasView()?.reveal(id);
  };
  const step = (by: number): void => { go(found[(at + by + found.length) % Math.max(1, found.length)]); };
  const close = (): void => {
    setMode({});
    canvasView()?.focus();
  };
  return (
    <div className="canvas-search" role="search">
      <input
        className="field" autoFocus placeholder="Find a step" aria-label="Find a step" value={text} onChange={(event) => { setText(event.target.value); go(hits(event.target.value.trim().toLowerCase())[0]); }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') step(event.shiftKey ? -1 : 1);
          else if (event.key === 'Escape') close();
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      <span className="soft num" aria-live="polite">{wanted === '' ? '' : found.length ? `${at + 1}/${found.length}` : 'none'}</span>
      <Button kind="quiet" size="icon" tip="Previous" keys="Shift+Enter" onClick={() => { step(-1); }}><ChevronUp aria-hidden /></Button>
      <Button kind="quiet" size="icon" tip="Next" keys="Enter" onClick={() => { step(1); }}><ChevronDown aria-hidden /></Button>
      <Button kind="quiet" size="icon" tip="Close" onClick={close}><X aria-hidden /></Button>
    </div>
  );
}
