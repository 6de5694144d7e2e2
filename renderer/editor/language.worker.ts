/**
 * The language service beside the window. A request that was taken back before its turn is not worked on; problems are found when the
 * writer pauses; files around the open one are read and judged one by one when nothing else is to do.
 */
import { LanguageService } from '../document/language/service.ts';
import type { TextFile } from '../document/language/names.ts';
import type { FromWorker, ToWorker } from './protocol.ts';

/** Milliseconds without a change until the text is judged. */
const PAUSE_MS = 150;
/** Milliseconds of work between two messages about files around the open one. */
const TELL_MS = 200;

const service = new LanguageService();
let queue: Extract<ToWorker, { type: 'ask' }>[] = [];
let working = false;
let pause: ReturnType<typeof setTimeout> | undefined;
let version = 0;
const unread = new Map<string, TextFile>();
const unjudged = new Set<string>();
/** Files that speak of templates of others: judged again when a template changes. */
const speaking = new Set<string>();
/** What is said of the open text may be another by what stands around it now. */
let openIsStale = false;
let tending = false;
let told: { stored: Extract<FromWorker, { type: 'stored' }>['files']; judged: Extract<FromWorker, { type: 'judged' }>['files']; since: number } = { stored: [], judged: [], since: 0 };

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.type) {
    case 'open':
      service.open(data.file, data.text);
      judgeSoon(data.version, 0);
      return;
    case 'change':
      service.change(data.edits);
      judgeSoon(data.version, PAUSE_MS);
      return;
    case 'surround':
      service.surround([], data.removed);
      for (const file of data.removed) for (const list of [unread, unjudged, speaking]) list.delete(file);
      for (const file of data.changed) unread.set(file.file, file);
      if (data.removed.length > 0) templatesChanged();
      tend();
      return;
    case 'cancel':
      queue = queue.filter((each) => each.id !== data.id);
      return;
    case 'ask':
      queue.push(data);
      if (!working) later();
  }
};

/** Between two answers messages are taken in, so that a request can be taken back. */
function later(): void {
  working = true;
  setTimeout(() => {
    const next = queue.shift();
    if (next) answer(next);
    if (queue.length > 0) later();
    else working = false;
  }, 0);
}

function answer({ id, query, args }: Extract<ToWorker, { type: 'ask' }>): void {
  const ask = service[query].bind(service) as (...given: readonly unknown[]) => unknown;
  post({ type: 'answer', id, result: ask(...args) });
}

/** Works through what is around the open file, in turns between which messages are taken in. */
function tend(): void {
  if (tending || (unread.size + unjudged.size === 0 && !openIsStale)) return;
  tending = true;
  setTimeout(() => {
    tending = false;
    if (queue.length === 0) tendOne();
    tend();
  }, 0);
}

function tendOne(): void {
  if (told.stored.length + told.judged.length === 0) told.since = performance.now();
  const [next] = unread.values();
  if (next) takeIn(next);
  else if (openIsStale) {
    openIsStale = false;
    judgeSoon(version, 0);
  } else {
    const [file] = unjudged;
    if (file !== undefined) {
      unjudged.delete(file);
      const verdict = service.judge(file);
      if (verdict) told.judged.push({ file, verdict });
    }
  }
  if (unread.size + unjudged.size === 0 || performance.now() - told.since > TELL_MS) tell();
}

function takeIn(file: TextFile): void {
  const hadTemplates = service.stored(file.file).some(({ spec }) => spec);
  unread.delete(file.file);
  service.surround([file]);
  const objects = service.stored(file.file);
  told.stored.push({ file: file.file, objects });
  if (!file.cluster) {
    unjudged.add(file.file);
    if (/(?:workflowT|t)emplateRef/.test(file.text)) speaking.add(file.file);
    else speaking.delete(file.file);
  }
  if (hadTemplates || objects.some(({ spec }) => spec)) templatesChanged();
}

function templatesChanged(): void {
  for (const file of speaking) unjudged.add(file);
  openIsStale = true;
}

function tell(): void {
  const { stored, judged } = told;
  told = { stored: [], judged: [], since: 0 };
  if (stored.length > 0) post({ type: 'stored', files: stored });
  if (judged.length > 0) post({ type: 'judged', files: judged });
}

function judgeSoon(next: number, delay: number): void {
  version = next;
  clearTimeout(pause);
  pause = setTimeout(judge, delay);
}

function judge(): void {
  // Who waits for an answer comes first.
  if (queue.length > 0) {
    pause = setTimeout(judge, 1);
    return;
  }
  post({ type: 'problems', version, problems: service.problems() });
}

function post(message: FromWorker): void {
  self.postMessage(message);
}
