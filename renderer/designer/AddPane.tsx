/** What can be added: dragged onto the canvas, or by a press behind what is selected. */
import type { ReactElement } from 'react';
import { KindMark } from '../monitor/graph-parts.tsx';
import { Tip } from '../ui/parts.tsx';
import { add } from './actions.ts';
import { additions } from './additions.ts';
import type { Addition } from './additions.ts';
import { beginDrag } from './drag.ts';
import { objectOf, useDesigner } from './session.ts';

export function AddPane({ iconsOnly, width }: { iconsOnly: boolean; width: number }): ReactElement {
  const object = useDesigner(objectOf);
  const all = additions(object);
  return (
    <section className="pane add-pane" data-icons={iconsOnly || undefined} style={{ width: iconsOnly ? 52 : width }} aria-label="Add" data-pane>
      <h2 className="sec-title">Add</h2>
      {(['Kinds', 'In this file', 'Snippets'] as const).map((group) => {
        const entries = all.filter((each) => each.group === group);
        return entries.length ? [group === 'Kinds' ? null : <h3 key={group} className="sec">{group}</h3>, ...entries.map((each) => <Entry key={each.id} addition={each} iconsOnly={iconsOnly} />)] : null;
      })}
    </section>
  );
}

function Entry({ addition, iconsOnly }: { addition: Addition; iconsOnly: boolean }): ReactElement {
  const { kind, title, note } = addition;
  const press = (): void => {
    const { selection, objects } = useDesigner.getState();
    if (objects.length) add(addition, selection.length ? { after: selection } : {});
  };
  const button = (
    <button type="button" className="add-entry" aria-label={iconsOnly ? `Add ${title}` : undefined} onPointerDown={(event) => { beginDrag({ addition }, event); }} onClick={press}>
      <KindMark kind={kind} />{iconsOnly ? null : <><span className="sr">Add </span><span className="cut">{title}</span>{note === undefined ? null : <small> {note}</small>}</>}
    </button>
  );
  return iconsOnly ? <Tip words={title} side="right">{button}</Tip> : button;
}
