/** Templates of other files and of the cluster as the canvas and the palette need them: by kind and name, what is written here before what the cluster has. */
import { ARGO_API_VERSION } from '../../../engine/spec/types.ts';
import type { StoredObject } from '../../document/language/service.ts';
import type { DrawnObject } from '../../document/objects.ts';
import { useAround } from '../../editor/language.ts';
import { useUi } from '../../app/store.ts';
import { useClusterTexts, useFolder } from './store.ts';

/** A template outside the open file. */
export interface Outside {
  /** Its file, or the name that it has as an object of the cluster. */
  file: string;
  cluster: boolean;
  object: DrawnObject;
}

/** The name by which a template outside is known. */
export function outsideId(kind: string, name: string): string {
  return `${kind}/${name}`;
}

let known: ReadonlyMap<string, Outside> = new Map();
let changed: (outside: ReadonlyMap<string, Outside>) => void = () => undefined;

/** Tells what stands outside, now and whenever it changes. */
export function followOutside(tell: (outside: ReadonlyMap<string, Outside>) => void): void {
  changed = tell;
  tell(known);
}

function gather(): void {
  const { stored } = useAround.getState();
  const open = useUi.getState().document?.path;
  const found = new Map<string, Outside>();
  const cluster = useClusterTexts.getState().texts;
  const take = (file: string, objects: readonly StoredObject[], fromCluster: boolean): void => {
    for (const object of objects) {
      const id = outsideId(object.kind, object.name);
      if (object.spec && !found.has(id)) found.set(id, known.get(id)?.object.spec === object.spec ? known.get(id) as Outside : { file, cluster: fromCluster, object: drawn(object) });
    }
  };
  for (const file of useFolder.getState().files.keys()) if (file !== open) take(file, stored.get(file) ?? [], false);
  for (const file of cluster.keys()) take(file, stored.get(file) ?? [], true);
  known = found;
  changed(found);
}

/** What is drawn of it has no place in the open text. */
function drawn({ kind, name, spec = {} }: StoredObject): DrawnObject {
  return { document: -1, kind, name, annotations: {}, spec, workflow: { apiVersion: ARGO_API_VERSION, kind: 'Workflow', metadata: { name }, spec }, specPath: ['spec'], rangeOf: () => undefined };
}

useAround.subscribe((now, before) => { if (now.stored !== before.stored) gather(); });
useUi.subscribe((now, before) => { if (now.document?.path !== before.document?.path) gather(); });
