/** What can be added: kinds of templates, the templates of this file, and snippets. */
import type { ReactElement } from 'react';
import type { StepKind } from '../document/model.ts';
import { templateKind } from '../document/projection.ts';
import { KindMark } from '../monitor/graph-parts.tsx';
import { Tip } from '../ui/parts.tsx';
import { objectOf, useDesigner } from './session.ts';

const KINDS: readonly { kind: StepKind; title: string; note?: string }[] = [
  { kind: 'container', title: 'Container' }, { kind: 'script', title: 'Script' }, { kind: 'resource', title: 'Resource', note: 'apply, wait' }, { kind: 'dag', title: 'DAG' }, { kind: 'steps', title: 'Steps' },
  { kind: 'suspend', title: 'Suspend', note: 'approval' }, { kind: 'http', title: 'HTTP' },
];

export function AddPane({ iconsOnly, width }: { iconsOnly: boolean; width: number }): ReactElement {
  const templates = useDesigner((state) => objectOf(state)?.spec.templates);
  return (
    <section className="pane add-pane" data-icons={iconsOnly || undefined} style={{ width: iconsOnly ? 52 : width }} aria-label="Add" data-pane>
      <h2 className="sec-title">Add</h2>
      {KINDS.map(({ kind, title, note }) => <Entry key={kind} kind={kind} title={title} note={note} iconsOnly={iconsOnly} />)}
      {templates?.length ? <h3 className="sec">In this file</h3> : null}
      {templates?.map((template, i) => <Entry key={`${template.name ?? ''} ${i}`} kind={templateKind(template)} title={template.name ?? 'unnamed'} note={undefined} iconsOnly={iconsOnly} />)}
    </section>
  );
}

function Entry({ kind, title, note, iconsOnly }: { kind: StepKind; title: string; note: string | undefined; iconsOnly: boolean }): ReactElement {
  const button = <button type="button" className="add-entry" aria-label={`Add ${title}`}><KindMark kind={kind} />{iconsOnly ? null : <><span className="cut">{title}</span>{note === undefined ? null : <small>{note}</small>}</>}</button>;
  return iconsOnly ? <Tip words={title} side="right">{button}</Tip> : button;
}
