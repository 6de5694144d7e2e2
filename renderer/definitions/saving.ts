/** Saving to the cluster: as it is, or as another kind; and what is asked when others own what would change. */
import { create } from 'zustand';
import type { AppliedDefinition, UnappliedDefinition } from '../../main/ipc/contract.ts';
import { asUiError, invoke } from '../app/bridge.ts';
import { contribute, isDefinition } from '../app/commands.ts';
import { placeOf, say, setUi, useUi } from '../app/store.ts';
import type { Place } from '../app/store.ts';
import { run } from '../document/commands.ts';
import type { Command } from '../document/command.ts';
import { editsBetween } from '../document/merge.ts';
import { readSource } from '../document/source.ts';
import { differences, idOfPath, joined, plainChoice, related } from '../document/threeway.ts';
import type { Choice, Difference } from '../document/threeway.ts';
import { change, objectOf, useDesigner } from '../designer/session.ts';
import type { DefinitionKind } from './live.ts';

/** What is saved: a document of a text, and where. */
interface Subject {
  text: string;
  part: number;
  place: Place;
  /** As it was when the change began. */
  base?: string;
  version?: string;
  /** Id of the open document when the text is its own: it follows what is decided. */
  document?: string;
}

/** A field that somebody has to decide on, or has decided. */
export interface Row {
  difference: Difference;
  /** Who owns it in the cluster. */
  manager: string | undefined;
  choice: Choice | undefined;
}

export interface Deciding {
  subject: Subject;
  answer: UnappliedDefinition;
  rows: Row[];
}

interface Saving {
  /** The kind and name are being asked. */
  asking: boolean;
  deciding: Deciding | undefined;
  busy: boolean;
  problem: string | undefined;
}

const IDLE: Saving = { asking: false, deciding: undefined, busy: false, problem: undefined };

export const useSaving = create<Saving>(() => IDLE);

export function stopSaving(): void {
  useSaving.setState(IDLE, true);
}

/** Saves the object on the canvas where it came from, or where the person is. */
async function saveToCluster(): Promise<void> {
  const state = useUi.getState();
  const { document } = state;
  if (!document) return;
  const { contextId, namespace } = document.origin ?? placeOf(state);
  const designer = useDesigner.getState();
  const definitions = designer.objects.filter(({ kind }) => kind !== 'Workflow');
  const chosen = objectOf(designer);
  const part = (definitions.find((each) => each === chosen) ?? definitions[0])?.document ?? 0;
  await send({ text: document.text, part, place: { contextId, namespace }, document: document.id, ...(document.origin && { base: document.origin.text, ...(document.origin.version !== undefined && { version: document.origin.version }) }) });
}

export interface Target {
  kind: DefinitionKind;
  name: string;
  namespace: string;
  /** For a schedule of what was none. */
  schedules: readonly string[];
}

/** Saves the object on the canvas as another kind, or under another name; the open text stays as it is. @returns why not */
export async function saveAs(target: Target): Promise<string | undefined> {
  const state = useUi.getState();
  const object = objectOf(useDesigner.getState());
  const source = readSource(state.document?.text ?? '');
  const part = object && source.parts[object.document];
  if (!object || !part) return 'There is no workflow in this file.';
  const text = converted(source.text.slice(part.range.start, part.range.end), object.kind, target);
  if (typeof text !== 'string') return text.refused;
  useSaving.setState(IDLE, true);
  await send({ text, part: 0, place: { contextId: state.contextId, namespace: target.namespace } });
  return undefined;
}

/** The text of one document as another kind: its lines as they are, where they can stay. */
function converted(text: string, from: string, { kind, name, namespace, schedules }: Target): string | { refused: string } {
  const value = readSource(text).parts[0]?.value as { metadata?: { labels?: unknown; annotations?: unknown }; spec?: { workflowSpec?: unknown } } | undefined;
  const { labels, annotations } = value?.metadata ?? {};
  const metadata = { name, ...(kind !== 'ClusterWorkflowTemplate' && { namespace }), ...(labels !== undefined && { labels }), ...(annotations !== undefined && { annotations }) };
  const commands: Command[] = [{ type: 'setField', part: 0, path: ['kind'], value: kind }, { type: 'setField', part: 0, path: ['metadata'], value: metadata }];
  if (from === 'CronWorkflow' && kind !== 'CronWorkflow') commands.push({ type: 'setField', part: 0, path: ['spec'], value: value?.spec?.workflowSpec ?? {} });
  if (from !== 'CronWorkflow' && kind === 'CronWorkflow') commands.push({ type: 'setField', part: 0, path: ['spec'], value: { schedules, workflowSpec: value?.spec ?? {} } });
  return changed(text, commands);
}

function changed(text: string, commands: readonly Command[]): string | { refused: string } {
  let source = readSource(text);
  for (const command of commands) {
    const outcome = run(source, command);
    if ('refused' in outcome) return outcome;
    source = outcome.source;
  }
  return source.text;
}

async function send(subject: Subject, decided: { force?: boolean; remove?: (string | number)[][] } = {}): Promise<void> {
  const { text, part, place, base, version } = subject;
  useSaving.setState({ busy: true, problem: undefined });
  try {
    const answer = await invoke('definitions.apply', { ...place, text, part, ...(base !== undefined && { base }), ...(version !== undefined && { version }), ...decided });
    if ('current' in answer) useSaving.setState({ ...IDLE, deciding: { subject, answer, rows: rowsOf(subject, answer) } });
    else {
      stopSaving();
      saved(subject, answer);
    }
  } catch (error) {
    const { message, hint, diagnostics } = asUiError(error);
    const [first] = diagnostics as { message?: string }[];
    const words = `It was not saved to the cluster: ${message}`;
    if (useSaving.getState().deciding) useSaving.setState({ busy: false, problem: `${words} ${first?.message ?? hint ?? ''}` });
    else {
      stopSaving();
      say('failed', words, { hint: first?.message ?? hint });
    }
  }
}

function saved(subject: Subject, { kind, name, created, text, version }: AppliedDefinition): void {
  const now = useUi.getState().document;
  if (now && now.id === subject.document) {
    const origin = { ...subject.place, text, ...(version !== undefined && { version }) };
    setUi({ document: { ...now, origin, ...(now.handle === undefined && { saved: subject.text }) } });
  }
  const room = kind === 'CronWorkflow' ? 'schedules' : 'templates';
  say('done', `${created ? 'Created' : 'Saved'} ${name}.`, { action: { label: 'Show', run: () => { setUi({ room, definition: { kind, name } }); } } });
}

/** What of an object two people can differ in. */
function matter(value: unknown): unknown {
  const { metadata, spec } = (value ?? {}) as { metadata?: { labels?: unknown; annotations?: unknown }; spec?: unknown };
  return { metadata: { labels: metadata?.labels ?? {}, annotations: metadata?.annotations ?? {} }, spec };
}

function valueOf(text: string | undefined, part = 0): unknown {
  return text === undefined ? undefined : readSource(text).parts[part]?.value;
}

function sides({ base, text, part }: Subject, answer: UnappliedDefinition): { base: unknown; mine: unknown; theirs: unknown } {
  return { base: base === undefined ? undefined : matter(valueOf(base)), mine: matter(valueOf(text, part)), theirs: matter(valueOf(answer.current.text)) };
}

function rowsOf(subject: Subject, answer: UnappliedDefinition): Row[] {
  const { base, mine, theirs } = sides(subject, answer);
  const claims = [...answer.conflicts, ...answer.kept].map(({ path, manager }) => ({ id: idOfPath(path, theirs), manager }));
  return differences(base, mine, theirs).flatMap((difference): Row[] => {
    const claim = claims.find(({ id }) => related(id, difference.id));
    if (!claim && (!answer.changed || difference.by === 'mine')) return [];
    // Labels and annotations that only others have stay theirs: in the text they would belong to both.
    if (difference.id.startsWith('metadata.') && difference.base === undefined && difference.mine === undefined) return [];
    // What only the person changed is theirs to take when somebody else owns it.
    const choice = claim && difference.by !== 'theirs' ? undefined : plainChoice(difference);
    return [{ difference, manager: claim?.manager, choice }];
  });
}

export function choose(ids: readonly string[], choice: Choice): void {
  const { deciding } = useSaving.getState();
  if (deciding) useSaving.setState({ deciding: { ...deciding, rows: deciding.rows.map((row) => (ids.includes(row.difference.id) ? { ...row, choice } : row)) } });
}

/** Writes what was decided into the text, and saves it over the version that was seen. */
export async function saveDecided(): Promise<void> {
  const { deciding } = useSaving.getState();
  if (!deciding) return;
  const { subject, answer, rows } = deciding;
  const { base, mine, theirs } = sides(subject, answer);
  const chosen = new Map(rows.map(({ difference, choice }) => [difference.id, choice]));
  const value = joined(base, mine, theirs, (each) => chosen.get(each.id) ?? 'mine') as { metadata: { labels: object; annotations: object }; spec: unknown };
  const text = written(subject.text, subject.part, value);
  if (typeof text !== 'string') {
    useSaving.setState({ problem: text.refused });
    return;
  }
  if (subject.document !== undefined) {
    const { document } = useUi.getState();
    if (document?.id !== subject.document || document.text !== subject.text) {
      useSaving.setState({ problem: 'The text was changed meanwhile. Cancel, and save again.' });
      return;
    }
    await change(editsBetween(subject.text, text));
  }
  const ours = rows.filter(({ choice }) => choice !== 'theirs').map(({ difference }) => difference.id);
  const idOf = (path: readonly (string | number)[]): string => idOfPath(path, theirs);
  const force = answer.conflicts.some(({ path }) => ours.some((id) => related(id, idOf(path))) || !rows.some(({ difference }) => related(difference.id, idOf(path))));
  const remove = answer.kept.filter(({ path }) => ours.some((id) => related(id, idOf(path)))).map(({ path }) => path);
  const { version } = answer.current;
  await send({ ...subject, text, ...(version !== undefined && { version }) }, { ...(force && { force }), ...(remove.length > 0 && { remove }) });
}

/** The text with other labels, annotations and spec; every line that stays the same is as it was written. */
function written(text: string, part: number, { metadata, spec }: { metadata: { labels: object; annotations: object }; spec: unknown }): string | { refused: string } {
  const before = matter(valueOf(text, part)) as { metadata: { labels: object; annotations: object } };
  const some = (value: object): object | undefined => (Object.keys(value).length > 0 ? value : undefined);
  const field = (path: string[], value: unknown): Command => ({ type: 'setField', part, path, value });
  const fields = (['labels', 'annotations'] as const).filter((key) => some(before.metadata[key]) ?? some(metadata[key])).map((key) => field(['metadata', key], some(metadata[key])));
  return changed(text, [...fields, field(['spec'], spec)]);
}

/** @returns the open text as it would be with what the cluster has: what differs from it is what saving would change */
export async function clusterVersion(): Promise<{ text: string; name: string } | { problem: string }> {
  const state = useUi.getState();
  const { document } = state;
  const object = objectOf(useDesigner.getState());
  if (!document || !object || object.kind === 'Workflow') return { problem: 'There is no CronWorkflow and no template on the canvas.' };
  const { contextId, namespace } = document.origin ?? placeOf(state);
  try {
    const current = await invoke('definitions.text', { contextId, namespace, kind: object.kind, name: object.name });
    const text = written(document.text, object.document, matter(valueOf(current.text)) as Parameters<typeof written>[2]);
    return typeof text === 'string' ? { text, name: object.name } : { problem: text.refused };
  } catch (error) {
    return { problem: asUiError(error).message };
  }
}

contribute([
  { id: 'save-cluster', title: 'Save to the cluster', group: 'File', keys: 'Mod+Shift+Enter', when: isDefinition, run: () => void saveToCluster() },
  { id: 'save-cluster-as', title: 'Save to the cluster as…', group: 'File', when: () => useUi.getState().document !== undefined, run: () => { setUi({ room: 'designer' }); useSaving.setState({ ...IDLE, asking: true }); } },
]);
