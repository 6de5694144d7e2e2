/** What a person does to a run: as the argo CLI would, on our runs and on others'. */
import type { RunAction } from '../api.ts';
import { AppError } from '../spec/error.ts';
import type { Workflow } from '../spec/types.ts';
import type { EngineShared, NamespaceEngine } from './namespace.ts';

export async function actOn(namespace: NamespaceEngine, _shared: EngineShared, name: string, action: RunAction): Promise<Workflow | undefined> {
  switch (action.action) {
    case 'stop':
    case 'terminate':
      return namespace.change(name, (run) => ({ ...run, spec: { ...run.spec, shutdown: action.action === 'stop' ? 'Stop' : 'Terminate' } }));
    case 'suspend':
      return namespace.change(name, (run) => ({ ...run, spec: { ...run.spec, suspend: true } }));
    case 'delete':
      await namespace.remove(name);
      return undefined;
    default:
      throw new AppError('unsupported', action.action);
  }
}
