/** The canvas as a file: SVG, PNG or Mermaid. */
import { contribute } from '../app/commands.ts';
import { invoke } from '../app/bridge.ts';
import { say, sayError, useUi } from '../app/store.ts';
import { sizeOfNode } from '../document/canvas-layout.ts';
import { toMermaid, toSvg } from '../document/figure.ts';
import type { Figure, FigureNode, Palette } from '../document/figure.ts';
import type { StepKind } from '../document/model.ts';
import { shownPositions } from './positions.ts';
import { sketchOf, templateOnCanvas, useDesigner } from './session.ts';

/** Pixels of a PNG for one of the canvas. */
const SCALE = 2;
/** More than this on a side is more than pictures may have. */
const MAX_SIDE = 16_000;

/** What can be exported, with the ending of its file. */
export const EXPORTS = [{ id: 'export-svg', title: 'Export as SVG…', ending: 'svg' }, { id: 'export-png', title: 'Export as PNG…', ending: 'png' }, { id: 'export-mermaid', title: 'Export as Mermaid…', ending: 'mmd' }] as const;

const inDesigner = (): boolean => useUi.getState().room === 'designer' && useUi.getState().document !== undefined;

contribute(EXPORTS.map(({ id, title, ending }) => ({ id, title, group: 'File' as const, when: inDesigner, run: () => { void save(ending); } })));

async function save(ending: typeof EXPORTS[number]['ending']): Promise<void> {
  const figure = figureNow();
  if (figure.nodes.length === 0) {
    say('failed', 'There is nothing on the canvas to export.');
    return;
  }
  const name = `${figure.title}.${ending}`;
  try {
    const bytes = ending === 'mmd' ? new TextEncoder().encode(toMermaid(figure)) : ending === 'svg' ? new TextEncoder().encode(toSvg(figure, palette())) : await toPng(toSvg(figure, palette()));
    const written = await invoke('files.export', { suggestedName: name, base64: base64Of(bytes) });
    if (written) say('done', `Exported ${written.name}.`);
  } catch (error) {
    sayError(`${name} was not exported`, error);
  }
}

/** What the canvas shows, where it stands. */
function figureNow(): Figure {
  const state = useDesigner.getState();
  const { nodes, edges } = sketchOf(state);
  const positions = shownPositions();
  const placed = nodes.flatMap((node): FigureNode[] => {
    const at = positions.get(node.id);
    if (!at) return [];
    const badges = node.badges.map(({ text }) => text);
    return [{ id: node.id, title: node.name || 'unnamed', line: [node.line, ...badges].join(' · '), at, ...sizeOfNode(node), tone: toneOf(node.kind), ...(node.shape === 'hook' && { dashed: true }) }];
  });
  return {
    title: templateOnCanvas(state)?.template.name ?? 'workflow', nodes: placed,
    edges: edges.map(({ source, target, results, hook }) => ({ source, target, ...(results.length && { label: results.join(' or ') }), ...(hook && { dashed: true }) })),
  };
}

function toneOf(kind: StepKind): keyof Palette {
  switch (kind) {
    case 'script': return 'ok';
    case 'suspend': return 'wait';
    case 'unknown': return 'failed';
    case 'dag': case 'steps': return 'faint';
    default: return 'accent';
  }
}

/** The colours of the theme that is shown. */
function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    canvas: color('canvas'), raise: color('raise'), line: color('line'), ink: color('ink'), soft: color('soft'), faint: color('faint'), accent: color('accent'), ok: color('ok'), failed: color('failed'), wait: color('wait'), error: color('error'),
  };
}

async function toPng(svg: string): Promise<Uint8Array> {
  const image = new Image();
  image.src = `data:image/svg+xml;base64,${base64Of(new TextEncoder().encode(svg))}`;
  await image.decode();
  const scale = Math.min(SCALE, MAX_SIDE / image.naturalWidth, MAX_SIDE / image.naturalHeight);
  const canvas = document.createElement('canvas');
  canvas.width = Math.ceil(image.naturalWidth * scale);
  canvas.height = Math.ceil(image.naturalHeight * scale);
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((resolve) => { canvas.toBlob(resolve, 'image/png'); });
  if (!blob) throw new Error('The picture is too large to be drawn.');
  return new Uint8Array(await blob.arrayBuffer());
}

function base64Of(bytes: Uint8Array): string {
  let binary = '';
  // In pieces: a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}
