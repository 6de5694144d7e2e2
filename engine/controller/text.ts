/** Bytes of logs as text and lines. */

/** @returns the whole stream as text; wrong UTF-8 becomes U+FFFD */
export async function readText(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of chunks) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

/** A line longer than this is cut: no program prints such a line for people. */
const LONGEST_LINE = 1024 * 1024;

/** @returns the lines of a stream as they become whole, without line ends */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) yield cleanEnd(line);
    if (rest.length > LONGEST_LINE) {
      yield rest;
      rest = '';
    }
  }
  rest += decoder.decode();
  if (rest) yield cleanEnd(rest);
}

function cleanEnd(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
