/** What a service offers: handlers of verbs and sources of streams, typed by the contract. */
import type { Stream, StreamItems, StreamRequest, Verb, VerbRequest, VerbResponses } from '../ipc/contract.ts';

export type Handler<V extends Verb> = (request: VerbRequest<V>) => VerbResponses[V] | Promise<VerbResponses[V]>;

/** Where a stream puts its items. */
export interface Sink<T> {
  push(item: T): void;
  /** The stream cannot go on, and why. */
  fail(error: unknown): void;
  /** @returns when the window took what was pushed; a source that can wait should */
  drained(): Promise<void>;
}

export interface Source<S extends Stream> {
  /** Starts the stream; it ends when `signal` aborts. A throw fails the stream. */
  open(request: StreamRequest<S>, sink: Sink<StreamItems[S]>, signal: AbortSignal): void | Promise<void>;
  /** Two items as one, for a window that has not yet taken the first; without it every item is sent. */
  merge?(older: StreamItems[S], newer: StreamItems[S]): StreamItems[S];
  /** An item that is too large to be sent at once, as a first part and the rest. */
  split?(item: StreamItems[S]): [first: StreamItems[S], rest?: StreamItems[S]];
}

export type Handlers<V extends Verb> = { [K in V]: Handler<K> };
export type Sources<S extends Stream> = { [K in S]: Source<K> };

/** Every verb and every stream of the contract: one missing does not compile. */
export interface Services {
  handlers: Handlers<Verb>;
  sources: Sources<Stream>;
}
