/** What stands under the pointer, in words. */
import { expressionName } from './completion.ts';
import { aboutField, fieldOf, typeWords, valuesOf } from './fields.ts';
import { functionOf } from './functions.ts';
import { Look } from './names.ts';
import type { Call, ObjectNames, TemplateNames, Workspace } from './names.ts';
import { occurrenceAt, occurrencesIn } from './occurrences.ts';
import type { NameSymbol } from './occurrences.ts';
import { tagAt, wordAt } from './place.ts';
import type { Found } from './place.ts';
import { scopeAt, variablesAt } from './variables.ts';
import type { Variable } from './variables.ts';

export interface Hover {
  start: number;
  end: number;
  /** Shown as code. */
  title: string;
  /** Plain sentences, a paragraph each. */
  lines: string[];
}

export function hoverAt(workspace: Workspace, offset: number): Hover | undefined {
  const { main } = workspace;
  const found = wordAt(main.tree, offset);
  if (!found) return undefined;
  const object = main.objects.find((each) => each.index === found.index);
  if (found.role === 'key') return object && hoverKey(object, found);
  const { text } = main.tree;
  const tag = tagAt(text, offset, found.node.inner);
  const whole = ['expression', 'fromExpression'].includes(String(found.path.at(-1)));
  if (tag || whole) return hoverInTag(workspace, found, offset, tag ?? { ...found.node.inner, expression: true });
  const occurrence = occurrenceAt(occurrencesIn(workspace, main), offset);
  if (occurrence) return { start: occurrence.start, end: occurrence.end, ...describe(occurrence.symbol) };
  return object && hoverKey(object, found);
}

function hoverKey(object: ObjectNames, { path, node }: Found): Hover | undefined {
  const field = fieldOf(object.kind, path);
  if (!field) return undefined;
  const values = valuesOf(field);
  const about = aboutField(field);
  return {
    start: node.start, end: node.end, title: `${field.field.name}: ${typeWords(field.field.type)}${field.field.required ? ' (required)' : ''}`,
    lines: [...(about === undefined ? [] : [about]), ...(values.length > 0 ? [`One of ${values.join(', ')}.`] : [])],
  };
}

function hoverInTag(workspace: Workspace, found: Found, offset: number, tag: { start: number; end: number; expression: boolean }): Hover | undefined {
  const { text } = workspace.main.tree;
  const scope = scopeAt(workspace, found.index, found.path);
  const variables = scope ? variablesAt(scope) : [];
  const inside = text.slice(tag.start, tag.end);
  if (!tag.expression) {
    const name = inside.trim();
    const start = tag.start + inside.indexOf(name);
    return hoverVariable(variables, name, start, start + name.length);
  }
  for (const match of inside.matchAll(/[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*|\[(?:'[^']*'|"[^"]*")\])*/g)) {
    const start = tag.start + match.index;
    const end = start + match[0].length;
    if (offset < start || offset > end) continue;
    const info = text[end] === '(' ? functionOf(match[0]) : undefined;
    if (info) return { start, end, title: info.signature, lines: [info.about] };
    const dotted = match[0].replaceAll('?.', '.').replace(/\[['"]([^'"]*)['"]\]/g, '.$1');
    return hoverVariable(variables, dotted, start, end);
  }
  return undefined;
}

function hoverVariable(variables: readonly Variable[], name: string, start: number, end: number): Hover | undefined {
  if (name === '') return undefined;
  const variable = variables.find((each) => each.name === name);
  if (!variable) return undefined;
  const lines = [variable.about, ...(variable.value === undefined ? [] : [`Now ${variable.value === '' ? 'empty' : variable.value.slice(0, 400)}`])];
  const expression = expressionName(name);
  if (expression !== name) lines.push(`In an expression: ${expression}`);
  return { start, end, title: name, lines };
}

function describe(symbol: NameSymbol): Pick<Hover, 'title' | 'lines'> {
  switch (symbol.kind) {
    case 'object': return { title: `${symbol.object.kind} ${symbol.name}`, lines: [`Templates: ${symbol.object.templates.slice(0, 12).map(({ name }) => name).join(', ')}`] };
    case 'template': {
      const template = symbol.object.templates.find(({ name }) => name === symbol.name);
      return { title: `template ${symbol.name}`, lines: template ? describeTemplate(template, symbol.object) : [] };
    }
    case 'task': {
      const call = symbol.template.calls.find(({ name }) => name === symbol.name);
      return { title: `${symbol.template.type === 'steps' ? 'step' : 'task'} ${symbol.name}`, lines: call ? describeCall(call) : [] };
    }
    case 'port': {
      const port = symbol.template[symbol.direction][symbol.sort].find(({ name }) => name === symbol.name);
      return { title: `${symbol.direction}.${symbol.sort}.${symbol.name}`, lines: [`${symbol.direction === 'inputs' ? 'Input' : 'Output'} of template ${symbol.template.name}.`, ...(port ? describePort(port.map, symbol.object) : [])] };
    }
    case 'argument': {
      const port = symbol.object.arguments[symbol.sort].find(({ name }) => name === symbol.name);
      return { title: `workflow.${symbol.sort}.${symbol.name}`, lines: ['Given to the whole run.', ...(port ? describePort(port.map, symbol.object) : [])] };
    }
  }
}

function describeCall(call: Call): string[] {
  const runs = call.template?.text ?? (call.ref ? `${call.ref.name?.text ?? ''}/${call.ref.template?.text ?? ''}` : 'a template of its own');
  return [`Runs ${runs}.`, ...(call.needs.length > 0 ? [`Waits for ${call.needs.join(', ')}.`] : [])];
}

function describePort(map: Parameters<Look['text']>[0], object: ObjectNames): string[] {
  const look = new Look(object.document);
  const value = look.text(map, 'value');
  const fallback = look.text(map, 'default');
  const description = look.text(map, 'description');
  return [...(description === undefined ? [] : [description]), ...(value === undefined ? [] : [`Value ${value === '' ? 'empty' : value.slice(0, 400)}`]), ...(fallback === undefined ? [] : [`Default ${fallback === '' ? 'empty' : fallback.slice(0, 400)}`])];
}

function describeTemplate(template: TemplateNames, object: ObjectNames): string[] {
  const look = new Look(object.document);
  const names = (direction: 'inputs' | 'outputs'): string => [...template[direction].parameters, ...template[direction].artifacts].map(({ name }) => name).join(', ');
  const body = template.type === undefined ? undefined : look.map(template.map, template.type);
  const image = body && look.text(body, 'image');
  const calls = template.calls.length > 0 ? `: ${template.calls.slice(0, 12).map(({ name }) => name).join(', ')}` : '';
  return [
    `${template.type ?? 'No type yet'}${image === undefined ? '' : `, ${image}`}${calls}`,
    ...(names('inputs') === '' ? [] : [`Takes ${names('inputs')}`]), ...(names('outputs') === '' ? [] : [`Gives ${names('outputs')}`]),
  ];
}
