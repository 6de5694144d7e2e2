/** Which values of a source end up in which places of its manifests: found by rendering it with marks in their place. */
import { readDocuments } from '../spec/yaml.ts';
import type { ManifestText } from './objects.ts';
import { leaves } from './parameters.ts';
import type { MarkedValue } from './parameters.ts';

type Path = (string | number)[];
export type Values = Record<string, unknown>;

/** Renders the source with these values in the place of its own; a throw means that it does not take them. */
export type Render = (values: Values) => Promise<ManifestText[]>;

export interface MarkedManifests {
  /** Rendered with marks where values stand. */
  sources: ManifestText[];
  marked: MarkedValue[];
  /** Names of values that were not tried, for there are too many. */
  left: string[];
}

const MOST_VALUES = 400;
const MOST_RENDERS = 40;
/** No source has so many values. */
const MOST_MARKS = 100_000;

interface Candidate extends MarkedValue {
  path: Path;
  marker: string | number;
}

/**
 * A value becomes a parameter when a mark in its place changes nothing but texts and numbers in which the mark stands: then
 * putting another value there gives what the source itself would give. Values that decide what is made stay as they are.
 * @param source which of several sources of one workflow it is: their marks are not the same
 */
export async function markValues(values: Values, render: Render, source = 0): Promise<MarkedManifests> {
  const plain = await render(values);
  const all = candidatesOf(values, plain, source * MOST_MARKS);
  const tried = all.slice(0, MOST_VALUES);
  const session = { plain, values, render, left: MOST_RENDERS };
  const good = await settle(tried, session);
  const sources = good.length ? await render(withMarks(values, good)) : plain;
  const used = good.filter(({ mark }) => sources.some(({ text }) => text.includes(mark)));
  return { sources, marked: used.map(({ mark, name, value }) => ({ mark, name, value })), left: all.slice(MOST_VALUES).map(({ name }) => name) };
}

interface Session {
  plain: readonly ManifestText[];
  values: Values;
  render: Render;
  /** How often the source may still be rendered. */
  left: number;
}

/** Halves what does not fit, until each half does or one value is left over. */
async function settle(candidates: readonly Candidate[], session: Session): Promise<Candidate[]> {
  if (!candidates.length || session.left <= 0) return [];
  session.left--;
  const rendered = await session.render(withMarks(session.values, candidates)).catch(() => undefined);
  if (rendered && same(session.plain, rendered, candidates)) return [...candidates];
  if (candidates.length === 1) return [];
  const middle = Math.ceil(candidates.length / 2);
  const found = [...await settle(candidates.slice(0, middle), session), ...await settle(candidates.slice(middle), session)];
  // Two that are well alone may not be together.
  return found.length === 0 || await together(found, session) ? found : [];
}

async function together(candidates: readonly Candidate[], session: Session): Promise<boolean> {
  session.left--;
  const rendered = await session.render(withMarks(session.values, candidates)).catch(() => undefined);
  return rendered !== undefined && same(session.plain, rendered, candidates);
}

/** Texts and whole numbers; a mark looks like nothing else in the manifests. */
function candidatesOf(values: Values, plain: readonly ManifestText[], first: number): Candidate[] {
  const everything = plain.map(({ text }) => text).join('\n');
  let number = 410_003 + 2 * first;
  return leaves(values, []).flatMap(({ path, value }, index): Candidate[] => {
    const name = path.join('.');
    if (typeof value === 'string') {
      if (value === '') return [];
      const mark = `tiphysv${first + index}x`;
      return everything.includes(mark) ? [] : [{ path, name, value, mark, marker: mark }];
    }
    if (!Number.isInteger(value) || value < 0) return [];
    do number += 2; while (everything.includes(String(number)));
    return [{ path, name, value: String(value), mark: String(number), marker: number }];
  });
}

function withMarks(values: Values, candidates: readonly Candidate[]): Values {
  const copy = JSON.parse(JSON.stringify(values)) as Values;
  for (const { path, marker } of candidates) {
    let at: unknown = copy;
    for (const step of path.slice(0, -1)) at = (at as Record<string | number, unknown>)[step];
    (at as Record<string | number, unknown>)[path.at(-1) ?? ''] = marker;
  }
  return copy;
}

/** Whether both are the same once marks are values again, in texts and numbers only. */
function same(plain: readonly ManifestText[], marked: readonly ManifestText[], candidates: readonly Candidate[]): boolean {
  if (plain.length !== marked.length) return false;
  return plain.every((source, index) => {
    const other = marked[index];
    if (source.file !== other?.file) return false;
    const [a, b] = [readDocuments(source.text), readDocuments(other.text)];
    return a.documents.length === b.documents.length && a.documents.every((document, at) => equal(document.value, b.documents[at]?.value, candidates));
  });
}

function equal(plain: unknown, marked: unknown, candidates: readonly Candidate[]): boolean {
  if (typeof plain === 'number' && typeof marked === 'number') return plain === marked || candidates.some(({ marker, value }) => marker === marked && Number(value) === plain);
  if (typeof marked === 'string') return typeof plain === 'string' && (plain === marked || plain === candidates.reduce((text, { mark, value }) => text.replaceAll(mark, value), marked));
  if (Array.isArray(plain)) return Array.isArray(marked) && plain.length === marked.length && plain.every((item, index) => equal(item, marked[index], candidates));
  if (typeof plain === 'object' && plain !== null) {
    if (typeof marked !== 'object' || marked === null) return false;
    const [a, b] = [Object.entries(plain), marked as Record<string, unknown>];
    return a.length === Object.keys(b).length && a.every(([key, value]) => Object.hasOwn(b, key) && equal(value, b[key], candidates));
  }
  return plain === marked;
}
