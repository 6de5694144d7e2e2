import { ContextMenu } from 'radix-ui';
import { useState } from 'react';
import type { ReactElement, ReactNode } from 'react';
import type { MenuItem } from '../ui/overlays.tsx';
import { Keys, landmark } from '../ui/parts.tsx';
import { action } from './actions.ts';
import { edgeItems } from './EdgeLabel.tsx';
import { canvasView } from './mode.ts';
import { edgeAt, taskAt } from './Over.tsx';
import { select, sketchOf, useDesigner } from './session.ts';

const OF_TASK = [['open', 'rename', 'add', 'connect', 'pass'], ['cut', 'copy', 'duplicate'], ['extract', 'inline', 'splice'], ['delete']];
const OF_CANVAS = [['add', 'paste', 'all'], ['find', 'tidy', 'places'], ['convert', 'entrypoint', 'up'], ['undo', 'redo']];

/** What can be done with what lies under the pointer. */
export function CanvasMenu({ children }: { children: ReactNode }): ReactElement {
  const [items, setItems] = useState<(MenuItem | 'line')[]>([]);
  const open = (at: { x: number; y: number }): void => {
    const task = taskAt(at);
    const edge = task === undefined ? sketchOf(useDesigner.getState()).edges.find((each) => each.id === edgeAt(at)) : undefined;
    if (task !== undefined && !useDesigner.getState().selection.includes(task)) select([task]);
    setItems(edge && !edge.hook ? edgeItems(edge) : actionItems(task === undefined ? OF_CANVAS : OF_TASK));
  };
  return (
    <ContextMenu.Root modal={false}>
      <ContextMenu.Trigger asChild onContextMenu={(event) => { open({ x: event.clientX, y: event.clientY }); }}>{children}</ContextMenu.Trigger>
      <ContextMenu.Portal container={landmark()}>
        <ContextMenu.Content className="menu" collisionPadding={8} onCloseAutoFocus={(event) => { event.preventDefault(); }}>
          {items.map((item, i) => (item === 'line' ? <ContextMenu.Separator key={`line${i}`} asChild><hr /></ContextMenu.Separator> : (
            <ContextMenu.Item key={item.id} className={item.danger ? 'danger' : ''} disabled={item.unable !== undefined} title={item.unable} onSelect={item.run}>{item.icon}<span className="grow">{item.label}</span>{item.keys === undefined ? null : <Keys keys={item.keys} />}</ContextMenu.Item>
          )))}
        </ContextMenu.Content>
      </ContextMenu.Portal>
    </ContextMenu.Root>
  );
}

/** @returns the named actions as items of a menu, with a line between groups */
export function actionItems(groups: readonly (readonly string[])[]): (MenuItem | 'line')[] {
  return groups.flatMap((group, i): (MenuItem | 'line')[] => [...(i ? ['line' as const] : []), ...group.map((id): MenuItem => {
    const { title, keys, unable, run } = action(id);
    return { id, label: title, keys, unable: unable(), danger: id === 'delete', run: () => {
      canvasView()?.focus();
      requestAnimationFrame(run);
    } };
  })]);
}
