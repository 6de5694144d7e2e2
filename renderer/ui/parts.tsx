/** Small presentational parts. They hold no state of the app. */
import { Check, Copy, TriangleAlert } from 'lucide-react';
import { Tooltip } from 'radix-ui';
import { createContext, useContext, useEffect, useState } from 'react';
import type { ButtonHTMLAttributes, ReactElement, ReactNode } from 'react';
import { between } from './time.ts';

/** How well a name fits what was typed, for lists that are searched: all words of it are in the name, best where a word begins. */
export function fits(name: string, typed: string): number {
  const text = ` ${name.toLowerCase()}`;
  const words = typed.toLowerCase().split(/\s+/).filter((word) => word !== '');
  if (!words.every((word) => text.includes(word))) return 0;
  return text.startsWith(` ${words[0] ?? ''}`) ? 1 : words.every((word) => text.includes(` ${word}`)) ? 0.8 : 0.5;
}

/** What floats stands in the room it belongs to, so that nothing lies outside of the page's landmarks. */
export function landmark(): HTMLElement | null {
  return document.querySelector('main');
}

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: 'primary' | 'danger' | 'quiet' | 'danger primary';
  size?: 'icon' | 'small' | 'icon small';
  /** Why it cannot be pressed: shown on hover, and the button stays reachable. */
  unable?: string | undefined;
  /** Shown on hover and focus; the name of the button when it has only an icon. */
  tip?: string | undefined;
  keys?: string | undefined;
}

export function Button({ kind, size, unable, tip, keys, className, onClick, children, ...rest }: ButtonProps): ReactElement {
  const off = unable !== undefined;
  const button = (
    <button
      type="button" className={['btn', kind, size, className].filter(Boolean).join(' ')} aria-disabled={off || undefined}
      aria-label={size?.includes('icon') ? tip : undefined} {...rest}
      onClick={(event) => { if (!off) onClick?.(event); }}
    >{children}</button>
  );
  const words = unable ?? tip;
  return words === undefined ? button : <Tip words={words} keys={off ? undefined : keys}>{button}</Tip>;
}

export function Tip({ words, keys, side = 'bottom', children }: { words: ReactNode; keys?: string | undefined; side?: 'bottom' | 'right' | 'top' | 'left'; children: ReactNode }): ReactElement {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal container={landmark()}>
        <Tooltip.Content className="tip" side={side} sideOffset={6} collisionPadding={8}>{words}{keys === undefined ? null : <Keys keys={keys} />}</Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}

const MAC = navigator.userAgent.includes('Macintosh');
/** `Mod+K` as this system writes it. */
export function Keys({ keys }: { keys: string }): ReactElement {
  return <kbd>{keys.replace('Mod', MAC ? '⌘' : 'Ctrl').replaceAll('+', MAC ? '' : ' ').replace('Shift', MAC ? '⇧' : 'Shift').replace('Enter', '↵')}</kbd>;
}

export function Spinner({ label = 'Working' }: { label?: string }): ReactElement {
  return <span className="spin" role="status" aria-label={label} />;
}

/** A list that is still on its way: shown only after 100 ms, so that fast ones do not flicker. */
export function Loading({ words }: { words: string }): ReactElement | null {
  const late = useLate(100);
  return late ? <div className="state" role="status"><Spinner label={words} /><p>{words}</p></div> : null;
}

function useLate(ms: number): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => { setLate(true); }, ms);
    return () => { clearTimeout(timer); };
  }, [ms]);
  return late;
}

interface StateProps {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
}

/** Nothing to show, said kindly: what this place is for and what to do. */
export function EmptyState({ icon, title, children, actions }: StateProps): ReactElement {
  return (
    <div className="state">
      {icon}
      <h2>{title}</h2>
      {children === undefined ? null : <p>{children}</p>}
      {actions === undefined ? null : <div className="acts">{actions}</div>}
    </div>
  );
}

/** What happened, where, and the next thing to do; the raw text is one click away. */
export function ErrorState({ title, hint, raw, actions }: { title: string; hint?: string | undefined; raw?: string | undefined; actions?: ReactNode }): ReactElement {
  return (
    <div className="state" role="alert">
      <TriangleAlert aria-hidden />
      <h2>{title}</h2>
      {hint === undefined ? null : <p>{hint}</p>}
      {actions === undefined ? null : <div className="acts">{actions}</div>}
      {raw === undefined ? null : <RawText text={raw} />}
    </div>
  );
}

export function RawText({ text, label = 'Full message' }: { text: string; label?: string }): ReactElement {
  return (
    <details>
      <summary>{label}</summary>
      <div className="raw mono" tabIndex={0} role="group" aria-label={label}>{text}</div>
      <CopyButton text={text} words="Copy message" />
    </details>
  );
}

export function CopyButton({ text, words = 'Copy' }: { text: string; words?: string }): ReactElement {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => { setDone(false); }, 1500);
    return () => { clearTimeout(timer); };
  }, [done]);
  const copy = (): void => { void navigator.clipboard.writeText(text).then(() => { setDone(true); }, () => { setDone(false); }); };
  return <Button kind="quiet" size="small" onClick={copy}>{done ? <Check aria-hidden /> : <Copy aria-hidden />}{done ? 'Copied' : words}</Button>;
}

/** Milliseconds since the epoch that are "now" for all that is shown within: the time of a simulation. */
export const NowContext = createContext<number | undefined>(undefined);

/** The time now, once a second, as long as somebody looks. */
export function useNow(active = true, everyMs = 1000): number {
  const told = useContext(NowContext);
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!active) return;
    setNow(Date.now());
    const timer = setInterval(() => { setNow(Date.now()); }, everyMs);
    return () => { clearInterval(timer); };
  }, [active, everyMs]);
  return told ?? now;
}

/** @returns whether the window is too narrow for three panes */
export function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const media = matchMedia(NARROW);
    const change = (): void => { setNarrow(media.matches); };
    media.addEventListener('change', change);
    return () => { media.removeEventListener('change', change); };
  }, []);
  return narrow;
}
const NARROW = '(max-width: 900px)';

/** A duration that goes on while it has not ended. */
export function Elapsed({ from, to }: { from: string | null | undefined; to: string | null | undefined }): ReactElement {
  const now = useNow(!to);
  return <>{between(from, to, now) ?? ''}</>;
}
