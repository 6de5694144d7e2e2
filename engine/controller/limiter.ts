/**
 * Bounds how many calls to the API server are under way, fairly: owners (runs) take turns, so that one fan-out of
 * thousands does not make a small run wait for its end.
 */

interface Task {
  start: () => Promise<void>;
  drop: () => void;
}

export class FairLimiter {
  readonly #limit: number;
  readonly #waiting = new Map<string, Task[]>();
  #active = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs `task` when a place is free. @returns its outcome; undefined when it was dropped before it began */
  run<T>(owner: string, task: () => Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const entry: Task = {
        start: async () => {
          try {
            resolve(await task());
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        },
        drop: () => resolve(undefined),
      };
      const queue = this.#waiting.get(owner);
      if (queue) queue.push(entry);
      else this.#waiting.set(owner, [entry]);
      this.#pump();
    });
  }

  /** Drops what an owner has waiting; what is under way goes on. */
  drop(owner: string): void {
    const queue = this.#waiting.get(owner);
    this.#waiting.delete(owner);
    for (const task of queue ?? []) task.drop();
  }

  #pump(): void {
    while (this.#active < this.#limit) {
      const next = this.#waiting.entries().next();
      if (next.done) return;
      const [owner, queue] = next.value;
      const task = queue.shift();
      // To the end of the line: the next place is another owner's.
      this.#waiting.delete(owner);
      if (queue.length) this.#waiting.set(owner, queue);
      if (!task) continue;
      this.#active += 1;
      void task.start().finally(() => {
        this.#active -= 1;
        this.#pump();
      });
    }
  }
}
