import { Command } from 'cmdk';
import { Popover } from 'radix-ui';
import type { ReactElement } from 'react';
import { KindMark } from '../monitor/graph-parts.tsx';
import { add } from './actions.ts';
import { additions } from './additions.ts';
import { canvasView, setMode, useMode } from './mode.ts';
import { objectOf, useDesigner } from './session.ts';

/** The list of what can be added, at the place where it will go; a few letters find it. */
export function QuickAdd(): ReactElement | null {
  const adding = useMode((state) => state.adding);
  const object = useDesigner(objectOf);
  if (!adding) return null;
  const close = (): void => {
    setMode({});
    canvasView()?.focus();
  };
  const all = additions(object);
  const { after, between } = adding.where;
  const words = between ? `Between ${between.from} and ${between.to}` : after?.length ? `After ${after.join(', ')}` : 'Add';
  return (
    <Popover.Root open onOpenChange={(open) => { if (!open) close(); }}>
      <Popover.Anchor asChild><span className="anchor-point" style={{ left: adding.at.x, top: adding.at.y }} /></Popover.Anchor>
      <Popover.Portal>
        <Popover.Content className="menu quick-add" align="start" sideOffset={6} collisionPadding={12} aria-label={words} onCloseAutoFocus={(event) => { event.preventDefault(); }}>
          <Command label={words} loop>
            <Command.Input autoFocus placeholder={words} className="field" />
            <Command.List>
              <Command.Empty className="label">Nothing is called so.</Command.Empty>
              {(['Kinds', 'In this file', 'Snippets'] as const).map((group) => (
                <Command.Group key={group} heading={group}>
                  {all.filter((each) => each.group === group).map((each) => (
                    <Command.Item key={each.id} value={`${each.title} ${each.id}`} onSelect={() => { close(); add(each, adding.where); }}><KindMark kind={each.kind} /><span className="cut grow">{each.title}</span>{each.note === undefined ? null : <small className="soft">{each.note}</small>}</Command.Item>
                  ))}
                </Command.Group>
              ))}
            </Command.List>
          </Command>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
