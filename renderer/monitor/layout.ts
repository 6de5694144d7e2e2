/** Layout in a worker: asked only when the structure changed, and what was asked before is known. */
import { useEffect, useRef, useState } from 'react';
import type { GraphNode } from '../document/model.ts';
import type { LayoutInput, LayoutResult, Point } from '../document/layout.ts';

/** Pixels of a node at zoom 1. */
export const NODE = { width: 184, height: 50 };
const JOIN = { width: 8, height: 8 };
const KEPT = 24;

export interface Placed extends LayoutResult {
  /** What it is a layout of. */
  key: string;
}

interface Asked {
  input: LayoutInput;
  done: (result: LayoutResult) => void;
}

let worker: Worker | undefined;
let lastId = 0;
const asked = new Map<number, Asked>();
const known = new Map<string, Placed>();

function ask(input: LayoutInput, done: (result: LayoutResult) => void): number {
  if (!worker) {
    worker = new Worker('/workers/layout.worker.js', { type: 'module', name: 'layout' });
    worker.onmessage = (event: MessageEvent<{ id: number; result: LayoutResult }>) => {
      const { id, result } = event.data;
      asked.get(id)?.done(result);
      asked.delete(id);
    };
  }
  const id = ++lastId;
  asked.set(id, { input, done });
  worker.postMessage({ id, input });
  return id;
}

export function sizeOf(node: GraphNode): { width: number; height: number } {
  return node.shape === 'join' ? JOIN : NODE;
}

/** What is laid out: any nodes of known size, and what leads from one to another. */
interface Structure<N> {
  nodes: readonly N[];
  edges: readonly { source: string; target: string }[];
}

/** @returns what changes only when the structure does */
function structureKey<N extends { id: string }>(model: Structure<N>): string {
  return `${model.nodes.map((node) => node.id).join('\n')}\n\n${model.edges.map((edge) => `${edge.source}\t${edge.target}`).join('\n')}`;
}

/**
 * @param scope another graph altogether starts anew; within one, what is on screen stays
 * @param size pixels of a node at zoom 1; the same function at every call
 * @returns the last layout; while a new structure is laid out, the one before
 */
export function useLayout<N extends { id: string }>(model: Structure<N>, scope: string, size: (node: N) => { width: number; height: number }): Placed | undefined {
  const [placed, setPlaced] = useState<Placed & { scope: string }>();
  const previous = useRef<{ scope: string; positions: ReadonlyMap<string, Point> } | undefined>(undefined);
  const key = structureKey(model);
  const modelRef = useRef(model);
  modelRef.current = model;
  useEffect(() => {
    const before = previous.current?.scope === scope ? previous.current.positions : undefined;
    const settle = (result: Placed): void => {
      previous.current = { scope, positions: result.positions };
      setPlaced({ ...result, scope });
    };
    const cached = before ? undefined : known.get(key);
    if (cached) {
      settle(cached);
      return;
    }
    const { nodes, edges } = modelRef.current;
    const input: LayoutInput = { nodes: nodes.map((node) => ({ id: node.id, ...size(node) })), edges: edges.map(({ source, target }) => ({ source, target })), ...(before ? { previous: before } : {}) };
    const id = ask(input, (result) => {
      const now = { ...result, key };
      known.set(key, now);
      const oldest = known.keys().next();
      if (known.size > KEPT && !oldest.done) known.delete(oldest.value);
      settle(now);
    });
    return () => { asked.delete(id); };
  }, [key, scope, size]);
  return placed?.scope === scope ? placed : undefined;
}
