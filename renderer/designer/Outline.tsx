/** The template as a tree of words: the same selection and the same actions as on the canvas, for those who do not see it. */
import { useEffect, useId, useMemo, useState } from 'react';
import type { KeyboardEvent, ReactElement } from 'react';
import type { Sketch, SketchNode } from '../document/sketch.ts';
import { KindMark } from '../monitor/graph-parts.tsx';
import { Button } from '../ui/parts.tsx';
import { action } from './actions.ts';
import { CanvasMenu } from './CanvasMenu.tsx';
import { setCanvasView, useMode } from './mode.ts';
import { NameInput } from './nodes.tsx';
import { QuickAdd } from './QuickAdd.tsx';
import { faultsOf, select, sketchOf, useDesigner } from './session.ts';

/** A line of the tree: a row of steps, or a task or hook. */
type Item = { row: number; children: Item[] } | { node: SketchNode; children: Item[] };

const BAR = ['add', 'connect', 'pass', 'rename', 'duplicate', 'delete', 'extract', 'inline', 'splice', 'convert'];

export function Outline(): ReactElement {
  const model = useDesigner(sketchOf);
  const selection = useDesigner((state) => state.selection);
  const connecting = useMode((state) => state.connecting);
  const id = useId();
  const items = useMemo(() => itemsOf(model), [model]);
  const lines = useMemo(() => items.flatMap(flat), [items]);
  const [active, setActive] = useState(selection.at(-1) ?? lines.find((line) => 'node' in line)?.node.id);
  useOutlineView(model, id, setActive);
  const now = connecting?.to ?? selection.at(-1) ?? active;
  const key = (event: KeyboardEvent): void => {
    if (event.key !== 'Home' && event.key !== 'End' && event.key !== ' ') return;
    const nodes = lines.flatMap((line) => ('node' in line ? [line.node.id] : []));
    const next = event.key === 'Home' ? nodes[0] : event.key === 'End' ? nodes.at(-1) : now;
    if (next !== undefined) select([next]);
    event.preventDefault();
  };
  return (
    <>
      <div className="outline-bar" role="toolbar" aria-label="Actions on what is selected">
        {BAR.map((name) => { const { title, keys, unable, run } = action(name); return <Button key={name} size="small" keys={keys} tip={title} unable={unable()} onClick={run}>{title}</Button>; })}
      </div>
      {connecting ? <p className="label-line soft" role="status">{connecting.from}: arrows choose what shall wait for it, Enter connects, Esc leaves.</p> : null}
      <CanvasMenu>
        <ul className="outline" role="tree" aria-label="Outline of the template" aria-multiselectable tabIndex={0} data-canvas data-pane-focus aria-activedescendant={now === undefined ? undefined : `${id}${now}`} onKeyDown={key}>
          {items.length === 0 ? <li className="soft" role="none">This template calls nothing yet. A adds a step.</li> : items.map((item, i) => <Line key={i} item={item} level={1} prefix={id} now={now} model={model} />)}
        </ul>
      </CanvasMenu>
      <QuickAdd />
    </>
  );
}

function Line({ item, level, prefix, now, model }: { item: Item; level: number; prefix: string; now: string | undefined; model: Sketch }): ReactElement {
  const selected = useDesigner((state) => 'node' in item && state.selection.includes(item.node.id));
  const fault = useDesigner((state) => ('node' in item ? faultsOf(state).get(item.node.id) : undefined));
  const renaming = useMode((state) => 'node' in item && state.renaming === item.node.id);
  const below = item.children.length ? <ul role="group">{item.children.map((child, i) => <Line key={i} item={child} level={level + 1} prefix={prefix} now={now} model={model} />)}</ul> : null;
  const indent = { paddingLeft: 8 + (level - 1) * 22 };
  if (!('node' in item)) return <li role="treeitem" aria-level={level} aria-expanded aria-selected={false}><div className="line-of row-head" style={indent}>Row {item.row + 1}, after the one before</div>{below}</li>;
  const { node } = item;
  const waits = model.edges.filter((edge) => edge.target === node.id && !edge.hook).map((edge) => (edge.results.length ? `${edge.source} ${edge.results.join(' or ')}` : edge.source));
  return (
    <li role="treeitem" id={`${prefix}${node.id}`} aria-level={level} aria-selected={selected} {...(below ? { 'aria-expanded': true } : {})}>
      <div
        className="line-of" data-node={node.id} data-active={now === node.id || undefined} style={indent}
        onClick={(event) => { select(event.shiftKey || event.ctrlKey || event.metaKey ? [...useDesigner.getState().selection.filter((each) => each !== node.id), node.id] : [node.id]); }} onDoubleClick={action('open').run}
      >
        <KindMark kind={node.kind} />{renaming ? <NameInput node={node} /> : <b className="cut">{node.shape === 'hook' ? `hook ${node.name}` : node.name || 'unnamed'}</b>}<span className="what cut">{node.line}</span>
        {waits.length ? <span className="what cut">waits for {waits.join(', ')}</span> : null}
        {node.badges.map((badge) => <span key={badge.text} className="badge" title={badge.title}>{badge.text}</span>)}
        {fault ? <span className="what cut c-Failed">{fault.message}</span> : null}
      </div>
      {below}
    </li>
  );
}

function itemsOf(model: Sketch): Item[] {
  const hooks = (owner: string | undefined): Item[] => model.nodes.filter((node) => node.shape === 'hook' && node.owner === owner).map((node) => ({ node, children: [] }));
  const tasks = (row: number | undefined): Item[] => model.nodes.filter((node) => node.shape === 'task' && node.row === row).map((node) => ({ node, children: hooks(node.id) }));
  const rows = model.grammar === 'steps' ? Array.from({ length: model.rows }, (_, row): Item => ({ row, children: tasks(row) })) : tasks(undefined);
  return [...rows, ...hooks(undefined)];
}

function flat(item: Item): Item[] {
  return [item, ...item.children.flatMap(flat)];
}

/** Up and down go from line to line. */
function useOutlineView(model: Sketch, id: string, setActive: (id: string) => void): void {
  useEffect(() => {
    const order = itemsOf(model).flatMap(flat).flatMap((item) => ('node' in item ? [item.node.id] : []));
    const element = (node: string | undefined): HTMLElement | null => (node === undefined ? null : document.getElementById(`${id}${node}`));
    setCanvasView({
      neighbour: (from, key) => order[Math.max(0, Math.min(order.length - 1, from === undefined ? 0 : order.indexOf(from) + (key === 'ArrowDown' || key === 'ArrowRight' ? 1 : -1)))],
      reveal: (node) => {
        setActive(node);
        requestAnimationFrame(() => { element(node)?.scrollIntoView({ block: 'nearest' }); });
      },
      windowPoint: (node) => { const rect = (element(node)?.querySelector('.line-of') ?? document.querySelector('.outline'))?.getBoundingClientRect(); return { x: (rect?.left ?? 0) + 40, y: node === undefined ? (rect?.top ?? 0) + 40 : rect?.bottom ?? 0 }; },
      nodeAt: () => undefined, fit: () => undefined, zoom: () => undefined, focus: () => { document.querySelector<HTMLElement>('.outline')?.focus({ preventScroll: true }); },
    });
    return () => { setCanvasView(undefined); };
  }, [model, id, setActive]);
}
