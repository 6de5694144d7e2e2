/** What the containers of fake Pods have written. */
import type { LogOptions } from '../port.ts';

export class FakeLogs {
  readonly #texts = new Map<string, string>();
  readonly #wakers = new Set<() => void>();

  set(key: string, text: string): void {
    this.#texts.set(key, text);
    for (const wake of [...this.#wakers]) wake();
  }

  append(key: string, text: string): void {
    this.set(key, (this.#texts.get(key) ?? '') + text);
  }

  drop(prefix: string): void {
    for (const key of [...this.#texts.keys()]) if (key.startsWith(prefix)) this.#texts.delete(key);
  }

  /** @param done whether the container has ended; `onChange` calls back when that may have changed */
  async *read(key: string, options: LogOptions, done: () => boolean, onChange: (wake: () => void) => () => void): AsyncIterable<Uint8Array> {
    const encoder = new TextEncoder();
    let wake = (): void => undefined;
    const notify = () => wake();
    const unsubscribe = onChange(notify);
    this.#wakers.add(notify);
    options.signal?.addEventListener('abort', notify);
    try {
      let text = this.#texts.get(key) ?? '';
      const first = limited(text, options);
      if (first !== '') yield encoder.encode(first);
      while (options.follow && !options.signal?.aborted) {
        const next = this.#texts.get(key) ?? text;
        if (next.length > text.length) {
          yield encoder.encode(next.slice(text.length));
          text = next;
        } else if (done()) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      unsubscribe();
      this.#wakers.delete(notify);
      options.signal?.removeEventListener('abort', notify);
    }
  }
}

function limited(text: string, options: LogOptions): string {
  let out = text;
  if (options.tailLines !== undefined) {
    const lines = out.split('\n');
    const ends = lines.at(-1) === '';
    if (ends) lines.pop();
    const kept = options.tailLines === 0 ? [] : lines.slice(-options.tailLines);
    out = kept.length === 0 ? '' : kept.join('\n') + (ends ? '\n' : '');
  }
  return options.limitBytes === undefined ? out : Buffer.from(out).subarray(0, options.limitBytes).toString();
}
