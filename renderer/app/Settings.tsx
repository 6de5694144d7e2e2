/** The room of settings. */
import { RadioGroup } from 'radix-ui';
import type { ReactElement } from 'react';
import { Button } from '../ui/parts.tsx';
import { invoke } from './bridge.ts';
import { STATE_WORD } from './Rail.tsx';
import { say, sayError, setUi, useUi } from './store.ts';
import type { Theme } from './store.ts';

const THEMES: [Theme, string][] = [['system', 'As the system'], ['light', 'Light'], ['dark', 'Dark'], ['contrast', 'High contrast']];

export function Settings(): ReactElement {
  const { theme, info, contexts, permissions, contextId } = useUi();
  const context = contexts?.find((each) => each.id === contextId);
  const install = (): void => {
    const run = (): void => {
      invoke('contexts.installCrds', { contextId }).then(() => { say('done', 'The Argo CRDs are installed.'); setUi({ permissions: undefined }); }, (error: unknown) => { sayError('The CRDs were not installed', error); });
    };
    const where = context?.name ?? contextId;
    setUi({ confirm: {
      title: `Install the Argo CRDs in ${where}?`, action: 'Install', run, ...(context?.production ? { typed: where } : {}),
      body: `Four kinds are added to the whole cluster ${where}: Workflow, WorkflowTemplate, ClusterWorkflowTemplate and CronWorkflow. Runs are then kept there and seen by kubectl and argo. Nothing that exists is changed.`,
    } });
  };
  return (
    <div className="settings" data-pane>
      <section>
        <h2>Theme</h2>
        <RadioGroup.Root className="radios" value={theme} onValueChange={(value) => { setUi({ theme: value as Theme }); }} aria-label="Theme">
          {THEMES.map(([id, words]) => <RadioGroup.Item key={id} value={id} className="chip">{words}</RadioGroup.Item>)}
        </RadioGroup.Root>
      </section>
      <section>
        <h2>Contexts</h2>
        <p className="soft">Read from your kubeconfig, never written. A new one appears here as soon as it is in the file; <span className="mono">KUBECONFIG</span> may name several files.</p>
        <div className="table-wrap">
          <table>
            <thead><tr><th>Name</th><th>State</th><th>Namespace</th><th>From</th></tr></thead>
            <tbody>{(contexts ?? []).map((each) => <tr key={each.id}><td>{each.name}</td><td>{STATE_WORD[each.state.state]}</td><td>{each.namespace}</td><td className="soft">{each.origin ?? (each.kind === 'local' ? each.note ?? 'built in' : '')}</td></tr>)}</tbody>
          </table>
        </div>
      </section>
      {permissions && context ? (
        <section>
          <h2>Runs in {context.name}</h2>
          <p className="soft">{permissions.store === 'cluster' ? 'Kept in the cluster as Workflow objects.' : `Kept on this machine. ${permissions.storeReason ?? ''}`}</p>
          {permissions.crds ? null : <Button onClick={install}>Install the Argo CRDs…</Button>}
        </section>
      ) : null}
      <section>
        <h2>About</h2>
        <dl className="kv"><dt>Tiphys</dt><dd>{info?.version ?? '…'}</dd><dt>Electron</dt><dd>{info?.electron ?? '…'}</dd><dt>Data</dt><dd className="mono">{info?.dataDir ?? '…'}</dd></dl>
      </section>
    </div>
  );
}
