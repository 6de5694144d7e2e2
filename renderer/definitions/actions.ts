/** What a person does to CronWorkflows and templates. */
import { asUiError, invoke } from '../app/bridge.ts';
import { openDocument, placeOf, say, sayError, setUi, useUi } from '../app/store.ts';
import type { Definition, DefinitionKind } from './live.ts';

export const NOUN: Record<DefinitionKind, string> = { CronWorkflow: 'schedule', WorkflowTemplate: 'template', ClusterWorkflowTemplate: 'cluster template' };

export function suspend(name: string, suspended: boolean): void {
  invoke('definitions.suspend', { ...placeOf(useUi.getState()), name, suspended }).then(
    () => { say('done', suspended ? `${name} starts no further runs.` : `${name} starts runs again.`); },
    (error: unknown) => { sayError(`${name} was not ${suspended ? 'suspended' : 'resumed'}`, error); },
  );
}

/** Opens its YAML in the designer; saved, it goes back to where it came from. */
export function edit({ kind, name }: Pick<Definition, 'kind' | 'name'>, then?: () => void): void {
  const place = placeOf(useUi.getState());
  invoke('definitions.text', { ...place, kind, name }).then(
    ({ text, version }) => {
      openDocument({ title: `${name}.yaml`, text, saved: text, origin: { ...place, ...(version !== undefined && { version }) } });
      then?.();
    },
    (error: unknown) => { sayError(`${name} was not opened`, error); },
  );
}

/** Asks first, naming what goes, and from where. */
export function askToDelete({ kind, name }: Pick<Definition, 'kind' | 'name'>): void {
  const state = useUi.getState();
  const place = placeOf(state);
  const context = state.contexts?.find((each) => each.id === state.contextId);
  const where = kind === 'ClusterWorkflowTemplate' ? `of the whole cluster ${context?.name ?? place.contextId}` : `in namespace ${place.namespace} of ${context?.name ?? place.contextId}`;
  const rest = kind === 'CronWorkflow' ? 'Its runs go with it.' : 'Runs that have begun keep their copy; workflows that refer to it no longer start.';
  const run = (): void => {
    invoke('definitions.remove', { ...place, kind, name }).then(() => { say('done', `Deleted ${name}.`); }, (error: unknown) => { sayError(`${name} was not deleted`, error); });
  };
  setUi({ confirm: { title: `Delete ${name}?`, body: `The ${NOUN[kind]} ${where} goes. ${rest} This cannot be undone.`, action: 'Delete', danger: true, ...(context?.production ? { typed: name } : {}), run } });
}

/** Saves the open text as an object of the cluster: where it came from, or where the person is. */
export async function saveToCluster(): Promise<void> {
  const state = useUi.getState();
  const { document } = state;
  if (!document) return;
  const { contextId, namespace } = document.origin ?? placeOf(state);
  try {
    const saved = await invoke('definitions.save', { contextId, namespace, text: document.text, ...(document.origin?.version !== undefined && { version: document.origin.version }) });
    const now = useUi.getState().document;
    if (now?.id === document.id) setUi({ document: { ...now, ...(now.handle === undefined && { saved: document.text }), origin: { contextId, namespace, ...(saved.version !== undefined && { version: saved.version }) } } });
    const room = saved.kind === 'CronWorkflow' ? 'schedules' : 'templates';
    say('done', `${saved.created ? 'Created' : 'Saved'} ${saved.name}.`, { action: { label: 'Show', run: () => { setUi({ room, definition: { kind: saved.kind, name: saved.name } }); } } });
  } catch (error) {
    const { message, hint, diagnostics } = asUiError(error);
    const [first] = diagnostics as { message?: string }[];
    say('failed', `${document.title} was not saved to the cluster: ${message}`, { hint: first?.message ?? hint });
  }
}
