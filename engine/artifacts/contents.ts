/** What is in an artifact: its files, whether it is a folder or an archive; one of them; and what of it a person can look at. */
import type { ArtifactContent, ArtifactEntry, ArtifactFile, ArtifactPreview, ArtifactRef, ArtifactSize, ReadArtifactOptions } from '../api.ts';
import { AppError, isAppError } from '../spec/error.ts';
import { gunzipped, HEAD_BYTES, tarEntries, wrappingOf, zipEntries } from './archive.ts';
import type { Wrapping } from './archive.ts';
import { part } from './store.ts';
import type { StoredContent, StoredObject } from './store.ts';
import { keyWithin } from './stores.ts';
import type { Place } from './stores.ts';

/** Files of one artifact that are listed. */
const MOST_FILES = 1000;
/** Bytes of an archive that are unpacked to show something of it. */
const MOST_SCANNED = 256 * 1024 * 1024;
const MOST_TEXT = 256 * 1024;
const MOST_BYTES = 64 * 1024;
const MOST_IMAGE = 8 * 1024 * 1024;

const fileOf = ({ size = 0, modifiedAt }: Pick<StoredObject, 'size' | 'modifiedAt'>, path: string): ArtifactFile => ({ path, size, ...(modifiedAt === undefined ? {} : { modifiedAt }) });

function nothing({ key }: Place): AppError {
  return new AppError('not-found', `There is nothing under the key "${key}".`, { hint: 'It was deleted, or was never written.' });
}

/** @returns the files of an artifact: itself, with an empty path, or what is below it when it is a folder. Throws `not-found`. */
export async function filesOf(place: Place, signal?: AbortSignal): Promise<{ files: ArtifactFile[]; more: boolean }> {
  const { store, key } = place;
  const found = await store.head(key, signal);
  if (found) return { files: [fileOf(found, '')], more: false };
  const prefix = keyWithin(key, '').replace(/([^/])$/, '$1/');
  const { objects, next } = await store.list(prefix, MOST_FILES, signal);
  if (objects.length === 0) throw nothing(place);
  return { files: objects.map((object) => fileOf(object, object.key.slice(prefix.length))), more: next !== undefined };
}

const SIZES_AT_ONCE = 8;

/** @returns how much there is of each artifact, or why it cannot be said */
export async function sizesOf(refs: readonly ArtifactRef[], open: (ref: ArtifactRef) => Promise<Place>, signal?: AbortSignal): Promise<ArtifactSize[]> {
  const sizes: ArtifactSize[] = [];
  for (let at = 0; at < refs.length; at += SIZES_AT_ONCE) sizes.push(...await Promise.all(refs.slice(at, at + SIZES_AT_ONCE).map((ref) => sizeOf(ref, open, signal))));
  return sizes;
}

async function sizeOf(ref: ArtifactRef, open: (ref: ArtifactRef) => Promise<Place>, signal?: AbortSignal): Promise<ArtifactSize> {
  try {
    const { files, more } = await filesOf(await open(ref), signal);
    const newest = files.map(({ modifiedAt }) => modifiedAt ?? '').sort().at(-1);
    return { files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0), more, ...(newest && { modifiedAt: newest }) };
  } catch (error) {
    if (!isAppError(error)) throw error;
    const { code, message, hint } = error;
    return { code, message, ...(hint === undefined ? {} : { hint }) };
  }
}

/** @returns the bytes of an artifact as they are kept, or of one file in it, be it a folder or an archive */
export async function readWithin(place: Place, { file, start, end, signal }: ReadArtifactOptions = {}): Promise<ArtifactContent> {
  const range = { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }), ...(signal && { signal }) };
  const { store, key } = place;
  if (file === undefined || file === '') return store.get(key, range);
  const found = await store.head(key, signal);
  if (!found) return store.get(keyWithin(key, file), range);
  const { size, body } = await packedFile(place, found, file, signal);
  return { size, body: start === undefined && end === undefined ? body : part(body, range) };
}

/** @returns every file of an artifact in its order, out of the folder or the archive; one that is a single file with an empty path */
export async function* entriesOf(place: Place, signal?: AbortSignal): AsyncGenerator<ArtifactEntry> {
  const { store, key } = place;
  const options = signal ? { signal } : {};
  const found = await store.head(key, signal);
  if (found) {
    const { wrapping } = await beginning(place, signal);
    const packed = unwrapped(place, found, wrapping, signal);
    if (packed) yield* packed;
    else yield { type: 'file', ...fileOf(found, ''), body: (await store.get(key, options)).body };
    return;
  }
  const prefix = key.replace(/([^/])$/, '$1/');
  let seen = 0;
  for (let next: string | undefined; ;) {
    const page = await store.list(prefix, MOST_FILES, signal, next);
    for (const object of page.objects) {
      const path = object.key.slice(prefix.length);
      seen += 1;
      // Some tools mark a folder by an empty object.
      if (path === '' || path.endsWith('/')) continue;
      yield { type: 'file', ...fileOf(object, path), body: later(() => store.get(object.key, options)) };
    }
    next = page.next;
    if (next === undefined) break;
  }
  if (seen === 0) throw nothing(place);
}

/** @returns what can be shown of an artifact, or of a file in it: a list of files, a text, a picture, or its first bytes */
export async function previewOf(place: Place, { file, signal }: { file?: string; signal?: AbortSignal } = {}): Promise<ArtifactPreview> {
  const { store, key } = place;
  const found = await store.head(key, signal);
  if (!found) {
    if (file === undefined || file === '') return { kind: 'files', ...await filesOf(place, signal) };
    const content = await store.get(keyWithin(key, file), signal ? { signal } : {});
    return shown(file, content);
  }
  if (file !== undefined && file !== '') return shown(file, await packedFile(place, found, file, signal, MOST_SCANNED));
  const { wrapping } = await beginning(place, signal);
  const packed = unwrapped(place, found, wrapping, signal);
  if (packed) return listing(packed, wrapping === 'zip' ? 'zip' : 'tar');
  const content = await store.get(key, signal ? { signal } : {});
  return wrapping === 'gzip' ? shown('', { body: gunzipped(content.body) }) : shown('', { ...content, ...(found.size === undefined ? {} : { size: found.size }) });
}

/** The files of an archive; when it holds just one, what is in that. */
async function listing(packed: AsyncGenerator<ArtifactEntry>, archive: 'tar' | 'zip'): Promise<ArtifactPreview> {
  const files: ArtifactFile[] = [];
  let only: { path: string; begin: Uint8Array; size: number } | undefined;
  let entries = 0;
  let scanned = 0;
  let more = false;
  for await (const entry of packed) {
    if (files.length >= MOST_FILES) {
      more = true;
      break;
    }
    entries += 1;
    only = entries === 1 && entry.type === 'file' ? { path: entry.path, size: entry.size, begin: await first(entry.body, MOST_IMAGE) } : undefined;
    if (entry.type !== 'folder') files.push({ ...fileOf(entry, entry.path), ...(entry.type === 'link' && { target: entry.target ?? '' }) });
    // A tar has to be unpacked to see what comes next; a zip has a directory.
    scanned += archive === 'tar' ? entry.size : 0;
    more = scanned > MOST_SCANNED;
    if (more) break;
  }
  return only ? shownBytes(only.path, only.begin, only.size) : { kind: 'files', archive, files, more };
}

async function beginning({ store, key }: Place, signal?: AbortSignal): Promise<{ wrapping: Wrapping }> {
  try {
    const { body } = await store.get(key, { start: 0, end: HEAD_BYTES - 1, ...(signal && { signal }) });
    return { wrapping: await wrappingOf(await first(body, HEAD_BYTES)) };
  } catch (error) {
    // Nothing can be asked of an empty object.
    if (isAppError(error, 'invalid') && /\b416\b|InvalidRange/.test(error.message)) return { wrapping: undefined };
    throw error;
  }
}

/** @returns what an archive holds; undefined when it is none */
function unwrapped({ store, key }: Place, { size }: StoredObject, wrapping: Wrapping, signal?: AbortSignal): AsyncGenerator<ArtifactEntry> | undefined {
  const options = signal ? { signal } : {};
  const whole = later(() => store.get(key, options));
  switch (wrapping) {
    case 'tar': return tarEntries(whole);
    case 'tgz': return tarEntries(gunzipped(whole));
    case 'zip': return size === undefined ? undefined : zipEntries((range) => store.get(key, { ...range, ...options }), size);
    default: return undefined;
  }
}

/** @param most bytes that may be unpacked on the way to the file */
async function packedFile(place: Place, found: StoredObject, file: string, signal: AbortSignal | undefined, most = Infinity): Promise<{ size: number; body: AsyncIterable<Uint8Array> }> {
  const { wrapping } = await beginning(place, signal);
  const packed = unwrapped(place, found, wrapping, signal);
  if (!packed) throw new AppError('not-found', `The artifact is a single file, and has no "${file}" in it.`);
  let scanned = 0;
  for (let next = await packed.next(); !next.done; next = await packed.next()) {
    const entry = next.value;
    if (entry.path === file && entry.type === 'file') return { size: entry.size, body: closing(entry.body, packed) };
    scanned += entry.size;
    if (scanned > most) {
      await packed.return(undefined);
      throw new AppError('too-large', `"${file}" lies too deep in the archive to be shown.`, { hint: 'Download it.' });
    }
  }
  throw new AppError('not-found', `The archive has no file "${file}".`);
}

/** The bytes of an entry; the archive is let go with them. */
async function* closing(body: AsyncIterable<Uint8Array>, packed: AsyncGenerator<ArtifactEntry>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } finally {
    await packed.return(undefined);
  }
}

/** Opened when it is read, not before: a folder of thousands of files asks for one at a time. */
async function* later(open: () => Promise<StoredContent>): AsyncGenerator<Uint8Array> {
  yield* (await open()).body;
}

/** @returns at most `most` bytes from the beginning; the rest is not read */
async function first(body: AsyncIterable<Uint8Array>, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= most) break;
  }
  return Buffer.concat(chunks).subarray(0, most);
}

async function shown(path: string, { size, body }: StoredContent): Promise<ArtifactPreview> {
  return shownBytes(path, await first(body, MOST_IMAGE), size);
}

/** @param begin the beginning of a file, up to MOST_IMAGE bytes of it */
function shownBytes(path: string, begin: Uint8Array, whole: number | undefined): ArtifactPreview {
  const bytes = Buffer.from(begin.buffer, begin.byteOffset, begin.byteLength);
  const size = whole ?? (bytes.length < MOST_IMAGE ? bytes.length : undefined);
  const about = { path, ...(size === undefined ? {} : { size }) };
  const type = pictureType(bytes);
  if (type !== undefined && bytes.length === size) return { kind: 'image', ...about, type, base64: bytes.toString('base64') };
  const text = type === undefined ? textOf(bytes.subarray(0, MOST_TEXT), bytes.length > MOST_TEXT) : undefined;
  if (text !== undefined) return { kind: 'text', ...about, text, cut: bytes.length > MOST_TEXT };
  return { kind: 'bytes', ...about, base64: bytes.subarray(0, MOST_BYTES).toString('base64'), cut: bytes.length > MOST_BYTES };
}

/** The kinds of pictures that are only pixels: SVG, which can hold more, is shown as the text it is. */
const PICTURES: readonly [type: 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp' | 'image/bmp', begin: RegExp][] = [
  ['image/png', /^\x89PNG\r\n\x1a\n/], ['image/jpeg', /^\xff\xd8\xff/], ['image/gif', /^GIF8[79]a/], ['image/webp', /^RIFF[\s\S]{4}WEBP/], ['image/bmp', /^BM[\s\S]{4}\0\0\0\0/],
];

function pictureType(bytes: Buffer): (typeof PICTURES)[number][0] | undefined {
  const begin = bytes.toString('latin1', 0, 16);
  return PICTURES.find(([, pattern]) => pattern.test(begin))?.[0];
}

/** Characters that no text has; the escape is one of a log's colours. */
const NO_TEXT = /[\0-\x08\x0e-\x1a\x1c-\x1f]/;

/** @returns the text that the bytes are; undefined when they are none */
function textOf(bytes: Buffer, cut: boolean): string | undefined {
  try {
    const text = new TextDecoder(bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8', { fatal: true }).decode(bytes, { stream: cut });
    return NO_TEXT.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
