import { useMemo } from 'react';
import { additions } from './additions.ts';
import type { Addition } from './additions.ts';
import { objectOf, outsideOnCanvas, templateOnCanvas, useDesigner } from './session.ts';

/** @returns what can be added to the template on the canvas */
export function useAdditions(): Addition[] {
  // What stands in another object is not of this file.
  const object = useDesigner((state) => (outsideOnCanvas(state) ? undefined : objectOf(state)));
  const template = useDesigner((state) => (outsideOnCanvas(state) ? undefined : templateOnCanvas(state)?.template));
  const objects = useDesigner((state) => state.objects);
  const outside = useDesigner((state) => state.outside);
  return useMemo(() => additions({ object, template, objects, outside: outside.values() }), [object, template, objects, outside]);
}
