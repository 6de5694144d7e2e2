import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { FolderChange, FolderFile } from '../ipc/contract.ts';
import { Files } from './files.ts';
import { Folders } from './folders.ts';

let work: string;
let root: string;
let files: Files;
let folders: Folders;
let chosen: string | undefined;
beforeEach(() => {
  work = mkdtempSync(path.join(os.tmpdir(), 'tiphys-folders-'));
  root = path.join(work, 'flows');
  mkdirSync(root);
  const none = (): Promise<undefined> => Promise.resolve(undefined);
  files = new Files(path.join(work, 'data'), { open: none, save: none });
  folders = new Folders(path.join(work, 'data'), () => Promise.resolve(chosen), files, 5);
  chosen = root;
});
afterEach(() => { rmSync(work, { recursive: true, force: true }); });

function put(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), text);
}

/** Follows the folder as the window does. */
async function follow(): Promise<{ seen: Map<string, FolderFile>; until: (what: () => boolean) => Promise<void>; last: () => FolderChange | undefined; failed: () => unknown; end: () => void }> {
  const { handle } = (await folders.handlers['files.openFolder']({}))!;
  const seen = new Map<string, FolderFile>();
  const ended = new AbortController();
  let last: FolderChange | undefined;
  let failed: unknown;
  void Promise.resolve(folders.sources['files.folder'].open({ handle }, {
    push: (change) => {
      if (change.reset) seen.clear();
      for (const file of change.removed) seen.delete(file);
      for (const file of change.upserts) seen.set(file.path, file);
      last = change;
    },
    fail: (error) => { failed = error; }, drained: () => Promise.resolve(),
  }, ended.signal)).catch((error: unknown) => { failed = error; });
  const until = async (what: () => boolean): Promise<void> => {
    for (let i = 0; !what(); i++) {
      assert.ok(i < 600, `still ${JSON.stringify([...seen.keys()])}`);
      await pause(5);
    }
  };
  await until(() => last?.complete === true || failed !== undefined);
  return { seen, until, last: () => last, failed: () => failed, end: () => { ended.abort(); } };
}

test('lists YAML files below it, without what tools keep there, and follows them', async () => {
  put('b.yaml', 'b');
  put('deep/er/a.yml', 'a');
  put('.git/x.yaml', 'no');
  put('node_modules/p/x.yaml', 'no');
  put('notes.txt', 'no');
  symlinkSync(root, path.join(root, 'round'));
  writeFileSync(path.join(root, 'binary.yaml'), Buffer.from([0xff, 0xfe, 0x00, 0xff]));
  const folder = await follow();
  assert.deepEqual([...folder.seen.keys()], ['b.yaml', 'binary.yaml', 'deep/er/a.yml']);
  assert.equal(folder.seen.get('deep/er/a.yml')?.text, 'a');
  assert.match(folder.seen.get('binary.yaml')?.problem ?? '', /no text|not a text/);
  put('b.yaml', 'changed');
  put('new.yaml', 'n');
  rmSync(path.join(root, 'deep'), { recursive: true });
  await folder.until(() => folder.seen.get('b.yaml')?.text === 'changed' && folder.seen.has('new.yaml') && !folder.seen.has('deep/er/a.yml'));
  assert.ok(!JSON.stringify([...folder.seen.values()]).includes(work), 'the window learns no path');
  rmSync(root, { recursive: true });
  await folder.until(() => folder.failed() !== undefined);
  folder.end();
});

test('a folder of very many files is told in part, and says so', async () => {
  for (let i = 0; i < 2010; i++) put(`f${String(i).padStart(4, '0')}.yaml`, '');
  const folder = await follow();
  assert.equal(folder.seen.size, 2000);
  assert.equal(folder.last()?.more, true);
  folder.end();
});

test('several files are written together, or none', async () => {
  put('a.yaml', 'a');
  put('b.yaml', 'b');
  const { seen, end, until } = await follow();
  const [a, b] = [seen.get('a.yaml')!, seen.get('b.yaml')!];
  const wanted = [{ handle: a.handle, text: 'A', over: a.version }, { handle: b.handle, text: 'B', over: b.version }];
  put('b.yaml', 'by another program');
  assert.deepEqual(await files.handlers['files.rewrite']({ files: wanted }), { changed: [b.handle] });
  assert.equal(readFileSync(path.join(root, 'a.yaml'), 'utf8'), 'a');
  await until(() => seen.get('b.yaml')?.text === 'by another program');
  const done = await files.handlers['files.rewrite']({ files: [wanted[0]!, { ...wanted[1]!, over: seen.get('b.yaml')!.version }] });
  assert.ok('written' in done);
  assert.deepEqual(['a.yaml', 'b.yaml'].map((file) => readFileSync(path.join(root, file), 'utf8')), ['A', 'B']);
  await until(() => seen.get('a.yaml')?.version === done.written[0] && seen.get('b.yaml')?.version === done.written[1]);
  end();
});

test('makes files below the folder only, and over none', async () => {
  const { handle } = (await folders.handlers['files.openFolder']({}))!;
  const make = (file: string): Promise<{ path: string }> => Promise.resolve(folders.handlers['files.create']({ folder: handle, path: file, text: 'x' }));
  assert.equal((await make('steps/build.yaml')).path, 'steps/build.yaml');
  assert.equal(readFileSync(path.join(root, 'steps/build.yaml'), 'utf8'), 'x');
  await assert.rejects(make('steps/build.yaml'), /is there already/);
  symlinkSync(work, path.join(root, 'out'));
  for (const file of ['../x.yaml', '/x.yaml', 'a/../../x.yaml', 'a\\x.yaml', '.hidden.yaml', 'x.sh', 'out/x.yaml', 'out/more/x.yaml']) await assert.rejects(make(file), /no name|no YAML|leads out/, file);
});

test('remembers which folders were open, the newest first', async () => {
  const other = path.join(work, 'other');
  mkdirSync(other);
  await folders.open(root);
  await folders.open(other);
  await folders.open(root);
  const recent = await new Folders(path.join(work, 'data'), () => Promise.resolve(undefined), files).handlers['files.recentFolders'](undefined);
  assert.deepEqual(recent.map(({ name }) => name), ['flows', 'other']);
  await assert.rejects(Promise.resolve(folders.handlers['files.openFolder']({ handle: 'none' })), /no longer open/);
});
