/** What a person does to CronWorkflows and templates. */
import { invoke } from '../app/bridge.ts';
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
      openDocument({ title: `${name}.yaml`, text, saved: text, origin: { ...place, text, ...(version !== undefined && { version }) } });
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
