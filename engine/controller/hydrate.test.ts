import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { test } from 'node:test';
import zlib, { brotliCompressSync, gzipSync } from 'node:zlib';
import { isAppError } from '../spec/error.ts';
import type { NodeStatus, Workflow } from '../spec/types.ts';
import { dehydrate, hydrate } from './hydrate.ts';

function run(count: number, message: (index: number) => string): Workflow {
  const nodes = Object.fromEntries(Array.from({ length: count }, (_, index): [string, NodeStatus] => {
    const id = `big-${index}`;
    return [id, { id, name: `big.job(${index})`, displayName: `job(${index})`, type: 'Pod', phase: 'Succeeded', boundaryID: 'big', templateName: 'job', message: message(index) }];
  }));
  return { metadata: { name: 'big' }, spec: {}, status: { phase: 'Running', nodes } };
}

const kept = (compressedNodes: string): Workflow => ({ metadata: { name: 'big' }, spec: {}, status: { compressedNodes } });
/** zstd of `{"a":{"id":"a"}}`, made by its own tool. */
const ZSTD = 'KLUv/QRYgQAAeyJhIjp7ImlkIjoiYSJ9fRyCDfk=';

test('a small status is kept as it is, a large one compressed, and both are read again', async () => {
  const small = run(10, () => '');
  assert.equal(await dehydrate(small), small);
  const large = run(5000, (index) => `message ${index}`.repeat(10));
  const packed = await dehydrate(large);
  assert.deepEqual(Object.keys(packed.status ?? {}).sort(), ['compressedNodes', 'phase']);
  assert.deepEqual(hydrate(packed), large);
  assert.equal(hydrate(small), small);
});

test('every compression of Argo is read', () => {
  const nodes = { a: { id: 'a' } };
  const json = JSON.stringify(nodes);
  for (const text of [gzipSync(json).toString('base64'), brotliCompressSync(json).toString('base64')]) assert.deepEqual(hydrate(kept(text)).status?.nodes, nodes);
  if ('zstdDecompressSync' in zlib) assert.deepEqual(hydrate(kept(ZSTD)).status?.nodes, nodes);
  else assert.throws(() => hydrate(kept(ZSTD)), (error) => isAppError(error, 'unsupported') && error.message.includes('zstd needs Node'));
});

test('what is none of them is said, and so is a status that would fill the memory', () => {
  for (const bytes of [Buffer.from('no compression'), gzipSync('no json'), gzipSync(Buffer.alloc(300 * 1024 * 1024), { level: 1 })]) {
    assert.throws(() => hydrate(kept(bytes.toString('base64'))), (error) => isAppError(error, 'unsupported'));
  }
});

test('what the API server would not take even compressed is refused with a remedy', async () => {
  const noise = run(8000, (index) => Array.from({ length: 16 }, (_, at) => Math.imul(index * 16 + at + 1, 2_654_435_761).toString(36) + Math.sin(index * 31 + at).toString(36)).join(''));
  await assert.rejects(dehydrate(noise), (error) => isAppError(error, 'invalid') && error.message.includes('8000 nodes') && (error.hint ?? '').includes('Split it'));
});

test('ten thousand nodes do not hold the thread while they are put into words', async () => {
  const large = run(10_000, (index) => `message ${index}`);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await dehydrate(large);
  delay.disable();
  // Generous: a busy machine; in one piece it would be several times longer.
  assert.ok(delay.max / 1e6 < 250, `${delay.max / 1e6} ms`);
});
