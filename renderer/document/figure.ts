/** A drawn graph as a file of its own: SVG for documents, Mermaid for texts that draw by themselves. */
import type { Point } from './layout.ts';

export interface Figure {
  title: string;
  nodes: readonly FigureNode[];
  edges: readonly FigureEdge[];
}

export interface FigureNode {
  id: string;
  title: string;
  /** Second line. */
  line: string;
  /** Top left corner, and size, in pixels. */
  at: Point;
  width: number;
  height: number;
  /** A colour of the palette for its left side. */
  tone: keyof Palette;
  /** A hook, or what was not run. */
  dashed?: boolean;
}

export interface FigureEdge {
  source: string;
  target: string;
  label?: string;
  dashed?: boolean;
}

/** Colours as `#rrggbb`. */
export interface Palette {
  canvas: string;
  raise: string;
  line: string;
  ink: string;
  soft: string;
  faint: string;
  accent: string;
  ok: string;
  failed: string;
  wait: string;
  error: string;
}

const MARGIN = 24;
/** Widths of a letter on average, in pixels: good enough to end a line in time. */
const TITLE_LETTER = 7.2;
const LINE_LETTER = 6.1;

/** @returns an SVG document that needs nothing from outside; empty graphs give an empty picture */
export function toSvg({ title, nodes, edges }: Figure, palette: Palette): string {
  const left = Math.min(...nodes.map(({ at }) => at.x), Infinity);
  const top = Math.min(...nodes.map(({ at }) => at.y), Infinity);
  const right = Math.max(...nodes.map(({ at, width }) => at.x + width), -Infinity);
  const bottom = Math.max(...nodes.map(({ at, height }) => at.y + height), -Infinity);
  const [x, y, w, h] = nodes.length ? [left - MARGIN, top - MARGIN, right - left + 2 * MARGIN, bottom - top + 2 * MARGIN] : [0, 0, 2 * MARGIN, 2 * MARGIN];
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const lines = edges.flatMap((edge) => drawEdge(edge, byId, palette));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${x} ${y} ${w} ${h}" width="${w}" height="${h}" font-family="Inter, system-ui, sans-serif">`,
    `<title>${escape(title)}</title>`, `<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="${palette.canvas}"/>`,
    ...lines, ...nodes.map((node) => drawNode(node, palette)), '</svg>', '',
  ].join('\n');
}

function drawNode({ title, line, at, width, height, tone, dashed }: FigureNode, palette: Palette): string {
  const room = width - 24;
  const dash = dashed ? ' stroke-dasharray="4 3"' : '';
  return `<g><title>${escape(line === '' ? title : `${title}: ${line}`)}</title>`
    + `<rect x="${at.x}" y="${at.y}" width="${width}" height="${height}" rx="8" fill="${palette.raise}" stroke="${palette.line}"${dash}/>`
    + `<path d="M${at.x + 1.5} ${at.y + 8}v${height - 16}" stroke="${palette[tone]}" stroke-width="3" stroke-linecap="round"/>`
    + `<text x="${at.x + 14}" y="${at.y + (line === '' ? height / 2 + 4 : height / 2 - 3)}" font-size="13" font-weight="600" fill="${palette.ink}">${escape(cut(title, room / TITLE_LETTER))}</text>`
    + (line === '' ? '' : `<text x="${at.x + 14}" y="${at.y + height / 2 + 14}" font-size="11.5" fill="${palette.soft}">${escape(cut(line, room / LINE_LETTER))}</text>`)
    + '</g>';
}

function drawEdge({ source, target, label, dashed }: FigureEdge, nodes: ReadonlyMap<string, FigureNode>, palette: Palette): string[] {
  const from = nodes.get(source);
  const to = nodes.get(target);
  if (!from || !to) return [];
  const [x1, y1, x2, y2] = [from.at.x + from.width / 2, from.at.y + from.height, to.at.x + to.width / 2, to.at.y];
  const middle = (y1 + y2) / 2;
  const path = `<path d="M${x1} ${y1}C${x1} ${middle},${x2} ${middle},${x2} ${y2}" fill="none" stroke="${label === 'Failed' ? palette.failed : palette.faint}" stroke-width="1.5"${dashed ? ' stroke-dasharray="3 3"' : ''}/>`;
  if (label === undefined || label === '') return [path];
  const width = label.length * 5.8 + 14;
  const [x, y] = [(x1 + x2) / 2, middle];
  return [path, `<g><rect x="${x - width / 2}" y="${y - 9}" width="${width}" height="18" rx="9" fill="${palette.raise}" stroke="${palette.line}"/><text x="${x}" y="${y + 4}" font-size="10.5" text-anchor="middle" fill="${palette.soft}">${escape(label)}</text></g>`];
}

function cut(text: string, letters: number): string {
  const most = Math.floor(letters);
  return text.length <= most ? text : `${text.slice(0, Math.max(1, most - 1))}…`;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c).replace(/[^\t\n\r\u0020-\uFFFD\u{10000}-\u{10FFFF}]/gu, '');
}

/** @returns a Mermaid flowchart */
export function toMermaid({ nodes, edges }: Figure): string {
  const ids = new Map(nodes.map(({ id }, i) => [id, `n${i}`]));
  const label = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('"', '#quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\n', ' ');
  const drawn = nodes.map(({ id, title, line }) => `  ${ids.get(id) ?? ''}["${label(title)}${line === '' ? '' : `<br/><small>${label(line)}</small>`}"]`);
  const lines = edges.flatMap(({ source, target, label: text, dashed }) => {
    const [from, to] = [ids.get(source), ids.get(target)];
    if (from === undefined || to === undefined) return [];
    return [`  ${from} ${dashed ? '-.->' : '-->'}${text ? `|"${label(text)}"|` : ''} ${to}`];
  });
  return ['flowchart TD', ...drawn, ...lines, ''].join('\n');
}
