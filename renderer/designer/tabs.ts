/** The views of a template, in the order of their tabs. A further view is a further entry. */
import type { ReactElement } from 'react';
import { Canvas } from './Canvas.tsx';
import { Outline } from './Outline.tsx';
import { Resolved } from './simulate/Resolved.tsx';
import { Simulate } from './simulate/Simulate.tsx';
import { TryOut } from './simulate/TryOut.tsx';

export interface DesignerTab {
  id: string;
  title: string;
  View: () => ReactElement;
}

export const TABS: readonly DesignerTab[] = [
  { id: 'canvas', title: 'Canvas', View: Canvas },
  { id: 'outline', title: 'Outline', View: Outline },
  { id: 'resolved', title: 'Resolved', View: Resolved },
  { id: 'simulate', title: 'Simulate', View: Simulate },
  { id: 'try-out', title: 'Try out', View: TryOut },
];
