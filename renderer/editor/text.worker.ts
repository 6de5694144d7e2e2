/** Long texts, read and changed beside the window: one question after another. */
import { TEXT_WORK } from './reader.ts';
import type { FromReader, ToReader } from './reader.ts';

self.onmessage = ({ data: { id, name, args } }: MessageEvent<ToReader>) => {
  const work = TEXT_WORK[name] as (...given: readonly unknown[]) => unknown;
  let answer: FromReader;
  try {
    answer = { id, result: work(...args) };
  } catch (error) {
    answer = { id, error: error instanceof Error ? error.message : String(error) };
  }
  self.postMessage(answer);
};
