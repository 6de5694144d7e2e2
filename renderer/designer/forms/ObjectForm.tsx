/** The form of an object out of the table of fields: any type of the language, as deep as it goes. */
import { Command } from 'cmdk';
import { ArrowDown, ArrowUp, ChevronRight, Plus, X } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useState } from 'react';
import type { ReactElement, ReactNode } from 'react';
import type { Field, FieldType } from '../../../engine/spec/schema.ts';
import type { Path } from '../../../engine/spec/yaml.ts';
import { Button, fits, landmark } from '../../ui/parts.tsx';
import { LoopPreview, WaitsFor, WhenField } from './builders.tsx';
import { AddButton, FieldRow, PairsField, renameKey, ScalarField, TextField, WordsField } from './Field.tsx';
import { controlOf, fieldsOf, unknownKeys } from './fields.ts';
import { removeAt, setField, useForm, useValue } from './form.tsx';
import { run } from '../session.ts';
import { YamlSlice } from './YamlSlice.tsx';

/** Objects inside objects deeper than this begin folded. */
const OPEN_DEPTH = 1;
/** More items than this begin folded. */
const MANY_ITEMS = 3;

export function ObjectForm({ type, path, depth = 0 }: { type: string; path: Path; depth?: number }): ReactElement {
  const value = useValue(path);
  const [asked, setAsked] = useState<ReadonlySet<string>>(new Set());
  const object = typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
  const { shown, offered } = fieldsOf(type, object);
  const extra = offered.filter((field) => asked.has(field.name));
  const unknown = unknownKeys(type, object);
  return (
    <div className="object-form">
      {[...shown, ...extra].map((field) => <AnyField key={field.name} owner={type} field={field} path={[...path, field.name]} depth={depth} />)}
      {type === 'DAGTask' ? <WaitsFor path={path} /> : null}
      {LOOPS.some((name) => Object.hasOwn(object, name)) ? <LoopPreview call={object} /> : null}
      {unknown.length > 0 ? <p className="form-problem warning">{unknown.join(', ')}: unknown to Argo; see its YAML.</p> : null}
      <AddField fields={offered.filter((field) => !asked.has(field.name))} onAdd={(field) => { setAsked(new Set([...asked, field.name])); }} />
    </div>
  );
}

const LOOPS = ['withItems', 'withParam', 'withSequence'] as const;

function AnyField({ owner, field, path, depth }: { owner: string; field: Field; path: Path; depth: number }): ReactElement {
  const { type } = field;
  if ((owner === 'DAGTask' || owner === 'WorkflowStep') && field.name === 'when') return <WhenField field={field} path={path} />;
  const control = controlOf(type, field.name, field.values);
  if (control === 'words' && type.kind === 'list') return <WordsField field={field} path={path} of={type.of} />;
  if (control === 'pairs' && type.kind === 'map') return <PairsField field={field} path={path} of={type.of} />;
  if (control === 'list' && type.kind === 'list') return <ListField field={field} path={path} of={type.of} depth={depth} />;
  if (control === 'map' && type.kind === 'map') return <MapField field={field} path={path} of={type.of} depth={depth} />;
  if (control === 'object' && type.kind === 'object') return <Fold field={field} path={path} open={depth < OPEN_DEPTH}><ObjectForm type={type.name} path={path} depth={depth + 1} /></Fold>;
  if (control === 'yaml') return <FieldRow field={field} path={path}>{() => <YamlSlice path={path} label={`${field.name} as YAML`} />}</FieldRow>;
  return <ScalarField field={field} path={path} />;
}

/** An object with its fields below its name; it opens by itself when something is in it. */
function Fold({ field, path, open, children }: { field: Field; path: Path; open: boolean; children: ReactElement }): ReactElement {
  const form = useForm();
  const value = useValue(path);
  const set = value !== undefined && value !== null;
  return (
    <Disclosure title={field.name} note={set ? summaryOf(value) : field.doc} begins={set && open} tools={set && !form.locked ? <Button kind="quiet" size="icon small" tip={`Remove ${field.name}`} onClick={() => { setField(form, path, undefined); }}><X aria-hidden /></Button> : null}>{children}</Disclosure>
  );
}

/** Something that unfolds below its name, with what can be done to it beside the name. */
function Disclosure({ title, note, begins, tools, children }: { title: string; note?: string | undefined; begins: boolean; tools: ReactNode; children: ReactNode }): ReactElement {
  const [open, setOpen] = useState(begins);
  return (
    <div className="form-fold">
      <div className="form-fold-head">
        <button type="button" aria-expanded={open} onClick={() => { setOpen(!open); }}><ChevronRight aria-hidden className="turn" /><span className="cut">{title}</span><small className="soft cut">{note}</small></button>
        {tools}
      </div>
      {open ? children : null}
    </div>
  );
}

/** What an object or a list holds, in few words. */
function summaryOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 1 ? '1 item' : `${value.length} items`;
  if (typeof value !== 'object' || value === null) return '';
  const object = value as Record<string, unknown>;
  if (typeof object.name === 'string') return object.name;
  return Object.entries(object).map(([key, item]) => (typeof item === 'object' ? key : `${key}: ${JSON.stringify(item)}`)).join(', ').slice(0, 80);
}

function ListField({ field, path, of, depth }: { field: Field; path: Path; of: FieldType; depth: number }): ReactElement {
  const form = useForm();
  const value = useValue(path);
  const items = Array.isArray(value) ? (value as unknown[]) : [];
  const type = of.kind === 'object' ? of.name : '';
  const add = (): void => { setField(form, [...path, items.length], NAMED.has(type) ? { name: freshName(singular(field.name), items) } : {}); };
  return (
    <section className="form-list" aria-label={field.name}>
      <header><span>{field.name}</span><span className="grow" />{form.locked ? null : <AddButton words={`Add ${singular(field.name)}`} onAdd={add} />}</header>
      {items.map((item, index) => (
        <Disclosure key={index} title={nameOf(item) ?? `${singular(field.name)} ${index + 1}`} begins={depth <= OPEN_DEPTH && items.length <= MANY_ITEMS} tools={form.locked ? null : <ItemTools path={path} index={index} count={items.length} name={nameOf(item) ?? String(index + 1)} />}>
          <ObjectForm type={type} path={[...path, index]} depth={depth + 1} />
        </Disclosure>
      ))}
    </section>
  );
}

function ItemTools({ path, index, count, name }: { path: Path; index: number; count: number; name: string }): ReactElement {
  const form = useForm();
  const move = (to: number) => (): void => {
    void run({ type: 'moveItem', part: form.part, path, from: index, to });
  };
  return (
    <>
      {index > 0 ? <Button kind="quiet" size="icon small" tip={`Move ${name} up`} onClick={move(index - 1)}><ArrowUp aria-hidden /></Button> : null}
      {index < count - 1 ? <Button kind="quiet" size="icon small" tip={`Move ${name} down`} onClick={move(index + 1)}><ArrowDown aria-hidden /></Button> : null}
      <Button kind="quiet" size="icon small" tip={`Remove ${name}`} onClick={() => { removeAt(form, [...path, index]); }}><X aria-hidden /></Button>
    </>
  );
}

/** Types that begin with a name. */
const NAMED: ReadonlySet<string> = new Set(['Parameter', 'Artifact', 'EnvVar', 'Volume', 'VolumeMount', 'UserContainer', 'ContainerNode', 'HTTPHeader', 'Mutex', 'MetricLabel']);

function freshName(base: string, items: readonly unknown[]): string {
  const taken = new Set(items.map(nameOf));
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}-${number}`;
    if (!taken.has(name)) return name;
  }
}

function nameOf(item: unknown): string | undefined {
  return typeof item === 'object' && item !== null && 'name' in item && typeof item.name === 'string' && item.name !== '' ? item.name : undefined;
}

function singular(name: string): string {
  return name.endsWith('es') && /(?:x|ss|sh|ch)es$/.test(name) ? name.slice(0, -2) : name.replace(/s$/, '');
}

/** A map of objects, as hooks: each under a name. */
function MapField({ field, path, of, depth }: { field: Field; path: Path; of: FieldType; depth: number }): ReactElement {
  const form = useForm();
  const value = useValue(path);
  const pairs = typeof value === 'object' && value !== null ? (Object.entries(value) as [string, unknown][]) : [];
  const type = of.kind === 'object' ? of.name : '';
  const add = (): void => { setField(form, [...path, freshName(field.name === 'hooks' ? 'exit' : 'name', pairs.map(([name]) => ({ name })))], {}); };
  return (
    <section className="form-list" aria-label={field.name}>
      <header><span>{field.name}</span><span className="grow" />{form.locked ? null : <AddButton words={`Add ${singular(field.name)}`} onAdd={add} />}</header>
      {pairs.map(([key], index) => (
        <Disclosure key={index} title={key} begins={depth === 0} tools={form.locked ? null : <Button kind="quiet" size="icon small" tip={`Remove ${key}`} onClick={() => { removeAt(form, [...path, key]); }}><X aria-hidden /></Button>}>
          <div className="object-form">
            <div className="form-row"><div className="form-label"><span>key</span></div><div className="form-control"><TextField label={`Key of ${key}`} value={key} onDone={(typed) => { renameKey(form, path, pairs, key, typed); }} /><span className="remove" /></div></div>
          </div>
          <ObjectForm type={type} path={[...path, key]} depth={depth + 1} />
        </Disclosure>
      ))}
    </section>
  );
}

/** The fields that are not set, found by their names and by what they do. */
function AddField({ fields, onAdd }: { fields: readonly Field[]; onAdd: (field: Field) => void }): ReactElement | null {
  const { locked } = useForm();
  const [open, setOpen] = useState(false);
  if (fields.length === 0 || locked) return null;
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild><Button kind="quiet" size="small" className="add-item"><Plus aria-hidden />More fields…</Button></Popover.Trigger>
      <Popover.Portal container={landmark()}>
        <Popover.Content className="field-menu" align="start" sideOffset={4} collisionPadding={8}>
          <Command label="Fields" filter={fits}>
            <Command.Input className="field" placeholder="Find a field" aria-label="Find a field" />
            <Command.List>
              <Command.Empty className="soft">No such field</Command.Empty>
              {fields.map((field) => <Command.Item key={field.name} value={`${field.name} ${field.doc ?? ''}`} onSelect={() => { onAdd(field); setOpen(false); }}><b className="mono">{field.name}</b><small className="soft">{field.doc}</small></Command.Item>)}
            </Command.List>
          </Command>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
