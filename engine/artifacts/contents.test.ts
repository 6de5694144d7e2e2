import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import tar from 'tar-stream';
import { readText } from '../controller/text.ts';
import { createFakeCluster } from '../kube/fake/index.ts';
import { AppError } from '../spec/error.ts';
import { entriesOf, previewOf, readWithin, sizesOf } from './contents.ts';
import { InPieces } from './pieces.ts';
import type { ObjectStore } from './store.ts';
import { ArtifactStores } from './stores.ts';
import type { Place } from './stores.ts';

const root = mkdtempSync(path.join(tmpdir(), 'tiphys-contents-'));
after(() => { rmSync(root, { recursive: true }); });
const stores = new ArtifactStores(createFakeCluster(), root);
const place = (key: string): Promise<Place> => stores.open('ns', { s3: { endpoint: 'folder.tiphys.local', bucket: 'artifacts', key } });
const keep = (key: string, bytes: Uint8Array | string): Promise<Place> => {
  mkdirSync(path.dirname(path.join(root, key)), { recursive: true });
  writeFileSync(path.join(root, key), bytes);
  return place(key);
};

type Member = Partial<tar.Header> & { name: string } & { content?: Uint8Array | string };

async function tarOf(members: readonly Member[]): Promise<Buffer> {
  const pack = tar.pack();
  for (const { content = '', ...headers } of members) pack.entry({ mtime: new Date(0), ...headers }, Buffer.from(content));
  pack.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of pack) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** As much of a zip as a reader looks at; names are taken as they are. */
function zipOf(files: readonly [name: string, content: string][]): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of files) {
    const packed = deflateRawSync(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(2048, 2);
    common.writeUInt16LE(8, 4);
    common.writeUInt16LE(33, 8);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(Buffer.byteLength(content), 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(0o100644 * 65536, 6);
    tail.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x03'), common, tail, Buffer.from(name)]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

async function unpacked(of: Place): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { path: name, type, body, target } of entriesOf(of)) found[name] = type === 'file' ? await readText(body) : type === 'link' ? `-> ${target ?? ''}` : type;
  return found;
}

const big = randomBytes(3 * 1024 * 1024);

test('a packed folder: its files are listed, each can be shown and read, whatever their names', async () => {
  const members: Member[] = [
    { name: 'dir/', type: 'directory' }, { name: 'dir/big', content: big }, { name: 'dir/a b', content: 'hello\n' }, { name: 'dir/new\nline"q\\', content: 'x' },
    { name: 'dir/link', type: 'symlink', linkname: '/etc/passwd' }, { name: `dir/${'long/'.repeat(60)}name`, content: 'deep' }, { name: 'dir/data.json', content: '{"a": 1}' },
  ];
  for (const [key, bytes] of [['run/dir.tgz', gzipSync(await tarOf(members))], ['run/without-ending', await tarOf(members)]] as const) {
    const it = await keep(key, bytes);
    const shown = await previewOf(it);
    assert.ok(shown.kind === 'files');
    assert.deepEqual([shown.archive, shown.more], ['tar', false]);
    assert.deepEqual(shown.files.map(({ path: name, size, target }) => [name, size, target]), [
      ['dir/big', big.length, undefined], ['dir/a b', 6, undefined], ['dir/new\nline"q\\', 1, undefined], ['dir/link', 0, '/etc/passwd'], [`dir/${'long/'.repeat(60)}name`, 4, undefined], ['dir/data.json', 8, undefined],
    ]);
    assert.deepEqual(await previewOf(it, { file: 'dir/data.json' }), { kind: 'text', path: 'dir/data.json', size: 8, text: '{"a": 1}', cut: false });
    const raw = await previewOf(it, { file: 'dir/big' });
    assert.ok(raw.kind === 'bytes');
    assert.deepEqual([raw.cut, raw.size, Buffer.from(raw.base64, 'base64').equals(big.subarray(0, 64 * 1024))], [true, big.length, true]);
    const { size, body } = await readWithin(it, { file: 'dir/a b', start: 1, end: 2 });
    assert.deepEqual([size, await readText(body)], [6, 'el']);
    await assert.rejects(readWithin(it, { file: 'dir/none' }), { code: 'not-found', message: 'The archive has no file "dir/none".' });
    const all = await unpacked(it);
    assert.deepEqual([Object.keys(all).length, all['dir/'], all['dir/link'], all['dir/data.json']], [7, 'folder', '-> /etc/passwd', '{"a": 1}']);
  }
});

test('a zip is read from its directory; one that leads out of its folder, or is cut off, is refused in words', async () => {
  const it = await keep('run/files.zip', zipOf([['dir/a b', 'hello'], ['dir/ü', 'y'.repeat(100_000)]]));
  const shown = await previewOf(it);
  assert.ok(shown.kind === 'files');
  assert.deepEqual(shown.files.map(({ path: name, size }) => [name, size]), [['dir/a b', 5], ['dir/ü', 100_000]]);
  assert.deepEqual(await unpacked(it), { 'dir/a b': 'hello', 'dir/ü': 'y'.repeat(100_000) });
  assert.equal(await readText((await readWithin(it, { file: 'dir/a b' })).body), 'hello');
  await assert.rejects(previewOf(await keep('run/out.zip', zipOf([['../x', 'x']]))), { code: 'invalid', message: /damaged.*\.\.\/x/ });
  const whole = gzipSync(await tarOf([{ name: 'a', content: big }, { name: 'b', content: 'x' }]));
  await assert.rejects(unpacked(await keep('run/half.tgz', whole.subarray(0, whole.length / 2))), { code: 'invalid', message: /^The archive is damaged: / });
  await assert.rejects(previewOf(await keep('run/half.zip', zipOf([['a', 'hello']]).subarray(0, 60))), { code: 'invalid', hint: /other tools/ });
});

test('one packed file is shown as what it is; so are texts, pictures and bytes without an archive', async () => {
  assert.deepEqual(await previewOf(await keep('one.tgz', gzipSync(await tarOf([{ name: 'plain', content: '1\n2\n' }])))), { kind: 'text', path: 'plain', size: 4, text: '1\n2\n', cut: false });
  assert.deepEqual(await previewOf(await keep('log.gz', gzipSync('line\n'))), { kind: 'text', path: '', size: 5, text: 'line\n', cut: false });
  const long = 'äöü €\n'.repeat(40_000);
  const text = await previewOf(await keep('long.log', long));
  assert.ok(text.kind === 'text');
  assert.deepEqual([text.cut, text.size, long.startsWith(text.text), text.text.length > 100_000], [true, Buffer.byteLength(long), true, true]);
  const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
  assert.deepEqual(await previewOf(await keep('dot.png', png)), { kind: 'image', type: 'image/png', path: '', size: png.length, base64: png.toString('base64') });
  // What could run is shown as the text that it is.
  for (const code of ['<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', '<!doctype html><script>alert(1)</script>']) {
    const shown = await previewOf(await keep('page', code));
    assert.deepEqual([shown.kind, shown.kind === 'text' && shown.text], ['text', code]);
  }
  assert.deepEqual(await previewOf(await keep('wide', Buffer.from('\ufeffhé', 'utf16le'))), { kind: 'text', path: '', size: 6, text: 'hé', cut: false });
  assert.deepEqual(await previewOf(await keep('empty', '')), { kind: 'text', path: '', size: 0, text: '', cut: false });
  assert.equal((await previewOf(await keep('nul', 'a\0b'))).kind, 'bytes');
});

test('a folder of more files than one page is unpacked whole; what is missing says so', async () => {
  await keep('many/0', 'first');
  for (let i = 1; i < 1203; i++) writeFileSync(path.join(root, 'many', `${i}`), 'x');
  const many = await place('many');
  const shown = await previewOf(many);
  assert.ok(shown.kind === 'files');
  assert.deepEqual([shown.files.length, shown.more, shown.archive], [1000, true, undefined]);
  assert.equal(Object.keys(await unpacked(many)).length, 1203);
  assert.deepEqual(await previewOf(many, { file: '0' }), { kind: 'text', path: '0', size: 5, text: 'first', cut: false });
  const none = await place('none');
  await assert.rejects(previewOf(none), { code: 'not-found', message: 'There is nothing under the key "none".' });
  await assert.rejects(unpacked(none), { code: 'not-found' });
  const sizes = await sizesOf([{ nodeId: 'many', name: '' }, { nodeId: 'none', name: '' }, { nodeId: 'dot.png', name: '' }], ({ nodeId }) => place(nodeId));
  assert.deepEqual(sizes.map((size) => ('code' in size ? size.code : [size.files, size.bytes, size.more])), [[1000, 1004, true], 'not-found', [1, 70, false]]);
});

test('a store behind a forwarded port is asked for one piece after the other, and tells when the object changes meanwhile', async () => {
  const text = '0123456789abcdefghij';
  const asked: string[] = [];
  let tag = 'a';
  let ranges = true;
  const store = {
    get: (key: string, { start, end }: { start?: number; end?: number } = {}) => {
      asked.push(`${start ?? ''}-${end ?? ''}`);
      const content = key === 'empty' ? '' : text;
      if (start !== undefined && start >= content.length) return Promise.reject(new AppError('invalid', 'status 416'));
      const part = ranges ? content.slice(start, end === undefined ? undefined : end + 1) : content;
      return Promise.resolve({ size: content.length, tag, partial: ranges && start !== undefined, body: (async function* body() { yield Buffer.from(part); await Promise.resolve(); })() });
    },
  } as unknown as ObjectStore;
  const pieces = new InPieces(store, 8);
  const read = async (key: string, range?: { start?: number; end?: number }): Promise<unknown[]> => {
    asked.length = 0;
    const { size, body } = await pieces.get(key, range);
    return [size, await readText(body), asked.join(' ')];
  };
  assert.deepEqual(await read('k'), [20, text, '0-7 8-15 16-19']);
  assert.deepEqual(await read('k', { start: 2, end: 15 }), [20, text.slice(2, 16), '2-9 10-15']);
  assert.deepEqual(await read('k', { start: 3, end: 5 }), [20, '345', '3-5']);
  assert.deepEqual(await read('empty'), [0, '', '0-7 -']);
  const { body } = await pieces.get('k');
  tag = 'b';
  await assert.rejects(readText(body), { code: 'conflict', message: '"k" was changed while it was read.' });
  ranges = false;
  assert.deepEqual(await read('k'), [20, text, '0-7 -']);
});
