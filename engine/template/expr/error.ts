/** A fault in an expression: found while reading it (`compile`) or while computing it (`runtime`). The message is Go expr's, with line, column and a caret. */
export class ExprError extends Error {
  override readonly name = 'ExprError';
  readonly kind: 'compile' | 'runtime';
  /** What is wrong, without the place. */
  readonly reason: string;
  /** 1-based line and column in code points. */
  readonly line: number;
  readonly column: number;

  /** @param at index of the place in the source, in code points */
  constructor(kind: 'compile' | 'runtime', reason: string, source: string, at: number) {
    const place = locate(source, at);
    super(place.snippet === '' ? reason : `${reason} (${place.line}:${place.column})${place.snippet}`);
    this.kind = kind;
    this.reason = reason;
    this.line = place.line;
    this.column = place.column;
  }
}

function locate(source: string, at: number): { line: number; column: number; snippet: string } {
  const points = Array.from(source);
  let line = 1;
  let start = 0;
  for (let i = 0; i < Math.min(at, points.length); i++) {
    if (points[i] !== '\n') continue;
    line++;
    start = i + 1;
  }
  const column = Math.min(at, points.length) - start;
  const rest = points.slice(start);
  const end = rest.indexOf('\n');
  const text = (end < 0 ? rest : rest.slice(0, end)).join('').replaceAll('\t', ' ');
  return { line, column: column + 1, snippet: text === '' ? '' : `\n | ${text}\n | ${'.'.repeat(column)}^` };
}

/** A failure inside an operation; the evaluator adds the place. */
export class Panic extends Error {
  override readonly name = 'Panic';
}
