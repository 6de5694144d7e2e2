import type { ReactElement } from 'react';
import type { SketchEdge } from '../document/sketch.ts';

/** The results an edge waits for; none named means a good end. */
export function EdgeLabel({ edge }: { edge: SketchEdge; selected: boolean }): ReactElement {
  return <span className="badge">{edge.results.length ? edge.results.join(' or ') : 'a good end'}</span>;
}
