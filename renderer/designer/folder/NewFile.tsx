import { useState } from 'react';
import type { ReactElement, SubmitEvent } from 'react';
import { Dialog } from '../../ui/overlays.tsx';
import { Button } from '../../ui/parts.tsx';
import { createFile, useFolder } from './store.ts';

type Kind = 'Workflow' | 'WorkflowTemplate' | 'ClusterWorkflowTemplate' | 'CronWorkflow';
const KINDS: readonly Kind[] = ['Workflow', 'WorkflowTemplate', 'ClusterWorkflowTemplate', 'CronWorkflow'];

/** Asks what the new file is called, below the folder, and what it will hold. */
export function NewFile({ onClose }: { onClose: () => void }): ReactElement {
  const name = useFolder((state) => state.folder?.name);
  const files = useFolder((state) => state.files);
  const [path, setPath] = useState('workflow.yaml');
  const [kind, setKind] = useState<Kind>('Workflow');
  const [problem, setProblem] = useState<string>();
  const whole = /\.ya?ml$/i.test(path.trim()) ? path.trim() : `${path.trim()}.yaml`;
  const unable = path.trim() === '' ? 'It needs a name' : files.has(whole) ? `${whole} is there already` : undefined;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (unable !== undefined) return;
    void createFile(whole, textOf(kind, whole)).then((refused) => {
      if (refused === undefined) onClose();
      else setProblem(refused);
    });
  };
  return (
    <Dialog title={`New file in ${name ?? ''}`} onClose={onClose} footer={<><Button onClick={onClose}>Cancel</Button><Button kind="primary" type="submit" form="new-file" unable={unable}>Make it</Button></>}>
      <form id="new-file" className="pass-on" onSubmit={submit}>
        <label className="asked-line"><span>Path below the folder</span><input className="field mono" value={path} autoFocus onFocus={(event) => { event.target.setSelectionRange(0, path.lastIndexOf('.')); }} onChange={(event) => { setPath(event.target.value); setProblem(undefined); }} /></label>
        <label className="asked-line"><span>It holds a</span><select className="field" value={kind} onChange={(event) => { setKind(event.target.value as Kind); }}>{KINDS.map((each) => <option key={each}>{each}</option>)}</select></label>
        {problem === undefined ? null : <div className="note c-Failed" role="alert">{problem}</div>}
      </form>
    </Dialog>
  );
}

/** The least of each kind that has its first template on the canvas. */
function textOf(kind: Kind, path: string): string {
  const base = path.slice(path.lastIndexOf('/') + 1).replace(/\.ya?ml$/i, '').toLowerCase().replace(/[^a-z0-9-]+/g, '-').replace(/^-+|-+$/g, '') || 'my-workflow';
  const spec = ['entrypoint: main', 'templates:', '- name: main', '  dag:', '    tasks: []'];
  const indented = (lines: readonly string[], by: string): string => lines.map((line) => `${by}${line}\n`).join('');
  const head = `apiVersion: argoproj.io/v1alpha1\nkind: ${kind}\nmetadata:\n  ${kind === 'Workflow' ? `generateName: ${base}-` : `name: ${base}`}\nspec:\n`;
  return kind === 'CronWorkflow' ? `${head}  schedules:\n  - "0 3 * * *"\n  workflowSpec:\n${indented(spec, '    ')}` : `${head}${indented(spec, '  ')}`;
}
