import { useMemo } from 'react';
import { additions } from './additions.ts';
import type { Addition } from './additions.ts';
import { objectOf, templateOnCanvas, useDesigner } from './session.ts';

/** @returns what can be added to the template on the canvas */
export function useAdditions(): Addition[] {
  const object = useDesigner(objectOf);
  const template = useDesigner((state) => templateOnCanvas(state)?.template);
  const objects = useDesigner((state) => state.objects);
  const outside = useDesigner((state) => state.outside);
  return useMemo(() => additions({ object, template, objects, outside: outside.values() }), [object, template, objects, outside]);
}
