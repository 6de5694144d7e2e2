/** The window's side of the language worker: the open text is kept the same there, questions are asked, problems arrive. */
import { create } from 'zustand';
import type { TextEdit } from '../document/edit.ts';
import type { FileEdits } from '../document/language/navigate.ts';
import type { Problem } from '../document/language/problems.ts';
import type { TextFile } from '../document/language/names.ts';
import type { LanguageQueries, StoredObject, Verdict } from '../document/language/service.ts';
import type { FromWorker, QueryName, ToWorker } from './protocol.ts';

interface Judged {
  problems: readonly Problem[];
  /** They are those of the text as it is. */
  current: boolean;
}

const NOTHING: Judged = { problems: [], current: false };

/** Problems of the open text, as of the writer's last pause. */
export const useProblems = create<Judged>(() => NOTHING);

/** What the files around the open one hold, and how much is wrong with them; by their names. */
export const useAround = create<{ stored: ReadonlyMap<string, readonly StoredObject[]>; verdicts: ReadonlyMap<string, Verdict> }>(() => ({ stored: new Map(), verdicts: new Map() }));

let worker: Worker | undefined;
let lastId = 0;
let version = 0;
const waiting = new Map<number, (result: unknown) => void>();

function send(message: ToWorker): void {
  if (!worker) {
    worker = new Worker('/workers/language.worker.js', { type: 'module', name: 'language' });
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.type === 'answer') {
        waiting.get(data.id)?.(data.result);
        waiting.delete(data.id);
      } else if (data.type === 'problems') useProblems.setState({ problems: data.problems, current: data.version === version });
      else if (data.type === 'stored') useAround.setState(({ stored }) => ({ stored: new Map([...stored, ...data.files.map(({ file, objects }) => [file, objects] as const)]) }));
      else useAround.setState(({ verdicts }) => ({ verdicts: new Map([...verdicts, ...data.files.map(({ file, verdict }) => [file, verdict] as const)]) }));
    };
  }
  worker.postMessage(message);
}

/** The files around the open one as the worker has them. */
let around: ReadonlyMap<string, TextFile> = new Map();

/** These files stand around the open one now; the worker is told what is another than before. */
export function surround(files: ReadonlyMap<string, TextFile>): void {
  const removed = [...around.keys()].filter((file) => !files.has(file));
  const changed = [...files.values()].filter(({ file, text }) => around.get(file)?.text !== text);
  around = files;
  if (changed.length + removed.length === 0) return;
  if (removed.length > 0) {
    const kept = <T>(map: ReadonlyMap<string, T>): Map<string, T> => new Map([...map].filter(([file]) => files.has(file)));
    useAround.setState(({ stored, verdicts }) => ({ stored: kept(stored), verdicts: kept(verdicts) }));
  }
  send({ type: 'surround', changed, removed });
}

/** @returns the text of a file around the open one; places that the worker names count in it */
export function textAround(file: string): string | undefined {
  return around.get(file)?.text;
}

/** What a window does with other files than the open one. */
interface Elsewhere {
  /** Shows a place of another file. */
  open: (file: string, offset: number) => void;
  /** Asks about a change of names in several files, and makes it. */
  rename: (changes: readonly FileEdits[], from: string, to: string) => void;
}

let elsewhere: Elsewhere | undefined;

export function setElsewhere(next: Elsewhere): void {
  elsewhere = next;
}

export function otherFiles(): Elsewhere | undefined {
  return elsewhere;
}

/** A text is open: what was there before is forgotten. */
export function openText(file: string, text: string): void {
  version++;
  useProblems.setState(NOTHING);
  send({ type: 'open', file, text, version });
}

/** The open text has changed; the edits count in the text before. */
export function changeText(edits: TextEdit[]): void {
  version++;
  if (useProblems.getState().current) useProblems.setState({ current: false });
  send({ type: 'change', edits, version });
}

/** The part of Monaco's cancellation token that is needed. */
interface Token {
  isCancellationRequested: boolean;
  onCancellationRequested: (listener: () => void) => { dispose: () => void };
}

/** @returns the worker's answer; undefined when it was no longer wanted */
export function ask<Q extends QueryName>(query: Q, args: Parameters<LanguageQueries[Q]>, token?: Token): Promise<ReturnType<LanguageQueries[Q]> | undefined> {
  if (token?.isCancellationRequested) return Promise.resolve(undefined);
  const id = ++lastId;
  return new Promise((resolve) => {
    const listening = token?.onCancellationRequested(() => {
      waiting.delete(id);
      send({ type: 'cancel', id });
      resolve(undefined);
    });
    waiting.set(id, (result) => {
      listening?.dispose();
      resolve(result as ReturnType<LanguageQueries[Q]>);
    });
    send({ type: 'ask', id, query, args });
  });
}
