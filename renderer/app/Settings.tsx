/** The room of settings. */
import { RadioGroup } from 'radix-ui';
import { useCallback, useEffect, useState } from 'react';
import type { ReactElement } from 'react';
import type { ContextSummary, VerbResponses } from '../../main/ipc/contract.ts';
import { sizeWords } from '../ui/bytes.ts';
import { Button } from '../ui/parts.tsx';
import { asUiError, invoke } from './bridge.ts';
import type { UiError } from './bridge.ts';
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
      {context ? <Repository key={context.id} context={context} /> : null}
      <KeptLogs />
      <section>
        <h2>About</h2>
        <dl className="kv"><dt>Tiphys</dt><dd>{info?.version ?? '…'}</dd><dt>Electron</dt><dd>{info?.electron ?? '…'}</dd><dt>Data</dt><dd className="mono">{info?.dataDir ?? '…'}</dd></dl>
      </section>
    </div>
  );
}

const EXAMPLE = 's3:\n  endpoint: minio.storage:9000\n  bucket: artifacts\n  insecure: true\n  accessKeySecret: {name: minio, key: accesskey}\n  secretKeySecret: {name: minio, key: secretkey}';

/** Where artifacts go in namespaces that do not say. Read when it is shown; written when it is right. */
function Repository({ context: { id, name, kind } }: { context: ContextSummary }): ReactElement {
  const [saved, setSaved] = useState<string>();
  const [text, setText] = useState('');
  const [error, setError] = useState<UiError>();
  useEffect(() => {
    let gone = false;
    invoke('settings.get', undefined).then((values) => {
      const texts = values['artifacts.repository'] as Record<string, string> | undefined;
      if (gone) return;
      setSaved(texts?.[id] ?? '');
      setText(texts?.[id] ?? '');
    }, () => { if (!gone) setSaved(''); });
    return () => { gone = true; };
  }, [id]);
  const save = (): void => {
    invoke('settings.repository', { contextId: id, text }).then(() => {
      setSaved(text);
      setError(undefined);
      say('done', text.trim() === '' ? `${name} has no artifact repository of its own.` : `Steps in ${name} keep their artifacts there from now on.`);
    }, (reason: unknown) => { setError(asUiError(reason)); });
  };
  return (
    <section>
      <h2>Artifact repository of {name}</h2>
      <p className="soft">For its namespaces without a ConfigMap <span className="mono">artifact-repositories</span>, written as an entry of one. {kind === 'local' ? 'Without it artifacts are kept in a folder of this machine.' : 'Without it a step that hands on artifacts has to say where they go.'} The Secrets are those of the run's namespace.</p>
      <textarea className="field mono" rows={7} spellCheck={false} aria-label={`Artifact repository of ${name}`} aria-invalid={error !== undefined} aria-describedby={error ? 'repository-error' : undefined} placeholder={EXAMPLE} disabled={saved === undefined} value={text} onChange={(event) => { setText(event.target.value); }} />
      {error ? <p id="repository-error" className="wrong text" role="alert">{error.message}{error.hint === undefined ? null : <span className="soft hint-lines">{error.hint}</span>}</p> : null}
      <div className="acts"><Button unable={text === saved ? 'Nothing was changed' : undefined} onClick={save}>Save</Button></div>
    </section>
  );
}

const MIB = 1024 * 1024;

/** Logs that outlive their Pods: how much they take, how much they may, and their end. */
function KeptLogs(): ReactElement {
  const [use, setUse] = useState<VerbResponses['logs.use']>();
  const [error, setError] = useState<UiError>();
  const [limit, setLimit] = useState<string>();
  const look = useCallback((): void => {
    invoke('logs.use', undefined).then((value) => { setUse(value); setError(undefined); }, (reason: unknown) => { setError(asUiError(reason)); });
  }, []);
  useEffect(look, [look]);
  const shown = limit ?? (use ? String(Math.round(use.limit / MIB)) : '');
  const wrong = limit !== undefined && !/^[1-9]\d{0,6}$/.test(limit.trim()) ? 'A whole number of MiB, 1 or more' : undefined;
  const saveLimit = (): void => {
    invoke('settings.set', { key: 'logs.limit', value: Number(shown) }).then(() => { setLimit(undefined); look(); say('done', 'The limit is kept; the oldest logs go when it is reached.'); }, (reason: unknown) => { sayError('The limit was not kept', reason); });
  };
  const clear = (): void => {
    const run = (): void => { invoke('logs.clear', undefined).then(() => { look(); say('done', 'The kept logs are deleted.'); }, (reason: unknown) => { sayError('The kept logs were not deleted', reason); }); };
    const count = use ? `${use.files.toLocaleString('en')} kept ${use.files === 1 ? 'log' : 'logs'}` : 'kept logs';
    setUi({ confirm: { title: `Delete ${count}?`, action: 'Delete', danger: true, run, body: 'Logs of steps whose Pods are gone can then be read only where they were archived. It is for all contexts of this machine; nothing in a cluster is changed.' } });
  };
  return (
    <section>
      <h2>Kept logs</h2>
      <p className="soft">Logs of steps that ended are kept on this machine, so that they outlive their Pods. The oldest go first.</p>
      {error ? <p className="wrong text" role="alert">What they take could not be read: {error.message}</p> : (
        <p aria-live="polite">{use ? <><b className="strong">{sizeWords(use.bytes)}</b> in {use.files.toLocaleString('en')} {use.files === 1 ? 'log' : 'logs'}</> : 'Counting'}</p>
      )}
      <div className="acts">
        <label className="limit">At most <input className="field" inputMode="numeric" aria-label="Limit of kept logs for each context, in MiB" aria-invalid={wrong !== undefined} value={shown} disabled={!use} onChange={(event) => { setLimit(event.target.value); }} /> MiB for each context</label>
        <Button unable={wrong ?? (limit === undefined || limit === String(Math.round((use?.limit ?? 0) / MIB)) ? 'Nothing was changed' : undefined)} onClick={saveLimit}>Save</Button>
        <span className="grow" />
        <Button kind="danger" unable={use?.files === 0 ? 'Nothing is kept' : undefined} onClick={clear}>Delete…</Button>
      </div>
    </section>
  );
}
