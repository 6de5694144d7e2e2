/** The window's frame: rail, top, room, foot; and what lies over them. */
import { useEffect } from 'react';
import type { ReactElement } from 'react';
import { Designer } from '../designer/Designer.tsx';
import { SaveDialogs } from '../definitions/SaveDialog.tsx';
import { SchedulesRoom } from '../definitions/SchedulesRoom.tsx';
import { TemplatesRoom } from '../definitions/TemplatesRoom.tsx';
import { showFolder } from '../designer/folder/store.ts';
import { FromManifestsDialog } from '../designer/FromManifests.tsx';
import { RunDialog } from '../editor/RunDialog.tsx';
import { Samples } from '../editor/Samples.tsx';
import { followRuns, useRunList } from '../monitor/live.ts';
import { RunsRoom } from '../monitor/RunsRoom.tsx';
import { runPhase } from '../monitor/words.ts';
import { Confirm } from '../ui/overlays.tsx';
import { Button } from '../ui/parts.tsx';
import { X } from 'lucide-react';
import { ErrorBoundary } from './ErrorBoundary.tsx';
import { asUiError, invoke, subscribe } from './bridge.ts';
import { guardUnsaved, pressed, runCommand } from './commands.ts';
import { Foot } from './Foot.tsx';
import { KeySheet, Palette } from './Palette.tsx';
import { Rail } from './Rail.tsx';
import { Settings } from './Settings.tsx';
import { chooseContext, dismiss, openDocument, recall, setUi, useContextSummary, usePlace, useUi } from './store.ts';
import { ROOM_WORD, Top } from './Top.tsx';

export function Shell(): ReactElement {
  useAppData();
  useTheme();
  useLiveRuns();
  useWindowTitle();
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => { if (pressed(event)) event.preventDefault(); };
    window.addEventListener('keydown', onKey, true);
    return () => { window.removeEventListener('keydown', onKey, true); };
  }, []);
  const room = useUi((state) => state.room);
  // What is being written keeps its history and its place while the person looks elsewhere.
  const written = useUi((state) => state.room === 'designer' || state.document !== undefined);
  return (
    <div className="app">
      <Rail />
      <Top />
      <main className="room" aria-label={ROOM_WORD[room]}>
        <h1 className="sr">{ROOM_WORD[room]}</h1>
        {room === 'designer' ? null : (
          <ErrorBoundary key={room}>
            {room === 'runs' ? <RunsRoom /> : room === 'templates' ? <TemplatesRoom />
              : room === 'schedules' ? <SchedulesRoom /> : room === 'samples' ? <Samples /> : <Settings />}
          </ErrorBoundary>
        )}
        {written ? <div className="kept-room" hidden={room !== 'designer'}><ErrorBoundary><Designer /></ErrorBoundary></div> : null}
      </main>
      <Foot />
      <Overlays />
    </div>
  );
}

function Overlays(): ReactElement {
  const { overlay, confirm, runDialog, fromManifests, toasts } = useUi();
  return (
    <>
      {overlay === 'palette' ? <Palette /> : null}
      {overlay === 'keys' ? <KeySheet /> : null}
      {fromManifests ? <FromManifestsDialog made={fromManifests} /> : null}
      <SaveDialogs />
      {runDialog ? <RunDialog request={runDialog} /> : null}
      {confirm ? <Confirm ask={confirm} onClose={() => { setUi({ confirm: undefined }); }} /> : null}
      <div className="toasts" role="status" aria-live="polite">
        {toasts.map((toast) => (
          <div key={toast.id} className={`toast ${toast.tone === 'failed' ? 'c-Failed' : 'c-Succeeded'}`}>
            <div className="grow text">{toast.words}{toast.hint === undefined ? null : <div className="soft">{toast.hint}</div>}</div>
            {toast.action ? <Button size="small" onClick={() => { toast.action?.run(); dismiss(toast.id); }}>{toast.action.label}</Button> : null}
            <Button kind="quiet" size="icon" tip="Close" onClick={() => { dismiss(toast.id); }}><X aria-hidden /></Button>
          </div>
        ))}
      </div>
    </>
  );
}

/** What the window needs once: settings, contexts, samples, and commands from outside. */
function useAppData(): void {
  useEffect(() => {
    const closers: (() => void)[] = [];
    let gone = false;
    const start = async (): Promise<void> => {
      await recall();
      if (gone) return;
      closers.push(subscribe('contexts', undefined, (contexts) => { setUi({ contexts, contextsError: undefined }); }, (contextsError) => { setUi({ contextsError }); }));
      closers.push(subscribe('commands', undefined, (item) => {
        if ('folder' in item) showFolder(item.folder);
        else if ('file' in item) guardUnsaved(() => { openDocument({ title: item.file.name, text: item.file.text, handle: item.file.handle, saved: item.file.text }); });
        else runCommand(item.command);
      }, () => undefined));
      invoke('contexts.list', undefined).then((contexts) => {
        // The stream may have told already.
        if (!useUi.getState().contexts) setUi({ contexts });
        if (!contexts.some((context) => context.id === useUi.getState().contextId)) chooseContext(contexts[0]?.id ?? 'local');
      }, (error: unknown) => { setUi({ contextsError: asUiError(error) }); });
      invoke('samples.list', undefined).then((samples) => { setUi({ samples }); }, (error: unknown) => { setUi({ samplesError: asUiError(error) }); });
      invoke('app.info', undefined).then((info) => { setUi({ info }); }, () => undefined);
    };
    void start();
    return () => {
      gone = true;
      for (const close of closers) close();
    };
  }, []);
}

/** Connects the chosen context, follows its runs and asks what the user may do there. */
function useLiveRuns(): void {
  const { contextId, namespace } = usePlace();
  const ready = useUi((state) => state.ready && state.contexts !== undefined);
  const state = useContextSummary()?.state.state;
  useEffect(() => {
    if (!ready) return;
    invoke('contexts.connect', { contextId }).catch(() => undefined);
  }, [contextId, ready]);
  useEffect(() => {
    if (!ready) return;
    return followRuns({ contextId, namespace });
  }, [contextId, namespace, ready]);
  const reachable = state === 'online' || state === 'degraded' || state === 'no-rights';
  useEffect(() => {
    if (!ready || !reachable) return;
    let gone = false;
    invoke('contexts.permissions', { contextId, namespace }).then(
      (permissions) => { if (!gone) setUi({ permissions, permissionsError: undefined }); },
      (error: unknown) => { if (!gone) setUi({ permissionsError: asUiError(error) }); },
    );
    return () => { gone = true; };
  }, [contextId, namespace, ready, reachable]);
}

function useTheme(): void {
  const theme = useUi((state) => state.theme);
  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const contrast = matchMedia('(prefers-contrast: more)');
    const apply = (): void => {
      document.documentElement.dataset.theme = theme !== 'system' ? theme : contrast.matches ? 'contrast' : dark.matches ? 'dark' : 'light';
    };
    apply();
    dark.addEventListener('change', apply);
    contrast.addEventListener('change', apply);
    return () => {
      dark.removeEventListener('change', apply);
      contrast.removeEventListener('change', apply);
    };
  }, [theme]);
}

/** The title counts the runs that need a person. */
function useWindowTitle(): void {
  const context = useContextSummary();
  const run = useUi((state) => state.run);
  const waiting = useRunList((state) => {
    let count = 0;
    for (const each of state.runs?.values() ?? []) if (runPhase(each) === 'Suspended') count++;
    return count;
  });
  useEffect(() => {
    document.title = `${waiting ? `(${waiting}) ` : ''}${run === undefined ? '' : `${run} · `}${context?.name ?? 'Tiphys'} · Tiphys`;
  }, [context, run, waiting]);
}

