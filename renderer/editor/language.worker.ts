/** The language service beside the window. A request that was taken back before its turn is not worked on; problems are found when the writer pauses. */
import { LanguageService } from '../document/language/service.ts';
import type { FromWorker, ToWorker } from './protocol.ts';

/** Milliseconds without a change until the text is judged. */
const PAUSE_MS = 150;

const service = new LanguageService();
let queue: Extract<ToWorker, { type: 'ask' }>[] = [];
let working = false;
let pause: ReturnType<typeof setTimeout> | undefined;
let version = 0;

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
      service.surround(data.files);
      judgeSoon(version, PAUSE_MS);
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
