/** What the schema says of a place, in words. */
import { objectType, typeAt } from '../../../engine/spec/schema.ts';
import type { Field, FieldType } from '../../../engine/spec/schema.ts';
import { fieldDoc, fieldValues } from '../../../engine/spec/schema-docs.ts';
import type { Path } from '../../../engine/spec/yaml.ts';

/** @returns the type of the value at a path of an object of `kind` */
export function fieldAt(kind: string, path: Path): FieldType | undefined {
  return typeAt(kind, path);
}

/** @returns the field that a path ends in, with the type it belongs to */
export function fieldOf(kind: string, path: Path): { field: Field; owner: string } | undefined {
  const parent = path.length > 0 ? typeAt(kind, path.slice(0, -1)) : undefined;
  if (parent?.kind !== 'object') return undefined;
  const field = objectType(parent.name)?.fields.get(String(path.at(-1)));
  return field && { field, owner: parent.name };
}

/** @returns what a field does, in a sentence */
export function aboutField({ field, owner }: { field: Field; owner: string }): string | undefined {
  return field.doc ?? fieldDoc(owner, field.name);
}

/** @returns the values a field may have, the empty one left out */
export function valuesOf({ field, owner }: { field: Field; owner: string }): readonly string[] {
  return (field.values ?? fieldValues(owner, field.name) ?? []).filter((value) => value !== '');
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'text', bool: 'true or false', int: 'whole number', int32: 'whole number', float: 'number', time: 'time', quantity: 'quantity', bytes: 'base64', any: 'anything', empty: 'nothing in it: {}', anyString: 'text',
  intOrString: 'number or text', item: 'anything', amount: 'number', plugin: 'object', progress: 'progress', steps: 'rows of steps',
};

/** @returns a type in words: `list of Template` */
export function typeWords(type: FieldType): string {
  switch (type.kind) {
    case 'scalar': return WORDS[type.name] ?? type.name;
    case 'object': return type.name;
    case 'list': return `list of ${typeWords(type.of)}`;
    case 'map': return `map to ${typeWords(type.of)}`;
  }
}

/** Whether the value at a path is an expression as a whole. */
export function isExpression(path: Path): boolean {
  const last = path.at(-1);
  return last === 'expression' || last === 'fromExpression';
}
