import { ChevronDown, ChevronRight, CircleDot, Search } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useEffect, useState } from 'react';
import type { ReactElement } from 'react';
import { useRunList } from '../monitor/live.ts';
import type { EngineHolder } from '../monitor/live.ts';
import { Button, Keys, Spinner, landmark } from '../ui/parts.tsx';
import { asUiError, invoke } from './bridge.ts';
import type { UiError } from './bridge.ts';
import { runCommand } from './commands.ts';
import { chooseNamespace, isDirty, sayError, setUi, useContextSummary, usePlace, useUi } from './store.ts';
import type { Room } from './store.ts';

export const ROOM_WORD: Record<Room, string> = { runs: 'Runs', designer: 'Designer', templates: 'Templates', schedules: 'Schedules', samples: 'Samples', settings: 'Settings' };

export function Top(): ReactElement {
  const context = useContextSummary();
  const room = useUi((state) => state.room);
  const run = useUi((state) => state.run);
  const title = useUi((state) => state.document?.title);
  const dirty = useUi((state) => isDirty(state.document));
  return (
    <header className="top" data-pane>
      <div className="left">
      <span className="crumb context-name" title={context?.origin}><span className="cut">{context?.name ?? 'no context'}</span>{context?.production ? <span className="badge production">production</span> : null}</span>
      <NamespacePicker />
      <nav className="crumb where cut" aria-label="What is open">
        <ChevronRight aria-hidden />
        {room === 'runs' && run !== undefined
          ? <><button type="button" className="link-soft" onClick={() => { setUi({ run: undefined, step: undefined }); }}>Runs</button><ChevronRight aria-hidden /><b className="cut">{run}</b></>
          : room === 'designer' && title !== undefined ? <><b className="cut">{title}</b>{dirty ? <span className="dirty">● unsaved</span> : null}</> : <b>{ROOM_WORD[room]}</b>}
      </nav>
      </div>
      <button type="button" className="search" onClick={() => { runCommand('palette'); }}>
        <Search aria-hidden /><span className="grow cut">Search runs, commands</span><Keys keys="Mod+K" />
      </button>
      <div className="right"><HolderPill /></div>
    </header>
  );
}

/** Who runs the engine in this namespace, and a way to take it over. */
function HolderPill(): ReactElement {
  const holder = useRunList((state) => state.holder);
  const place = usePlace();
  const [asking, setAsking] = useState(false);
  if (!holder) return <span className="pill holder soft">engine: …</span>;
  const start = (): void => {
    setAsking(true);
    invoke('contexts.startEngine', place).then((now) => { useRunList.setState({ holder: now }); }, (error: unknown) => { sayError('The engine was not started', error); }).finally(() => { setAsking(false); });
  };
  if (holder.state === 'us') return <span className="pill holder c-Succeeded" title="Runs of this namespace go on as long as Tiphys is open."><CircleDot aria-hidden />engine: this desktop</span>;
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <button type="button" className={`pill holder ${holder.state === 'other' ? 'c-Running' : 'c-Pending'}`}><CircleDot aria-hidden /><span className="cut">{holder.state === 'other' ? `engine: ${holder.identity}` : 'engine: not running'}</span></button>
      </Popover.Trigger>
      <Popover.Portal container={landmark()}>
        <Popover.Content className="menu card" aria-label="Engine" align="end" sideOffset={6} collisionPadding={8}>
          <p>{holderWords(holder)}</p>
          <Button kind="primary" onClick={start} {...(asking ? { unable: 'Asked the cluster' } : {})}>{asking ? <Spinner /> : null}Run the engine here</Button>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function holderWords(holder: Exclude<EngineHolder, { state: 'us' }>): string {
  if (holder.state === 'other') return `${holder.identity} runs the engine for this namespace and renewed it at ${new Date(holder.renewedAt).toLocaleTimeString('en-GB')}. Runs go on there; here they are watched.`;
  return holder.reason ?? 'Nobody runs the engine for this namespace. It starts with the first run you start here; runs that are unfinished stand still until then.';
}

/** Choose or type: where listing namespaces is forbidden, what is typed counts. */
function NamespacePicker(): ReactElement {
  const { contextId, namespace } = usePlace();
  const [open, setOpen] = useState(false);
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <button type="button" className="select sel" aria-label={`Namespace ${namespace}`}><span className="soft label">namespace</span> <b className="cut">{namespace}</b><ChevronDown aria-hidden /></button>
      </Popover.Trigger>
      <Popover.Portal container={landmark()}>
        <Popover.Content className="menu picker" aria-label="Choose a namespace" align="start" sideOffset={4} collisionPadding={8}>
          {open ? <NamespaceList key={contextId} contextId={contextId} namespace={namespace} onDone={() => { setOpen(false); }} /> : null}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

/** RFC 1123 label: what Kubernetes takes as a namespace. */
const VALID = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

function NamespaceList({ contextId, namespace, onDone }: { contextId: string; namespace: string; onDone: () => void }): ReactElement {
  const [list, setList] = useState<{ namespaces: string[]; forbidden: boolean }>();
  const [error, setError] = useState<UiError>();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const typed = useUi((state) => state.typed[contextId]) ?? [];
  const own = useContextSummary()?.namespace;
  useEffect(() => {
    let gone = false;
    invoke('contexts.namespaces', { contextId }).then((value) => { if (!gone) setList(value); }, (reason: unknown) => { if (!gone) setError(asUiError(reason)); });
    return () => { gone = true; };
  }, [contextId]);
  const known = [...new Set([namespace, ...(own === undefined ? [] : [own]), ...typed, ...(list?.namespaces ?? [])])];
  const wanted = text.trim();
  const shown = known.filter((name) => name.includes(wanted)).sort((a, b) => a.localeCompare(b));
  const free = wanted !== '' && !known.includes(wanted) && VALID.test(wanted);
  const options = free ? [...shown, wanted] : shown;
  const choose = (name: string | undefined): void => {
    if (name === undefined) return;
    chooseNamespace(name, !list?.namespaces.includes(name));
    onDone();
  };
  return (
    <>
      <input
        className="field" autoFocus placeholder="Choose or type a namespace" aria-label="Namespace" role="combobox" aria-expanded aria-controls="namespaces" aria-activedescendant={options.length ? `ns-${at}` : undefined}
        value={text} onChange={(event) => { setText(event.target.value.toLowerCase()); setAt(0); }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
            setAt((at + (event.key === 'ArrowDown' ? 1 : -1) + options.length) % Math.max(1, options.length));
            event.preventDefault();
          } else if (event.key === 'Enter') choose(options[at]);
        }}
      />
      {list?.forbidden ? <p className="label">You may not list namespaces here. Type the one you work in.</p> : error ? <p className="label">{error.message}</p> : null}
      <div role="listbox" id="namespaces" aria-label="Namespaces">
        {options.map((name, i) => (
          <div key={name} id={`ns-${i}`} role="option" aria-selected={name === namespace} data-selected={i === at} onMouseMove={() => { setAt(i); }} onClick={() => { choose(name); }}>
            <span className="grow cut">{name === wanted && free ? `Use “${name}”` : name}</span>{name === namespace ? <span className="soft">now</span> : null}
          </div>
        ))}
        {list === undefined && error === undefined ? <div className="label"><Spinner label="Listing namespaces" /></div> : null}
        {options.length === 0 && list !== undefined ? <p className="label">{VALID.test(wanted) ? 'No namespace of this name.' : 'A namespace has small letters, digits and dashes.'}</p> : null}
      </div>
    </>
  );
}
