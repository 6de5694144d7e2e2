import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { exportService } from './exports.ts';

test('a picture is written where the person wants it, and nowhere when they give up', async (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tiphys-exports-'));
  t.after(() => { rmSync(folder, { recursive: true, force: true }); });
  const asked: string[] = [];
  const bytes = Buffer.from([0x89, 0x50, 0, 0xff]);
  const service = exportService((name) => { asked.push(name); return Promise.resolve(path.join(folder, name)); });
  assert.deepEqual(await service['files.export']({ suggestedName: '../../graph.png', base64: bytes.toString('base64') }), { name: 'graph.png' });
  assert.deepEqual(readFileSync(path.join(folder, 'graph.png')), bytes);
  assert.deepEqual(asked, ['graph.png']);
  assert.equal(await exportService(() => Promise.resolve(undefined))['files.export']({ suggestedName: 'x', base64: '' }), undefined);
});

test('a place that cannot be written is named', async () => {
  // Below a file there is no place for another.
  const service = exportService(() => Promise.resolve(path.join(import.meta.filename, 'graph.svg')));
  await assert.rejects(async () => { await service['files.export']({ suggestedName: 'graph.svg', base64: '' }); }, { code: 'unavailable', message: /graph\.svg could not be written/ });
});
