import { CalendarClock, Layers, ListTree, PencilRuler, Settings, Sparkles } from 'lucide-react';
import { useRef } from 'react';
import type { KeyboardEvent, ReactElement } from 'react';
import type { ContextSummary } from '../../main/ipc/contract.ts';
import { Tip } from '../ui/parts.tsx';
import { keysOf } from './commands.ts';
import { chooseContext, setUi, useUi } from './store.ts';
import type { Room } from './store.ts';

const ROOMS: { room: Room; title: string; Icon: typeof Layers }[] = [
  { room: 'runs', title: 'Runs', Icon: ListTree }, { room: 'designer', title: 'Designer', Icon: PencilRuler }, { room: 'templates', title: 'Templates', Icon: Layers },
  { room: 'schedules', title: 'Schedules', Icon: CalendarClock }, { room: 'samples', title: 'Samples', Icon: Sparkles },
];

/** A context's state in words. */
export const STATE_WORD: Record<ContextSummary['state']['state'], string> = {
  idle: 'not connected', connecting: 'connecting', online: 'reachable', degraded: 'slow or partly reachable', offline: 'unreachable', 'auth-needed': 'needs you to sign in', 'no-rights': 'no rights here',
};

/** One badge for every context, then the rooms. */
export function Rail(): ReactElement {
  const contexts = useUi((state) => state.contexts);
  const chosen = useUi((state) => state.contextId);
  const room = useUi((state) => state.room);
  const list = useRef<HTMLDivElement>(null);
  const arrows = (event: KeyboardEvent): void => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    const buttons = [...(list.current?.querySelectorAll('button') ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    buttons[(at + (event.key === 'ArrowDown' ? 1 : -1) + buttons.length) % buttons.length]?.focus();
    event.preventDefault();
  };
  const entry = ({ room: id, title, Icon }: (typeof ROOMS)[number]): ReactElement => (
    <Tip key={id} words={title} keys={keysOf(`go-${id}`)} side="right">
      <button type="button" className="nav" aria-label={title} aria-current={room === id ? 'page' : undefined} onClick={() => { setUi({ room: id }); }}><Icon aria-hidden /></button>
    </Tip>
  );
  return (
    <nav className="rail" aria-label="Contexts and rooms" data-pane ref={list} onKeyDown={arrows}>
      <div className="contexts" role="group" aria-label="Contexts">
        {contexts === undefined ? <span className="ctx waiting" aria-hidden /> : contexts.map((context) => <Badge key={context.id} context={context} on={context.id === chosen} />)}
      </div>
      <hr />
      {ROOMS.map(entry)}
      <div className="grow" />
      {entry({ room: 'settings', title: 'Settings', Icon: Settings })}
    </nav>
  );
}

function Badge({ context, on }: { context: ContextSummary; on: boolean }): ReactElement {
  const { name, initials, hue, state, production, kind, note } = context;
  const words = (
    <>
      <b>{name}</b>{production ? ' · production' : ''}
      <div>{kind === 'local' && note ? `${STATE_WORD[state.state]} · ${note}` : STATE_WORD[state.state]}{state.latencyMs === undefined ? '' : ` · ${Math.round(state.latencyMs)} ms`}</div>
      {state.message === undefined ? null : <div>{state.message}</div>}
    </>
  );
  return (
    <Tip words={words} side="right">
      <button
        type="button" className="ctx" style={{ ['--hue' as string]: hue * 30 }} data-state-of={state.state} data-production={production || undefined}
        aria-label={`Context ${name}, ${STATE_WORD[state.state]}, ${initials}`} aria-pressed={on} data-pane-focus={on || undefined} onClick={() => { chooseContext(context.id); }}
      >{initials}<i aria-hidden /></button>
    </Tip>
  );
}
