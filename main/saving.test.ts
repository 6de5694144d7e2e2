import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import type { ArtifactEntry } from '../engine/index.ts';
import { saveEntries, saveFile } from './saving.ts';

const root = mkdtempSync(path.join(os.tmpdir(), 'tiphys-saving-'));
after(() => { rmSync(root, { recursive: true, force: true }); });
let count = 0;
const fresh = (): string => mkdtempSync(path.join(root, `${count++}-`));

// eslint-disable-next-line @typescript-eslint/require-await -- as a stream gives it
async function* bytes(...texts: (string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) {
    if (text instanceof Error) throw text;
    yield Buffer.from(text);
  }
}
// eslint-disable-next-line @typescript-eslint/require-await -- as a stream gives it
async function* entries(list: (Partial<ArtifactEntry> & { path: string; text?: string })[]): AsyncGenerator<ArtifactEntry> {
  for (const { text = 'x', ...entry } of list) yield { type: 'file', size: text.length, body: bytes(text), ...entry };
}
const below = (folder: string): string[] => readdirSync(folder, { recursive: true }).map(String).sort();
const into = (folder: string) => ({ folder, wanted: (own: string | undefined) => Promise.resolve(path.join(folder, own ?? 'artifact')) });

test('a file takes its place when it is whole; one that fails or is cancelled leaves what was there', async () => {
  const folder = fresh();
  const file = path.join(folder, 'a');
  const seen: number[] = [];
  await saveFile(bytes('one', 'two'), file, { onBytes: (n) => { seen.push(n); } });
  assert.deepEqual([readFileSync(file, 'utf8'), seen], ['onetwo', [3, 3]]);
  await assert.rejects(saveFile(bytes('new', new Error('gone')), file), { code: 'unavailable', message: 'a could not be written: gone' });
  const stop = new AbortController();
  await assert.rejects(saveFile((async function* endless() {
    for (let i = 0; ; i++) {
      if (i === 3) stop.abort();
      yield Buffer.from('x');
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  })(), file, { signal: stop.signal }), { code: 'cancelled' });
  assert.deepEqual([readdirSync(folder), readFileSync(file, 'utf8')], [['a'], 'onetwo']);
  await assert.rejects(saveFile(bytes('x'), path.join(folder, 'none/a')), { code: 'not-found', message: /no such folder/ });
});

test('what an archive says of itself leads nowhere but into the chosen folder', async () => {
  const folder = fresh();
  const { files, left, target } = await saveEntries(entries([
    { path: 'a', text: 'A' }, { path: './b/c', mode: 0o4777 }, { path: 'd/', type: 'folder' }, { path: '../out' }, { path: '/etc/passwd' }, { path: 'x/../../out' }, { path: 'link', type: 'link', target: '/etc' }, { path: 'link/in' }, { path: 'nul\0' },
  ]), into(folder));
  assert.deepEqual([files, left, path.basename(target)], [3, ['../out', '/etc/passwd', 'x/../../out', 'link', 'nul\0'], 'artifact']);
  assert.deepEqual(below(target), ['a', 'b', 'b/c', 'd', 'link', 'link/in']);
  assert.equal(statSync(path.join(target, 'b/c')).mode & 0o7777, 0o755);
  assert.deepEqual([readdirSync(folder), readdirSync(root).includes('out')], [['artifact'], false]);
});

test('a single folder or file is what appears, by its own name; nothing is written over', async () => {
  const folder = fresh();
  assert.equal((await saveEntries(entries([{ path: 'dir/', type: 'folder' }, { path: 'dir/a b\n"' }]), into(folder))).target, path.join(folder, 'dir'));
  assert.equal((await saveEntries(entries([{ path: '', text: 'whole' }]), into(folder))).target, path.join(folder, 'artifact'));
  assert.deepEqual(below(folder), ['artifact', 'dir', 'dir/a b\n"']);
  await assert.rejects(saveEntries(entries([{ path: '', text: 'again' }]), into(folder)), { code: 'already-exists' });
  await assert.rejects(saveEntries(entries([{ path: 'dir/z' }]), { ...into(folder), over: true }), { code: 'already-exists' });
  await saveEntries(entries([{ path: '', text: 'again' }]), { ...into(folder), over: true });
  assert.equal(readFileSync(path.join(folder, 'artifact'), 'utf8'), 'again');
  assert.deepEqual(below(folder), ['artifact', 'dir', 'dir/a b\n"']);
});

test('a part of an artifact: a file or a folder of it, with or without the name of the packed folder before it', async () => {
  const all = [{ path: 'dir/a', text: 'A' }, { path: 'dir/sub/b', text: 'B' }, { path: 'dir/sub/c/d', text: 'D' }, { path: 'dir/subway' }];
  for (const within of ['dir/sub', 'sub']) {
    const folder = fresh();
    const { files } = await saveEntries(entries(all), { ...into(folder), within });
    assert.deepEqual([files, below(folder)], [2, ['sub', 'sub/b', 'sub/c', 'sub/c/d']]);
  }
  const folder = fresh();
  await saveEntries(entries(all), { ...into(folder), within: 'a', wanted: () => Promise.resolve(path.join(folder, 'mine')) });
  assert.equal(readFileSync(path.join(folder, 'mine'), 'utf8'), 'A');
  await assert.rejects(saveEntries(entries(all), { ...into(folder), within: 'nope' }), { code: 'not-found', message: 'The artifact has nothing at "nope".' });
  writeFileSync(path.join(folder, 'keep'), '');
  assert.deepEqual(below(folder), ['keep', 'mine']);
});
