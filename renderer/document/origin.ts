/** Which object of the text a changed copy was made of: the copy is written as the original's bytes with the change in them. */
const origins = new WeakMap<object, object>();

/** Remembers that `copy` is `original` changed. @returns the copy */
export function derive<T extends object>(original: object, copy: T): T {
  if (copy !== original) origins.set(copy, originOf(original));
  return copy;
}

/** @returns the object that a copy was first made of; itself when it is none */
export function originOf(value: object): object {
  return origins.get(value) ?? value;
}
