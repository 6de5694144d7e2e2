import { Check, Unlink } from 'lucide-react';
import type { ReactElement } from 'react';
import type { TaskResult } from '../../engine/template/depends.ts';
import type { SketchEdge } from '../document/sketch.ts';
import { Menu } from '../ui/overlays.tsx';
import type { MenuItem } from '../ui/overlays.tsx';
import { deleteChosen } from './actions.ts';
import { run, select, templatePlace, useDesigner } from './session.ts';

/** Results that a dependency can wait for, in words. Argo: TaskResult. */
const RESULTS: readonly [TaskResult, string][] = [
  ['Succeeded', 'it succeeded'], ['Failed', 'it failed'], ['Errored', 'it could not run'], ['Skipped', 'it was skipped'], ['Omitted', 'it was left out'], ['Daemoned', 'its daemon runs'], ['AnySucceeded', 'any item of its loop succeeded'], ['AllFailed', 'all items of its loop failed'],
];

/** @returns the choices of what an edge waits for */
export function edgeItems(edge: SketchEdge): (MenuItem | 'line')[] {
  const set = (result: TaskResult | undefined) => (): void => {
    const place = templatePlace();
    if (typeof place !== 'string') void run({ ...place, type: 'setCondition', from: edge.source, to: edge.target, result });
  };
  const now = edge.results.length === 1 ? edge.results[0] : undefined;
  return [
    { id: 'good', label: 'when it ended well', icon: edge.results.length === 0 ? <Check aria-hidden /> : <i className="no-icon" />, run: set(undefined) },
    ...RESULTS.map(([result, words]): MenuItem => ({ id: result, label: `when ${words}`, icon: now === result ? <Check aria-hidden /> : <i className="no-icon" />, run: set(result) })),
    'line',
    { id: 'delete', label: 'Wait no longer', icon: <Unlink aria-hidden />, keys: 'Delete', danger: true, run: () => { select([]); useDesigner.setState({ edge: edge.id }); deleteChosen(); } },
  ];
}

/** The results an edge waits for, as a button that changes them. */
export function EdgeLabel({ edge }: { edge: SketchEdge }): ReactElement {
  const words = edge.results.length ? edge.results.join(' or ') : 'ended well';
  return <Menu items={edgeItems(edge)} align="start"><button type="button" className="badge edge-button" aria-label={`${edge.target} waits for ${edge.source}: ${words}`}>{words}</button></Menu>;
}
