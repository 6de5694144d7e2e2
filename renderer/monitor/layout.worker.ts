import { layout } from '../document/layout.ts';
import type { LayoutInput } from '../document/layout.ts';

self.onmessage = (event: MessageEvent<{ id: number; input: LayoutInput }>) => {
  const { id, input } = event.data;
  self.postMessage({ id, result: layout(input) });
};
