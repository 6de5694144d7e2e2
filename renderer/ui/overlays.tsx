/** Dialogs and menus over the accessible primitives. */
import { Dialog as Radix, DropdownMenu } from 'radix-ui';
import { useState } from 'react';
import type { ReactElement, ReactNode } from 'react';
import { Button, Keys, landmark } from './parts.tsx';

interface DialogProps {
  title: string;
  description?: ReactNode;
  wide?: boolean;
  onClose: () => void;
  footer?: ReactNode;
  children?: ReactNode;
}

export function Dialog({ title, description, wide, onClose, footer, children }: DialogProps): ReactElement {
  return (
    <Radix.Root open onOpenChange={(open) => { if (!open) onClose(); }}>
      <Radix.Portal>
        <Radix.Overlay className="overlay" />
        <Radix.Content className={wide ? 'dialog wide' : 'dialog'} {...(description === undefined ? { 'aria-describedby': undefined } : {})}>
          <header>
            <Radix.Title asChild><h2>{title}</h2></Radix.Title>
            {description === undefined ? null : <Radix.Description className="soft">{description}</Radix.Description>}
          </header>
          {children === undefined ? null : <div className="body">{children}</div>}
          {footer === undefined ? null : <footer>{footer}</footer>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

export interface Confirmation {
  title: string;
  /** What will happen to what, in which context and namespace. */
  body: ReactNode;
  /** The verb on the button. */
  action: string;
  danger?: boolean;
  /** Must be typed first: many runs, or a context marked production. */
  typed?: string;
  run: () => void;
}

export function Confirm({ ask, onClose }: { ask: Confirmation; onClose: () => void }): ReactElement {
  const [typed, setTyped] = useState('');
  const ready = ask.typed === undefined || typed === ask.typed;
  const go = (): void => {
    if (!ready) return;
    onClose();
    ask.run();
  };
  return (
    <Dialog
      title={ask.title} description={ask.body} onClose={onClose}
      footer={<><Button onClick={onClose}>Cancel</Button><Button kind={ask.danger ? 'danger primary' : 'primary'} unable={ready ? undefined : `Type ${ask.typed ?? ''} first`} onClick={go}>{ask.action}</Button></>}
    >
      {ask.typed === undefined ? undefined : (
        <label>Type <b className="strong">{ask.typed}</b> to go on
          <input className="field" value={typed} onChange={(event) => { setTyped(event.target.value); }} onKeyDown={(event) => { if (event.key === 'Enter') go(); }} autoFocus />
        </label>
      )}
    </Dialog>
  );
}

export interface MenuItem {
  id: string;
  label: string;
  icon?: ReactNode;
  keys?: string | undefined;
  danger?: boolean;
  /** Why it cannot be chosen. */
  unable?: string | undefined;
  run: () => void;
}

export function Menu({ items, children, align = 'end' }: { items: (MenuItem | 'line')[]; children: ReactNode; align?: 'start' | 'end' }): ReactElement {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{children}</DropdownMenu.Trigger>
      <DropdownMenu.Portal container={landmark()}>
        <DropdownMenu.Content className="menu" align={align} sideOffset={4} collisionPadding={8}>
          {items.map((item, i) => (item === 'line' ? <DropdownMenu.Separator key={`line${i}`} asChild><hr /></DropdownMenu.Separator> : (
            <DropdownMenu.Item key={item.id} className={item.danger ? 'danger' : ''} disabled={item.unable !== undefined} title={item.unable} onSelect={item.run}>
              {item.icon}<span className="grow">{item.label}</span>{item.keys === undefined ? null : <Keys keys={item.keys} />}
            </DropdownMenu.Item>
          )))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
