/** The one way out of the window: verbs that answer and streams that follow, with errors as values people can read. */
import type { Bridge, Stream, StreamItems, StreamRequest, Verb, VerbRequest, VerbResponses, WireError } from '../../main/ipc/contract.ts';

declare global {
  interface Window {
    readonly tiphys?: Bridge;
  }
}

/** An error of the main process: `message` says what happened, `hint` what to do next. */
export class UiError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly diagnostics: readonly unknown[];

  constructor(error: WireError) {
    super(error.message);
    this.name = 'UiError';
    this.code = error.code;
    this.hint = error.hint;
    this.retryable = error.retryable;
    this.diagnostics = error.diagnostics ?? [];
  }
}

function bridge(): Bridge {
  if (!window.tiphys) throw new UiError({ code: 'internal', message: 'The window is not connected to the app.', hint: 'Close it and open it again.', retryable: false });
  return window.tiphys;
}

/** @throws UiError */
export async function invoke<V extends Verb>(verb: V, request: VerbRequest<V>): Promise<VerbResponses[V]> {
  const result = await bridge().invoke(verb, request);
  if (!result.ok) throw new UiError(result.error);
  return result.value;
}

/** @returns what closes the stream */
export function subscribe<S extends Stream>(stream: S, request: StreamRequest<S>, onItem: (item: StreamItems[S]) => void, onError: (error: UiError) => void): () => void {
  return bridge().subscribe(stream, request, (item) => {
    if (item.ok) onItem(item.value);
    else onError(new UiError(item.error));
  });
}

/** @returns the error as one that can be shown */
export function asUiError(error: unknown): UiError {
  if (error instanceof UiError) return error;
  return new UiError({ code: 'internal', message: error instanceof Error ? error.message : String(error), retryable: false });
}
