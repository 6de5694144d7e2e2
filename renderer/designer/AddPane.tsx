/** What can be added: dragged onto the canvas, or by a press behind what is selected. */
import { useState } from 'react';
import type { ReactElement } from 'react';
import { KindMark } from '../monitor/graph-parts.tsx';
import { Tip } from '../ui/parts.tsx';
import { addChosen } from './actions.ts';
import { useAdditions } from './addable.ts';
import { GROUPS } from './additions.ts';
import type { Addition } from './additions.ts';
import { beginDrag } from './drag.ts';

/** More templates than this can be found by their names. */
const MANY = 12;
/** Of one group so many are shown until somebody looks for one. */
const SHOWN = 30;

export function AddPane({ iconsOnly, width }: { iconsOnly: boolean; width: number }): ReactElement {
  const all = useAdditions();
  const [text, setText] = useState('');
  const findable = !iconsOnly && all.filter(({ group }) => group !== 'Kinds' && group !== 'Snippets').length > MANY;
  const words = findable ? text.trim().toLowerCase() : '';
  const fitting = words === '' ? all : all.filter(({ title, note = '' }) => `${title} ${note}`.toLowerCase().includes(words));
  return (
    <section className="pane add-pane" data-icons={iconsOnly || undefined} style={{ width: iconsOnly ? 52 : width }} aria-label="Add" data-pane>
      <h2 className="sec-title">Add</h2>
      {findable ? <input className="field" type="search" placeholder="Find a template" aria-label="Find what to add" value={text} onChange={(event) => { setText(event.target.value); }} onKeyDown={(event) => { if (event.key === 'Escape') setText(''); }} /> : null}
      {GROUPS.map((group) => {
        // As icons, templates of elsewhere cannot be told apart.
        const entries = iconsOnly && (group === 'In the folder' || group === 'In the cluster') ? [] : fitting.filter((each) => each.group === group);
        return entries.length ? [
          group === 'Kinds' ? null : <h3 key={group} className="sec">{group}</h3>, ...entries.slice(0, SHOWN).map((each) => <Entry key={each.id} addition={each} iconsOnly={iconsOnly} />),
          entries.length > SHOWN ? <p key={`${group} more`} className="soft add-more">and {(entries.length - SHOWN).toLocaleString('en')} more: find them by name</p> : null,
        ] : null;
      })}
      {fitting.length === 0 ? <p className="soft">Nothing is called so.</p> : null}
    </section>
  );
}

function Entry({ addition, iconsOnly }: { addition: Addition; iconsOnly: boolean }): ReactElement {
  const { kind, title, note } = addition;
  const button = (
    <button type="button" className="add-entry" aria-label={iconsOnly ? `Add ${title}` : undefined} title={iconsOnly || note === undefined ? undefined : `${title} · ${note}`} onPointerDown={(event) => { beginDrag({ addition }, event); }} onClick={() => { addChosen(addition); }}>
      <KindMark kind={kind} />{iconsOnly ? null : <><span className="sr">Add </span><span className="cut">{title}</span>{note === undefined ? null : <small> {note}</small>}</>}
    </button>
  );
  return iconsOnly ? <Tip words={title} side="right">{button}</Tip> : button;
}
