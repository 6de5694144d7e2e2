/** The text's own table of contents, and what can be folded in it. */
import { readNames } from './names.ts';
import type { Call, ObjectNames, TemplateNames } from './names.ts';
import type { Node, Tree } from './tree.ts';

export interface OutlineItem {
  name: string;
  /** What it is, in a word or two. */
  detail: string;
  kind: 'object' | 'template' | 'call' | 'parameter' | 'artifact';
  start: number;
  end: number;
  /** Of its name. */
  nameStart: number;
  nameEnd: number;
  children: OutlineItem[];
}

export function outlineOf(tree: Tree): OutlineItem[] {
  return readNames(tree).map((object) => ({
    ...spanOf(object.root, object.node), name: object.name === '' ? object.kind : object.name, detail: object.kind, kind: 'object',
    children: [...portsOf(object.arguments), ...object.templates.map(templateItem)],
  }));
}

function templateItem(template: TemplateNames): OutlineItem {
  return {
    ...spanOf(template.map, template.node), name: template.name === '' ? '(no name)' : template.name, detail: template.type ?? 'template', kind: 'template',
    children: [...portsOf(template.inputs), ...template.calls.map(callItem)],
  };
}

function callItem(call: Call): OutlineItem {
  return { ...spanOf(call.map, call.node), name: call.name === '' ? '(no name)' : call.name, detail: call.template?.text ?? call.ref?.template?.text ?? 'inline', kind: 'call', children: call.inline ? [templateItem(call.inline)] : [] };
}

function portsOf(ports: ObjectNames['arguments']): OutlineItem[] {
  const item = (kind: 'parameter' | 'artifact') => ({ name, node, map }: (typeof ports.parameters)[number]): OutlineItem => ({ ...spanOf(map, node), name: name === '' ? '(no name)' : name, detail: kind, kind, children: [] });
  return [...ports.parameters.map(item('parameter')), ...ports.artifacts.map(item('artifact'))];
}

function spanOf(node: { start: number; end: number }, name: { start: number; end: number } | undefined): Pick<OutlineItem, 'start' | 'end' | 'nameStart' | 'nameEnd'> {
  const inside = name && name.start >= node.start && name.end <= node.end ? name : { start: node.start, end: node.start };
  return { start: node.start, end: node.end, nameStart: inside.start, nameEnd: inside.end };
}

/** @returns offsets of what can be folded: everything below a key, and every item of a list */
export function foldsOf(tree: Tree): { start: number; end: number }[] {
  const folds: { start: number; end: number }[] = [];
  const visit = (node: Node | undefined): void => {
    if (node?.kind === 'map') {
      for (const entry of node.entries) {
        if (entry.value && entry.value.kind !== 'scalar') folds.push({ start: entry.start, end: entry.end });
        else if (entry.value?.kind === 'scalar' && entry.value.style === 'block') folds.push({ start: entry.start, end: entry.end });
        visit(entry.value);
      }
    } else if (node?.kind === 'list') {
      for (const item of node.items) {
        folds.push({ start: item.start, end: item.end });
        visit(item.value);
      }
    }
  };
  for (const { root } of tree.documents) visit(root);
  return folds;
}

/** @returns the names from the object down to where an offset stands */
export function trailAt(items: readonly OutlineItem[], offset: number): OutlineItem[] {
  const item = items.find((each) => offset >= each.start && offset <= each.end);
  return item ? [item, ...trailAt(item.children, offset)] : [];
}
