import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { test } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { isAppError } from '../spec/error.ts';
import type { NodeStatus, Workflow } from '../spec/types.ts';
import { dehydrate, hydrate, unpackNodes } from './hydrate.ts';

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
/** zstd of one node whose message is 200,000 times x. */
const ZSTD_MANY = 'KLUv/aRdDQMAFAEAqHsiYSI6eyJpZCI6LCJtZXNzYWdleAMA4v9vLmICp0DxAl0AABgifX0BAFcNOQACiX/olQ==';

test('a small status is kept as it is, a large one compressed, and both are read again', async () => {
  const small = run(10, () => '');
  assert.deepEqual(await dehydrate(small), { kind: 'plain', workflow: small });
  const large = run(5000, (index) => `message ${index}`.repeat(10));
  const { workflow: packed } = await dehydrate(large);
  assert.deepEqual(Object.keys(packed.status ?? {}).sort(), ['compressedNodes', 'phase']);
  assert.deepEqual(hydrate(packed), large);
  assert.equal(hydrate(small), small);
});

const COMPRESSED: Record<string, string> = {
  gzip: gzipSync('{"a":{"id":"a"}}').toString('base64'), brotli: brotliCompressSync('{"a":{"id":"a"}}').toString('base64'), zstd: ZSTD, 'zstd, thousands of times one character': ZSTD_MANY,
};
for (const [name, text] of Object.entries(COMPRESSED)) {
  test(`${name} is read, on any version of Node`, () => {
    const nodes = hydrate(kept(text)).status?.nodes ?? {};
    assert.deepEqual(Object.keys(nodes), ['a']);
    assert.equal(nodes['a']?.message?.length ?? 0, text === ZSTD_MANY ? 200_000 : 0);
  });
}

/** A zstd frame of 300 MiB: 2,400 blocks that say "128 KiB of this byte". */
const zstdBomb = Buffer.concat([Buffer.from('28b52ffd0058', 'hex'), ...Array.from({ length: 2400 }, (_, index) => {
  const header = (128 * 1024 << 3) | (1 << 1) | (index === 2399 ? 1 : 0);
  return Buffer.from([header & 255, (header >> 8) & 255, header >> 16, 32]);
})]);

test('what is none of them is said, and so is a status that would fill the memory', () => {
  for (const bytes of [Buffer.from('no compression'), gzipSync('no json'), gzipSync(Buffer.alloc(300 * 1024 * 1024), { level: 1 }), zstdBomb]) {
    assert.throws(() => hydrate(kept(bytes.toString('base64'))), (error) => isAppError(error, 'unsupported'));
  }
});

test('what the API server would not take even compressed comes apart', async () => {
  const noise = run(8000, (index) => Array.from({ length: 16 }, (_, at) => Math.imul(index * 16 + at + 1, 2_654_435_761).toString(36) + Math.sin(index * 31 + at).toString(36)).join(''));
  const kept = await dehydrate(noise);
  assert.ok(kept.kind === 'too-large' && kept.size > 1.4 * 1024 * 1024);
  assert.equal(kept.workflow.status?.nodes, undefined);
  assert.deepEqual(unpackNodes(kept.packed, 'big'), noise.status?.nodes);
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
