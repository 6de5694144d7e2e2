/** CronWorkflows and templates of the place, as they are now. */
import { useEffect, useState } from 'react';
import type { StreamItems, StreamRequest } from '../../main/ipc/contract.ts';
import { subscribe } from '../app/bridge.ts';
import type { UiError } from '../app/bridge.ts';
import { usePlace } from '../app/store.ts';

export type DefinitionKind = StreamRequest<'definitions.list'>['kind'];
type Item = StreamItems['definitions.list'];
export type Definition = NonNullable<Item['change']>['upserts'][number];
export type Schedule = NonNullable<Definition['schedule']>;

export interface DefinitionList {
  /** By name; undefined until the first answer. */
  found: readonly Definition[] | undefined;
  watch: Item['watch'] | undefined;
  error: UiError | undefined;
}

const NO_LIST: DefinitionList = { found: undefined, watch: undefined, error: undefined };

/** Follows those of a kind while somebody looks. */
export function useDefinitions(kind: DefinitionKind): DefinitionList {
  const { contextId, namespace } = usePlace();
  const [list, setList] = useState(NO_LIST);
  useEffect(() => {
    setList(NO_LIST);
    return subscribe('definitions.list', { contextId, namespace, kind }, (item) => { setList((before) => next(before, item)); }, (error) => { setList((before) => ({ ...before, error })); });
  }, [contextId, namespace, kind]);
  return list;
}

function next(before: DefinitionList, { change, watch }: Item): DefinitionList {
  const list = { ...before, watch: watch ?? before.watch, error: undefined };
  if (!change) return list;
  const byName = new Map(change.reset ? [] : (before.found ?? []).map((each) => [each.name, each]));
  for (const name of change.removed) byName.delete(name);
  for (const each of change.upserts) byName.set(each.name, each);
  return { ...list, found: [...byName.values()].sort((a, b) => a.name.localeCompare(b.name)) };
}
