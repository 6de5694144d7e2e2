/** Values of manifests that become parameters of the workflow: images, namespaces, and what the source called values. */
import { readDocuments } from '../spec/yaml.ts';
import type { ManifestObject } from './objects.ts';
import { fields, hostPattern, namespaceOf } from './order.ts';

export interface ManifestParameter {
  name: string;
  value: string;
  /** What it stands for: `Image of carts, orders`. */
  description: string;
}

type Path = (string | number)[];

/** A value that the source had under a name, standing in the manifests as a mark that nothing else looks like. */
export interface MarkedValue {
  mark: string;
  /** As the source calls it: `image.tag`. */
  name: string;
  value: string;
}

const tagOf = (parameter: string): string => `{{workflow.parameters.${parameter}}}`;

/** Gives out names that Argo takes, each once. */
class Names {
  readonly #taken = new Set<string>();

  take(wanted: string): string {
    const clean = wanted.replaceAll(/[^A-Za-z0-9_]+/g, '-').replaceAll(/^-+|-+$/g, '') || 'value';
    let name = clean;
    for (let n = 2; this.#taken.has(name); n++) name = `${clean}-${n}`;
    this.#taken.add(name);
    return name;
  }
}

export class Parameters {
  readonly list: ManifestParameter[] = [];
  readonly #names = new Names();
  readonly #images = new Map<string, ManifestParameter & { users: Set<string> }>();
  readonly #namespaces = new Map<string, string>();
  readonly #marks: { mark: string; parameter: string; value: string }[] = [];
  readonly #hosts: { pattern: RegExp; namespace: string }[];

  constructor(objects: readonly ManifestObject[], marked: readonly MarkedValue[]) {
    const spaces = [...new Set(objects.flatMap(({ value }) => [namespaceOf(value), value.kind === 'Namespace' ? value.metadata.name ?? '' : '']))].filter((space) => space && !marked.some(({ mark }) => space.includes(mark)));
    for (const namespace of spaces) {
      const name = this.#names.take(spaces.length === 1 ? 'namespace' : `namespace-${namespace}`);
      this.#namespaces.set(namespace, name);
      this.list.push({ name, value: namespace, description: `Namespace ${namespace}` });
    }
    for (const { mark, name, value } of marked) {
      const parameter = this.#names.take(name);
      this.#marks.push({ mark, parameter, value });
      this.list.push({ name: parameter, value, description: `Value ${name}` });
    }
    this.#hosts = objects.flatMap(({ value }) => (value.kind === 'Service' && namespaceOf(value) ? [{ pattern: new RegExp(hostPattern(value.metadata.name ?? '').source, 'g'), namespace: namespaceOf(value) }] : []));
  }

  /** @returns the manifest's text with tags in the place of what became parameters */
  apply(object: ManifestObject): string {
    const document = readDocuments(object.text).documents[0];
    const edits: { start: number; end: number; text: string }[] = [];
    for (const { path, value } of leaves(object.value, [])) {
      const range = document?.rangeOf(path);
      const written = range ? object.text.slice(range.start, range.end) : '';
      // An alias stands for a value that is written elsewhere.
      if (!range || written.startsWith('*')) continue;
      const replaced = this.#replace(object, path, value);
      if (replaced === undefined) continue;
      edits.push({ ...range, text: /^[|>]/.test(written) ? this.#inBlock(written) : quoted(replaced, typeof value) });
    }
    let result = object.text;
    for (const edit of edits.sort((a, b) => b.start - a.start)) result = result.slice(0, edit.start) + edit.text + result.slice(edit.end);
    return result;
  }

  /** Names who uses which image, once all manifests were seen. */
  describeImages(): void {
    for (const image of this.#images.values()) image.description = `Image of ${[...image.users].join(', ')}`;
  }

  /** @returns the text with the source's own values back in the place of their marks */
  unmarked(given: string): string {
    return this.#marks.reduce((result, { mark, value }) => result.replaceAll(mark, value), given);
  }

  /** @returns the text with tags in the place of marks */
  tagged(given: string): string {
    return this.#marks.reduce((result, { mark, parameter }) => result.replaceAll(mark, tagOf(parameter)), given);
  }

  #replace(object: ManifestObject, path: Path, value: string | number): string | undefined {
    const given = String(value);
    const marked = this.tagged(given);
    if (marked !== given) return marked;
    if (typeof value === 'number' || given.includes('{{')) return undefined;
    if (isImage(path)) return tagOf(this.#image(given, object));
    const namespace = isNamespace(object, path) ? this.#namespaces.get(given) : undefined;
    if (namespace !== undefined) return tagOf(namespace);
    const moved = isHostText(path) ? this.#hostsMoved(given) : given;
    return moved === given ? undefined : moved;
  }

  /** A host name with a namespace in it follows the namespace's parameter. */
  #hostsMoved(given: string): string {
    return this.#hosts.reduce((result, { pattern, namespace }) => result.replaceAll(pattern, (host: string, found?: string) => {
      const parameter = found === namespace ? this.#namespaces.get(namespace) : undefined;
      return parameter === undefined ? host : host.replace(`.${namespace}`, `.${tagOf(parameter)}`);
    }), given);
  }

  #inBlock(written: string): string {
    return this.#hostsMoved(this.tagged(written));
  }

  #image(reference: string, object: ManifestObject): string {
    let image = this.#images.get(reference);
    if (!image) {
      const repository = reference.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
      image = { name: this.#names.take(`image-${repository.slice(repository.lastIndexOf('/') + 1)}`), value: reference, description: '', users: new Set() };
      this.#images.set(reference, image);
      this.list.push(image);
    }
    image.users.add(this.unmarked(object.value.metadata.name ?? ''));
    return image.name;
  }
}

/** @returns every text and number below a value, with its path */
export function leaves(value: unknown, path: Path): { path: Path; value: string | number }[] {
  if (typeof value === 'string' || typeof value === 'number') return [{ path, value }];
  if (Array.isArray(value)) return value.flatMap((item, index) => leaves(item, [...path, index]));
  return Object.entries(fields(value)).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

/** A number stays a number; a tag must be quoted, or its braces begin a map. */
function quoted(value: string, type: string): string {
  return type === 'number' && /^\{\{[^{}]*\}\}$/.test(value) ? value : JSON.stringify(value);
}

function isImage(path: Path): boolean {
  const [field, index, list] = [...path].reverse();
  return field === 'image' && typeof index === 'number' && (list === 'containers' || list === 'initContainers');
}

function isNamespace({ value }: ManifestObject, path: Path): boolean {
  if (value.kind === 'Namespace' && path.join('.') === 'metadata.name') return true;
  return path.join('.') === 'metadata.namespace' || (path[0] === 'subjects' && path.length === 3 && path[2] === 'namespace');
}

function isHostText(path: Path): boolean {
  return path.at(-1) === 'value' || path.includes('command') || path.includes('args') || path[0] === 'data';
}
