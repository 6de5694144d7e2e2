/** What can be done to a run: which actions make sense, what they ask first, and what was asked of the cluster. */
import { create } from 'zustand';
import { stringify } from 'yaml';
import type { Workflow } from '../../engine/spec/types.ts';
import type { RunAction } from '../../main/ipc/contract.ts';
import { invoke } from '../app/bridge.ts';
import { openDocument, openRun, placeOf, say, sayError, setUi, useUi } from '../app/store.ts';
import type { Counts } from '../document/model.ts';

/** Asked of the cluster and not yet seen to be done, by run: `Asked to stop`. */
export const useAsked = create<Record<string, string>>(() => ({}));

const WORD: Record<RunAction['action'], string> = { stop: 'stop', terminate: 'terminate', suspend: 'suspend', resume: 'resume', retry: 'retry', resubmit: 'resubmit', set: 'set the step', delete: 'delete' };

/** Sends an action; says so until the run shows it. */
export async function act(name: string, request: RunAction): Promise<void> {
  const place = placeOf(useUi.getState());
  const key = `${place.contextId}/${place.namespace}/${name}`;
  useAsked.setState({ [key]: `Asked the cluster to ${WORD[request.action]}` });
  try {
    const result = await invoke('runs.act', { ...place, name, request });
    if (request.action === 'resubmit' && result.name !== undefined) {
      say('done', `Started ${result.name}.`);
      openRun(result.name);
    }
    if (request.action === 'delete') {
      if (useUi.getState().run === name) setUi({ run: undefined, step: undefined });
      say('done', `Deleted ${name}.`);
    }
  } catch (error) {
    sayError(`${name} did not ${WORD[request.action]}`, error);
  } finally {
    // Stop and terminate take as long as the Pods need: the run's phase ends the word.
    if (request.action !== 'stop' && request.action !== 'terminate') settled(key);
    else setTimeout(() => { settled(key); }, 60_000);
  }
}

export function settled(key: string): void {
  const rest = { ...useAsked.getState() };
  delete rest[key];
  useAsked.setState(rest, true);
}

/** Asks first, naming what, where and what becomes of it. */
export function askTo(action: 'stop' | 'terminate' | 'delete' | 'retry' | 'resubmit', name: string, counts: Counts, more: { from?: { nodeName: string; title: string } } = {}): void {
  const state = useUi.getState();
  const context = state.contexts?.find((each) => each.id === state.contextId);
  const where = `in namespace ${placeOf(state).namespace} of ${context?.name ?? state.contextId}`;
  const body = consequence(action, where, counts, more.from?.title);
  const verb = { stop: 'Stop', terminate: 'Terminate', delete: 'Delete', retry: 'Retry', resubmit: 'Run again' }[action];
  const danger = action === 'stop' || action === 'terminate' || action === 'delete';
  const request: RunAction = action === 'retry' && more.from ? { action, restartSuccessful: true, nodeFieldSelector: `name=${more.from.nodeName}` } : { action };
  setUi({ confirm: { title: `${verb} ${name}?`, body, action: verb, danger, ...(danger && context?.production ? { typed: name } : {}), run: () => void act(name, request) } });
}

/** What an action does to what, in words. */
function consequence(action: 'stop' | 'terminate' | 'delete' | 'retry' | 'resubmit', where: string, counts: Counts, from: string | undefined): string {
  const steps = (n: number): string => `${n} ${n === 1 ? 'step' : 'steps'}`;
  const running = (counts.Running ?? 0) + (counts.Pending ?? 0);
  const kept = counts.Succeeded ?? 0;
  const again = (counts.Failed ?? 0) + (counts.Error ?? 0);
  return {
    stop: `No new step starts ${where}; ${running ? `${steps(running)} that run are ended` : 'nothing runs now'}, then exit handlers run.`,
    terminate: `Everything ends at once ${where}${running ? `: ${steps(running)} are killed` : ''}. Exit handlers do not run.`,
    delete: `The run ${where} goes, with its Pods and their logs. This cannot be undone.`,
    retry: from !== undefined ? `${from} and what follows it run again ${where}; the other steps keep their results.` : `${again ? steps(again) : 'The steps'} that failed run again ${where}; ${kept ? `${steps(kept)} that succeeded keep their results` : 'the rest follows'}.`,
    resubmit: `A new run with the same parameters starts ${where}. This one stays as it is.`,
  }[action];
}

/** The workflow as it could be submitted again: what the cluster added is left out. */
export function manifestOf(workflow: Workflow): string {
  const { name, generateName, labels, annotations } = workflow.metadata;
  const own = Object.fromEntries(Object.entries(labels ?? {}).filter(([key]) => !key.startsWith('workflows.argoproj.io/')));
  const notes = Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => !key.startsWith('workflows.argoproj.io/pod-name') && !key.startsWith('kubectl.kubernetes.io/')));
  const metadata = {
    ...(generateName === undefined ? { generateName: `${name ?? 'workflow'}-` } : { generateName }),
    ...(Object.keys(own).length ? { labels: own } : {}), ...(Object.keys(notes).length ? { annotations: notes } : {}),
  };
  const spec = { ...workflow.spec };
  delete spec.shutdown;
  delete spec.suspend;
  return stringify({ apiVersion: workflow.apiVersion ?? 'argoproj.io/v1alpha1', kind: workflow.kind ?? 'Workflow', metadata, spec }, { lineWidth: 0 });
}

export function openInDesigner(workflow: Workflow): void {
  openDocument({ title: `${workflow.metadata.name ?? 'workflow'}.yaml`, text: manifestOf(workflow) });
}

/** @returns why the user may not change runs here, or undefined when they may */
export function cannotChange(may: Readonly<Record<string, boolean>> | undefined): string | undefined {
  if (!may) return undefined;
  const verb = ['patch workflows', 'update workflows'].find((each) => may[each] === false);
  return verb === undefined ? undefined : `You may not ${verb} here`;
}
