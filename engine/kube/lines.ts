/** Cutting a stream of bytes into lines. */

const NEWLINE = 0x0a;

/** Keeps the unfinished end of what came so far. Lines longer than the limit throw. */
export class LineSplitter {
  readonly #limit: number;
  #parts: Buffer[] = [];
  #size = 0;

  /** @param limit bytes a line may have */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @returns the lines that this chunk ends, without their newlines */
  push(chunk: Buffer): Buffer[] {
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const piece = chunk.subarray(start, end);
      lines.push(this.#parts.length === 0 ? piece : Buffer.concat([...this.#parts, piece]));
      this.#parts = [];
      this.#size = 0;
      start = end + 1;
    }
    if (start < chunk.length) {
      const rest = chunk.subarray(start);
      this.#parts.push(rest);
      this.#size += rest.length;
      if (this.#size > this.#limit) throw new Error(`a line is longer than ${this.#limit} bytes`);
    }
    return lines;
  }

  /** @returns what came after the last newline */
  rest(): Buffer {
    const rest = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    return rest;
  }
}
