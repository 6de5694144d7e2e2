/** What a person does to a run: as the argo CLI would, on our runs and on others'. */
import type { RunAction } from '../api.ts';
import { RESOURCE } from '../kube/port.ts';
import { resubmitWorkflow, resume, retryWorkflow, setOutputs, stop, suspend, terminate } from '../operate/commands.ts';
import type { NodeCommand } from '../operate/commands.ts';
import { AppError, isAppError } from '../spec/error.ts';
import { INSTANCE_ID, LABEL } from '../spec/types.ts';
import type { Workflow } from '../spec/types.ts';
import { sleep } from './clock.ts';
import type { EngineShared, NamespaceEngine } from './namespace.ts';
import { checkRun } from './submit.ts';

/** How long a retry waits for the old Pods to go: a little more than their usual grace period. */
const PODS_GONE_MS = 90_000;
const LOOK_MS = 250;

/** @returns the run as it is after the action; of a resubmit the new run, of a delete nothing */
export async function actOn(namespace: NamespaceEngine, shared: EngineShared, name: string, action: RunAction): Promise<Workflow | undefined> {
  const now = shared.clock.now();
  const by = action.actor === undefined ? {} : { actor: action.actor };
  switch (action.action) {
    case 'stop':
      return namespace.change(name, (run) => stop(run, { ...by, ...nodeCommand(action) }, now));
    case 'set':
      return namespace.change(name, (run) => setOutputs(run, { ...nodeCommand(action), parameters: action.outputs ?? {}, ...(action.phase && { phase: action.phase }) }, now));
    case 'terminate':
      return namespace.change(name, (run) => terminate(run, by));
    case 'suspend':
      return namespace.change(name, (run) => suspend(run, by));
    case 'resume':
      return namespace.change(name, (run) => resumed(run, action, now));
    case 'retry':
      return namespace.change(name, (run) => retried(run, action, shared, now));
    case 'resubmit':
      return resubmitted(namespace, shared, name, action);
    case 'delete':
      await namespace.remove(name);
      return undefined;
  }
}

function nodeCommand({ message, nodeFieldSelector }: { message?: string; nodeFieldSelector?: string }): NodeCommand {
  return { ...(message !== undefined && { message }), ...(nodeFieldSelector && { selector: nodeFieldSelector }) };
}

function resumed(run: Workflow, action: Extract<RunAction, { action: 'resume' }>, now: number): Workflow {
  const command: NodeCommand = { ...nodeCommand(action), ...(action.nodeId !== undefined && { selector: `id=${action.nodeId}` }) };
  const parameters = action.outputs ?? {};
  const filled = Object.keys(parameters).length ? setOutputs(run, { ...command, parameters }) : run;
  return resume(filled, action.actor === undefined ? command : { ...command, actor: action.actor, user: { User: action.actor } }, now);
}

async function retried(run: Workflow, action: Extract<RunAction, { action: 'retry' }>, shared: EngineShared, now: number): Promise<Workflow> {
  const { workflow, podsToDelete } = retryWorkflow(run, {
    ...(action.restartSuccessful !== undefined && { restartSuccessful: action.restartSuccessful }),
    ...(action.nodeFieldSelector && { selector: action.nodeFieldSelector }),
    ...(action.actor !== undefined && { actor: action.actor }),
    parameters: pairs(action.parameters),
  }, now);
  // A Pod under the name would be taken for the step's own: the run goes on when the old ones are gone.
  const namespace = run.metadata.namespace ?? '';
  await Promise.all(podsToDelete.map((pod) => shared.chores.run(`retry ${run.metadata.uid ?? ''}`, () => shared.actions.deletePod(namespace, pod))));
  const deadline = shared.clock.now() + PODS_GONE_MS;
  for (const pod of podsToDelete) {
    while (await exists(shared, namespace, pod)) {
      if (shared.clock.now() > deadline) throw new AppError('timeout', `The Pod ${pod} of the last try does not go.`, { retryable: true, hint: 'Its node may not answer; delete the Pod by force, then retry.' });
      await sleep(shared.clock, LOOK_MS);
    }
  }
  return workflow;
}

async function exists(shared: EngineShared, namespace: string, pod: string): Promise<boolean> {
  try {
    await shared.cluster.get(RESOURCE.pod, namespace, pod);
    return true;
  } catch (error) {
    if (isAppError(error, 'not-found')) return false;
    throw error;
  }
}

async function resubmitted(namespace: NamespaceEngine, shared: EngineShared, name: string, action: Extract<RunAction, { action: 'resubmit' }>): Promise<Workflow> {
  const suffix = shared.suffix();
  const next = resubmitWorkflow(await namespace.get(name), {
    memoized: action.memoized ?? false, parameters: pairs(action.parameters), suffix, ...(action.actor !== undefined && { creator: action.actor }),
  });
  const { generateName, ...metadata } = next.metadata;
  const run: Workflow = {
    ...next,
    metadata: {
      ...metadata, name: metadata.name ?? `${generateName ?? ''}${suffix}`, namespace: namespace.namespace,
      labels: { ...metadata.labels, [LABEL.instanceId]: INSTANCE_ID }, ...(generateName !== undefined && { generateName }),
    },
  };
  await checkRun(shared.definitions, run);
  return namespace.create(run);
}

function pairs(parameters: Readonly<Record<string, string>> | undefined): string[] {
  return Object.entries(parameters ?? {}).map(([name, value]) => `${name}=${value}`);
}
