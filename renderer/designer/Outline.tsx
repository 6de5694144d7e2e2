import type { ReactElement } from 'react';
import { sketchOf, useDesigner } from './session.ts';

export function Outline(): ReactElement {
  const model = useDesigner(sketchOf);
  return <ul>{model.nodes.map((node) => <li key={node.id}>{node.name}</li>)}</ul>;
}
