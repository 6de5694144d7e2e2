import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Files } from './files.ts';

let folder: string;
let answers: { open?: string; save?: string; asked: string[] };
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tiphys-files-'));
  answers = { asked: [] };
});
afterEach(() => { rmSync(folder, { recursive: true, force: true }); });

function open(): Files {
  let seconds = 0;
  return new Files(path.join(folder, 'data'), {
    open: () => Promise.resolve(answers.open),
    save: (suggestedName) => { answers.asked.push(suggestedName); return Promise.resolve(answers.save); },
  }, () => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds += 1)), 5);
}

test('opens, saves to the same place, keeps mode and link', async () => {
  const target = path.join(folder, 'real.yaml');
  writeFileSync(target, 'a: 1\n');
  chmodSync(target, 0o640);
  symlinkSync(target, path.join(folder, 'link.yaml'));
  answers.open = path.join(folder, 'link.yaml');
  const files = open();
  const opened = (await files.handlers['files.open'](undefined))!;
  assert.deepEqual([opened.name, opened.text], ['link.yaml', 'a: 1\n']);
  const saved = await files.handlers['files.save']({ handle: opened.handle, text: 'a: 2\n' });
  assert.deepEqual(saved, { handle: opened.handle, name: 'link.yaml' });
  assert.equal(readFileSync(target, 'utf8'), 'a: 2\n');
  assert.equal(statSync(target).mode & 0o777, 0o640);
  assert.deepEqual(readdirSync(folder).sort(), ['link.yaml', 'real.yaml']);
  assert.deepEqual(answers.asked, []);
});

test('a file that changed meanwhile is overwritten only when its new text was seen', async () => {
  const file = path.join(folder, 'a.yaml');
  writeFileSync(file, 'mine');
  const files = open();
  const { handle } = await files.read(file);
  writeFileSync(file, 'theirs');
  const refused = await files.handlers['files.save']({ handle, text: 'mine 2' });
  assert.ok(refused && 'changed' in refused);
  assert.equal(refused.changed.text, 'theirs');
  assert.equal(readFileSync(file, 'utf8'), 'theirs');
  writeFileSync(file, 'theirs again');
  assert.ok('changed' in (await files.handlers['files.save']({ handle, text: 'mine 2', over: refused.changed.version }))!, 'an older version was seen');
  writeFileSync(file, 'theirs');
  assert.deepEqual(await files.handlers['files.save']({ handle, text: 'mine 2', over: refused.changed.version }), { handle, name: 'a.yaml' });
  assert.equal(readFileSync(file, 'utf8'), 'mine 2');
  assert.deepEqual(await files.handlers['files.save']({ handle, text: 'mine 3' }), { handle, name: 'a.yaml' }, 'our own writing is no change');
});

test('what another program makes of an open file is told', async () => {
  const file = path.join(folder, 'a.yaml');
  writeFileSync(file, 'one');
  const files = open();
  const { handle } = await files.read(file);
  const told: (string | undefined)[] = [];
  const ended = new AbortController();
  const stream = files.sources['files.watch'].open({ handle }, { push: (item) => { told.push(item.text ?? item.version); }, fail: (error) => { throw error; }, drained: () => Promise.resolve() }, ended.signal);
  const until = async (count: number): Promise<void> => { for (let i = 0; told.length < count && i < 400; i++) await new Promise((resolve) => setTimeout(resolve, 5)); };
  writeFileSync(file, 'two');
  await until(1);
  writeFileSync(path.join(folder, 'new'), 'three');
  renameSync(path.join(folder, 'new'), file);
  await until(2);
  rmSync(file);
  await until(3);
  writeFileSync(file, Buffer.from([0xff, 0xfe]));
  await until(4);
  ended.abort();
  await stream;
  assert.deepEqual(told.slice(0, 3), ['two', 'three', 'gone']);
  assert.match(told[3] ?? '', /^unreadable /);
});

test('a new text asks where, with a name and never a path', async () => {
  answers.save = path.join(folder, 'new.yaml');
  const files = open();
  const saved = await files.handlers['files.save']({ text: 'x', suggestedName: '../../etc/passwd' });
  assert.deepEqual(answers.asked, ['passwd']);
  assert.ok(saved && 'name' in saved);
  assert.equal(saved.name, 'new.yaml');
  delete answers.save;
  assert.equal(await files.handlers['files.save']({ text: 'x' }), undefined);
});

test('only handles that main gave out are files', async () => {
  const files = open();
  for (const handle of ['/etc/passwd', '../a', '__proto__', 'x']) await assert.rejects(async () => files.handlers['files.save']({ handle, text: '' }), { code: 'not-found' });
});

test('what is no text file is refused with a reason', async () => {
  const files = open();
  mkdirSync(path.join(folder, 'dir.yaml'));
  writeFileSync(path.join(folder, 'binary.yaml'), Buffer.from([0xff, 0xfe, 0x00]));
  writeFileSync(path.join(folder, 'big.yaml'), Buffer.alloc(17 * 1024 * 1024));
  await assert.rejects(files.read(path.join(folder, 'dir.yaml')), { code: 'invalid' });
  await assert.rejects(files.read(path.join(folder, 'binary.yaml')), { code: 'invalid' });
  await assert.rejects(files.read(path.join(folder, 'big.yaml')), { code: 'too-large' });
  await assert.rejects(files.read(path.join(folder, 'none.yaml')), { code: 'not-found' });
});

test('drafts outlive the app, newest first, with the file they belong to', async () => {
  const file = path.join(folder, 'a.yaml');
  writeFileSync(file, 'a');
  const files = open();
  const { handle } = await files.read(file);
  await files.handlers['files.saveDraft']({ id: '../../escape', title: 'one', text: '1', handle });
  await files.handlers['files.saveDraft']({ id: 'b', title: 'two', text: '2' });
  await files.handlers['files.saveDraft']({ id: 'b', title: 'two', text: '2b' });
  writeFileSync(path.join(folder, 'data/drafts/junk.json'), '{');
  assert.deepEqual(readdirSync(folder).sort(), ['a.yaml', 'data']);
  const later = open();
  const drafts = await later.handlers['files.drafts'](undefined);
  assert.deepEqual(drafts.map(({ id, text }) => [id, text]), [['b', '2b'], ['../../escape', '1']]);
  const [, first] = drafts;
  await later.handlers['files.save']({ handle: first!.handle!, text: 'from the draft' });
  assert.equal(readFileSync(file, 'utf8'), 'from the draft');
  await later.handlers['files.removeDraft']({ id: 'b' });
  assert.equal((await later.handlers['files.drafts'](undefined)).length, 1);
});

test('a draft of a file that changed since asks before it overwrites', async () => {
  const file = path.join(folder, 'a.yaml');
  writeFileSync(file, 'old');
  const files = open();
  const { handle } = await files.read(file);
  await files.handlers['files.saveDraft']({ id: 'a', title: 'a', text: 'mine', handle });
  writeFileSync(file, 'theirs');
  const later = open();
  const [draft] = await later.handlers['files.drafts'](undefined);
  assert.ok('changed' in (await later.handlers['files.save']({ handle: draft!.handle!, text: 'mine' }))!);
  assert.equal(readFileSync(file, 'utf8'), 'theirs');
});
