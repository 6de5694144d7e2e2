import { Command } from 'cmdk';
import { Popover } from 'radix-ui';
import { useState } from 'react';
import type { ReactElement } from 'react';
import { KindMark } from '../monitor/graph-parts.tsx';
import { fits, landmark } from '../ui/parts.tsx';
import { add } from './actions.ts';
import { useAdditions } from './addable.ts';
import { GROUPS } from './additions.ts';
import type { Addition } from './additions.ts';
import { canvasView, setMode, useMode } from './mode.ts';

/** A cluster can have thousands of templates: of those elsewhere only so many are offered at once. */
const MOST = 40;

function offered(all: readonly Addition[], group: Addition['group'], text: string): Addition[] {
  const own = all.filter((each) => each.group === group);
  const words = text.trim().toLowerCase();
  return own.length <= MOST ? own : own.filter(({ title, note = '' }) => `${title} ${note}`.toLowerCase().includes(words)).slice(0, MOST);
}

/** The list of what can be added, at the place where it will go; a few letters find it. */
export function QuickAdd(): ReactElement | null {
  const adding = useMode((state) => state.adding);
  const all = useAdditions();
  const [text, setText] = useState('');
  if (!adding) return null;
  const close = (): void => {
    setMode({});
    canvasView()?.focus();
  };
  const { after, between } = adding.where;
  const words = between ? `Between ${between.from} and ${between.to}` : after?.length ? `After ${after.join(', ')}` : 'Add';
  return (
    <Popover.Root open onOpenChange={(open) => { if (!open) close(); }}>
      <Popover.Anchor asChild><span className="anchor-point" style={{ left: adding.at.x, top: adding.at.y }} /></Popover.Anchor>
      <Popover.Portal container={landmark()}>
        <Popover.Content className="menu quick-add" align="start" sideOffset={6} collisionPadding={12} aria-label={words} onCloseAutoFocus={(event) => { event.preventDefault(); }}>
          <Command label={words} loop filter={fits}>
            <Command.Input autoFocus placeholder={words} className="field" value={text} onValueChange={setText} />
            <Command.List>
              <Command.Empty className="label">Nothing is called so.</Command.Empty>
              {GROUPS.map((group) => (
                <Command.Group key={group} heading={group}>
                  {offered(all, group, text).map((each) => (
                    <Command.Item key={each.id} value={`${each.title} ${each.id}`} onSelect={() => { close(); setText(''); void add(each, adding.where); }}><KindMark kind={each.kind} /><span className="cut grow">{each.title}</span>{each.note === undefined ? null : <small className="soft">{each.note}</small>}</Command.Item>
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
