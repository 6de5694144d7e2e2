/** Reading a text, and doing commands on it. What is long is done beside the window, so that nothing waits for it. */
import type { TemplatePlace } from '../document/command.ts';
import { copy } from '../document/commands.ts';
import type { TaskRef } from '../document/draft.ts';
import { packText, readText, unpack } from '../document/reading.ts';
import type { Reading } from '../document/reading.ts';
import { readSource } from '../document/source.ts';
import { perform } from '../document/steps.ts';
import { parseText } from './parse.ts';

/** What is done with a text. */
export const TEXT_WORK = {
  read: packText,
  perform,
  copy: (text: string, place: TemplatePlace, tasks: readonly TaskRef[]): ReturnType<typeof copy> => copy(readSource(text), place, tasks),
  parse: parseText,
};

type Work = typeof TEXT_WORK;
type Name = keyof Work;
/** What the worker is asked; it answers in the order of the questions. */
export interface ToReader { id: number; name: Name; args: readonly unknown[] }
export type FromReader = { id: number; result: unknown } | { id: number; error: string };

/** Characters up to which a message to and fro takes longer than the work. */
const LONG = 30_000;

let worker: Worker | undefined;
let lastId = 0;
const waiting = new Map<number, (answer: FromReader) => void>();

/** Whether a text is worked on beside the window. */
export function isLong(text: string): boolean {
  return text.length > LONG;
}

function ask<N extends Name>(name: N, args: Parameters<Work[N]>): Promise<ReturnType<Work[N]>> {
  if (!worker) {
    worker = new Worker('/workers/text.worker.js', { type: 'module', name: 'text' });
    worker.onmessage = ({ data }: MessageEvent<FromReader>) => {
      waiting.get(data.id)?.(data);
      waiting.delete(data.id);
    };
  }
  const id = ++lastId;
  worker.postMessage({ id, name, args } satisfies ToReader);
  return new Promise((resolve, reject) => {
    waiting.set(id, (answer) => { if ('error' in answer) reject(new Error(answer.error)); else resolve(answer.result as ReturnType<Work[N]>); });
  });
}

/** Reads a text; a short one at once. */
export function read(text: string): Reading | Promise<Reading> {
  return isLong(text) ? ask('read', [text]).then((packed) => unpack(text, packed)) : readText(text);
}

/** The same work on a text; a short one is done at once. */
export function workOn<N extends Exclude<Name, 'read'>>(name: N, ...args: Parameters<Work[N]>): ReturnType<Work[N]> | Promise<ReturnType<Work[N]>> {
  if (isLong(args[0])) return ask(name, args);
  return (TEXT_WORK[name] as unknown as (...given: Parameters<Work[N]>) => ReturnType<Work[N]>)(...args);
}
