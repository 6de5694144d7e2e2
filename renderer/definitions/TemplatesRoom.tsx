import { Layers, Pencil, Play, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { ReactElement } from 'react';
import { guardUnsaved } from '../app/commands.ts';
import { openDocument, useUi } from '../app/store.ts';
import { Button, EmptyState, useNow } from '../ui/parts.tsx';
import { age, exact } from '../ui/time.ts';
import { askToDelete, edit } from './actions.ts';
import { DefinitionsRoom } from './DefinitionsRoom.tsx';
import { useDefinitions } from './live.ts';
import type { Definition } from './live.ts';
import { Parameters } from './Parameters.tsx';
import { RunDefinition } from './RunDefinition.tsx';

const NEW = `apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: my-template
  annotations:
    workflows.argoproj.io/description: What it is for
spec:
  entrypoint: main
  arguments:
    parameters:
    - name: message
      value: hello
  templates:
  - name: main
    container:
      image: busybox
      command: [echo]
      args: ["{{workflow.parameters.message}}"]
`;

const write = (): void => { guardUnsaved(() => { openDocument({ title: 'my-template.yaml', text: NEW }); }); };

/** WorkflowTemplates of the namespace and ClusterWorkflowTemplates: what runs can be made of, or refer to. */
export function TemplatesRoom(): ReactElement {
  const [kind, setKind] = useState<'WorkflowTemplate' | 'ClusterWorkflowTemplate'>(() => (useUi.getState().definition?.kind === 'ClusterWorkflowTemplate' ? 'ClusterWorkflowTemplate' : 'WorkflowTemplate'));
  const list = useDefinitions(kind);
  const crds = useUi((state) => state.permissions?.crds);
  const now = useNow(true, 30_000);
  return (
    <DefinitionsRoom
      title="Templates" nouns="templates" resource={kind === 'WorkflowTemplate' ? 'workflowtemplates' : 'clusterworkflowtemplates'} list={list} actions={<Button onClick={write}><Plus aria-hidden />New…</Button>}
      chips={(
        <div className="chips" role="group" aria-label="Scope">
          <button type="button" className="chip" aria-pressed={kind === 'WorkflowTemplate'} onClick={() => { setKind('WorkflowTemplate'); }}>of this namespace</button>
          <button type="button" className="chip" aria-pressed={kind === 'ClusterWorkflowTemplate'} onClick={() => { setKind('ClusterWorkflowTemplate'); }}>of the cluster</button>
        </div>
      )}
      row={(each) => <Row definition={each} now={now} />} detail={(each) => <Detail key={each.uid} definition={each} />}
      empty={(
        <EmptyState icon={<Layers aria-hidden />} title={kind === 'WorkflowTemplate' ? 'No templates in this namespace yet' : 'No templates of the cluster yet'} actions={<Button kind="primary" onClick={write}>Write one</Button>}>
          A template is written once and used by many workflows, or run as it is.{crds === false ? ' This cluster does not know the kind, so templates are kept on this machine.' : ''}
        </EmptyState>
      )}
    />
  );
}

function Row({ definition: { name, title, description, createdAt, parameters }, now }: { definition: Definition; now: number }): ReactElement {
  const about = title ?? description?.split('\n')[0];
  return (
    <>
      <Layers aria-hidden className="glyph soft" />
      <b className="cut" title={name}>{name}</b>
      <time title={exact(createdAt)}>{age(createdAt, now)}</time>
      <small className="cut" title={about}>{about ?? 'no description'}</small>
      <small className="cut">{parameters.length ? parameters.map((each) => each.name).join(', ') : 'no parameters'}</small>
    </>
  );
}

function Detail({ definition }: { definition: Definition }): ReactElement {
  const { kind, name, title, description, parameters, templates, entrypoint, createdAt } = definition;
  const [asking, setAsking] = useState(false);
  return (
    <>
      <header className="head plain">
        <div className="title">
          <h1 className="cut text" title={name}>{name}</h1>
          <span className="times">{kind === 'ClusterWorkflowTemplate' ? 'of the whole cluster' : ''}</span>
          <div className="acts">
            <Button unable={entrypoint === undefined ? 'It has no entrypoint: workflows refer to its templates' : undefined} onClick={() => { setAsking(true); }}><Play aria-hidden />Run…</Button>
            <Button onClick={() => { guardUnsaved(() => { edit(definition); }); }}><Pencil aria-hidden />Edit</Button>
            <Button kind="danger" size="icon" tip="Delete…" onClick={() => { askToDelete(definition); }}><Trash2 aria-hidden /></Button>
          </div>
        </div>
      </header>
      <div className="definition" tabIndex={0} role="group" aria-label={`About ${name}`}>
        {title === undefined ? null : <p><b>{title}</b></p>}
        {description === undefined ? null : <p className="soft text">{description}</p>}
        <section>
          <h2>Templates</h2>
          <p className="names">{templates.map((each) => <span key={each} className="mono" data-entry={each === entrypoint || undefined}>{each}{each === entrypoint ? ' · entrypoint' : ''}</span>)}</p>
        </section>
        <Parameters parameters={parameters} />
        <p className="soft">Made {exact(createdAt)}</p>
      </div>
      {asking ? <RunDefinition definition={definition} onClose={() => { setAsking(false); }} /> : null}
    </>
  );
}
