/** What was made of a folder of manifests, before it is opened: the order, what becomes a parameter, what to look at. */
import { TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import type { ReactElement } from 'react';
import type { FromManifests, ManifestGroup, ManifestNotice } from '../../main/ipc/contract.ts';
import { asUiError, invoke } from '../app/bridge.ts';
import { guardUnsaved } from '../app/commands.ts';
import { openDocument, setUi } from '../app/store.ts';
import { Dialog } from '../ui/overlays.tsx';
import { Button } from '../ui/parts.tsx';

const KIND = { files: 'a folder of manifests', helm: 'a Helm chart', kustomize: 'a Kustomize folder', jsonnet: 'a Jsonnet application', ksonnet: 'a ksonnet application' } as const;

export function FromManifestsDialog({ made }: { made: FromManifests }): ReactElement {
  const [namespaces, setNamespaces] = useState(true);
  const [problem, setProblem] = useState<string>();
  const close = (): void => { setUi({ fromManifests: undefined }); };
  const open = (): void => {
    close();
    guardUnsaved(() => { openDocument({ title: `${made.name}.yaml`, text: made.text }); });
  };
  const again = (createNamespaces: boolean): void => {
    setNamespaces(createNamespaces);
    invoke('manifests.generate', { handle: made.handle, createNamespaces }).then(
      (fromManifests) => { if (fromManifests) setUi({ fromManifests }); },
      (error: unknown) => { setProblem(asUiError(error).message); },
    );
  };
  const objects = made.groups.flatMap((group) => group.rows.flatMap((row) => row.objects)).length;
  const errors = made.notices.filter((notice) => notice.severity === 'error').length;
  const words = made.text === '' ? `${made.name} is ${KIND[made.kind]}.` : `${made.name} is ${KIND[made.kind]}: ${counted(objects, 'object')} in ${counted(made.groups.length, 'group')}, ${counted(made.parameters.length, 'parameter')}.`;
  return (
    <Dialog
      title="New workflow from manifests" description={words} wide onClose={close}
      footer={(
        <>
          <label className="check grow"><input type="checkbox" checked={namespaces} onChange={(event) => { again(event.target.checked); }} />Create the namespaces they name</label>
          <Button onClick={close} autoFocus={made.text === ''}>Cancel</Button>
          <Button kind="primary" onClick={open} autoFocus={made.text !== ''} unable={made.text === '' ? `${counted(errors, 'error')} to mend first` : undefined}>Open in the designer</Button>
        </>
      )}
    >
      <div className="manifests">
        {problem === undefined ? null : <div className="note c-Failed" role="alert">{problem}</div>}
        {made.notices.length ? <Notices notices={made.notices} /> : null}
        {made.groups.length ? <section><h3 className="sec">Applied in this order</h3><ol>{made.groups.map((group) => <Group key={group.name} group={group} />)}</ol></section> : null}
        {made.parameters.length ? (
          <section>
            <h3 className="sec">Parameters</h3>
            <table><tbody>{made.parameters.map((parameter) => <tr key={parameter.name}><th scope="row">{parameter.name}</th><td className="mono">{parameter.value}</td><td className="soft">{parameter.description}</td></tr>)}</tbody></table>
          </section>
        ) : null}
      </div>
    </Dialog>
  );
}

function Group({ group }: { group: ManifestGroup }): ReactElement {
  return (
    <li>
      <b>{group.name === '' ? 'manifests' : group.name}</b>
      {group.after.length ? <span className="soft"> after {group.after.map((name) => (name === '' ? 'manifests' : name)).join(', ')}</span> : null}
      <ol>{group.rows.map((row) => (
        <li key={row.objects.map((object) => `${object.kind} ${object.name}`).join()}><span className="soft">{row.stage}</span><span>{row.objects.map((object) => <span key={`${object.kind} ${object.name} ${object.place}`} className="chip" title={object.place}>{object.kind} <b className="strong">{object.name}</b></span>)}</span></li>
      ))}</ol>
    </li>
  );
}

function Notices({ notices }: { notices: readonly ManifestNotice[] }): ReactElement {
  return (
    <section aria-label="What to look at">
      <ul className="notices">{notices.map((notice, index) => (
        <li key={index} className={notice.severity === 'error' ? 'c-Failed' : 'c-Error'}>
          <TriangleAlert aria-label={notice.severity} />
          <span>{notice.place === '' ? null : <span className="mono">{notice.place} </span>}{notice.message}{notice.hint === undefined ? null : <span className="soft"> {notice.hint}</span>}</span>
        </li>
      ))}</ul>
    </section>
  );
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
