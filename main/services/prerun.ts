/** Before the run: what a workflow would do, and what its cluster would refuse. */
import { simulate } from '../../engine/index.ts';
import { AppError } from '../../engine/spec/error.ts';
import { readManifests } from '../../engine/spec/read.ts';
import type { Workflow } from '../../engine/spec/types.ts';
import type { Contexts } from './contexts.ts';
import type { Handlers, Sources } from './service.ts';

/** Milliseconds that a simulation waits for its context: it goes on without, knowing no templates. */
const PATIENCE_MS = 3000;

export function prerunHandlers(contexts: Pick<Contexts, 'engine'>): Handlers<'runs.dryRun'> {
  return {
    'runs.dryRun': async ({ contextId, namespace, text, parameters }) => await (await contexts.engine(contextId)).dryRun(runnable(text), { namespace, parameters }),
  };
}

export function prerunSources(contexts: Pick<Contexts, 'engine'>, now: () => number): Sources<'runs.simulate'> {
  return {
    'runs.simulate': {
      open: async ({ contextId, namespace, text, parameters, rules, duration }, sink, signal) => {
        const workflow = runnable(text);
        const engine = await withinPatience(contexts.engine(contextId));
        const options = { namespace, parameters, rules, duration, now: now(), signal };
        for await (const item of engine ? engine.simulate(workflow, options) : simulate(workflow, options)) {
          if (signal.aborted) return;
          sink.push(item);
          await sink.drained();
        }
      },
      merge: (older, newer) => ({ ...newer, frames: [...older.frames, ...newer.frames] }),
    },
  };
}

/** @returns what the promise brings, or undefined when it fails or takes too long */
async function withinPatience<T>(promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => { timer = setTimeout(resolve, PATIENCE_MS, undefined); });
  return await Promise.race([promise.catch(() => undefined), late]).finally(() => { clearTimeout(timer); });
}

/** @returns the first workflow of a text; of a template or a schedule, what it would run. Throws `invalid` when there is none. */
function runnable(text: string): Workflow {
  for (const manifest of readManifests(text).manifests) {
    if (manifest.kind === 'other' || !manifest.readable) continue;
    if (manifest.kind === 'Workflow') return manifest.object;
    const spec = manifest.kind === 'CronWorkflow' ? manifest.object.spec.workflowSpec : manifest.object.spec;
    const { name } = manifest.object.metadata;
    return { metadata: { ...(name !== undefined && { generateName: `${name}-` }) }, spec };
  }
  throw new AppError('invalid', 'There is no workflow in this text.', { hint: 'A workflow has `kind: Workflow` and `apiVersion: argoproj.io/v1alpha1`.' });
}
