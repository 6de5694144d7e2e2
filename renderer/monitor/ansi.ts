/** Terminal text as spans: colours and weight are kept, every other escape is left out. */

export interface Span {
  text: string;
  /** `red`, `green` …: one of the eight, as a token of the theme. */
  color?: string;
  bold?: boolean;
  dim?: boolean;
}

const COLORS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];
// CSI sequences, OSC sequences up to BEL or ST, other two-character escapes, and control characters but tab.
const ESCAPE = /\u001b\[([0-9;:?]*)([ -/]*[@-~])|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[@-Z\\-_]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** @returns the text without escapes, in pieces of one style */
export function spans(line: string): Span[] {
  // Most lines have none.
  if (!hasControl(line)) return line === '' ? [] : [{ text: line }];
  const out: Span[] = [];
  let style: Omit<Span, 'text'> = {};
  let last = 0;
  const push = (text: string): void => { if (text !== '') out.push({ text, ...style }); };
  for (const match of line.matchAll(ESCAPE)) {
    push(line.slice(last, match.index));
    last = match.index + match[0].length;
    if (match[2] === 'm') style = apply(style, (match[1] ?? '').split(/[;:]/).map((code) => Number(code || 0)));
  }
  push(line.slice(last));
  return out;
}

/** @returns the text without any escape: for copying and searching */
export function plain(line: string): string {
  return hasControl(line) ? line.replace(ESCAPE, '') : line;
}

function hasControl(line: string): boolean {
  for (let i = 0; i < line.length; i++) {
    const code = line.charCodeAt(i);
    if ((code < 32 && code !== 9 && code !== 10) || (code >= 127 && code < 160)) return true;
  }
  return false;
}

function apply(style: Omit<Span, 'text'>, codes: readonly number[]): Omit<Span, 'text'> {
  let next = { ...style };
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0;
    const color = COLORS[code % 10];
    if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) next.color = color ?? 'white';
    else if (code === 38 || code === 48) {
      // Colours of the 256 palette and true colours: the first sixteen are ours, the rest stays as the theme has it.
      const index = codes[i + 1] === 5 ? codes[i + 2] : undefined;
      if (code === 38 && index !== undefined && index < 16) next.color = COLORS[index % 8] ?? 'white';
      i += codes[i + 1] === 5 ? 2 : 4;
    } else next = weigh(next, code);
  }
  return next;
}

function weigh(style: Omit<Span, 'text'>, code: number): Omit<Span, 'text'> {
  if (code === 0) return {};
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  const next = { ...style };
  if (code === 22) { delete next.bold; delete next.dim; }
  if (code === 39) delete next.color;
  return next;
}
