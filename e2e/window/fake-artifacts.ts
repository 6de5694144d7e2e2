/** Scripted artifacts of the run in the pictures: of every kind, and with everything that can be wrong. */
import type { ArtifactInfo, ArtifactPreview, ArtifactSize } from '../../engine/api.ts';
import type { NodeStatus } from '../../engine/spec/types.ts';
import type { StreamItems } from '../../main/ipc/contract.ts';

const SECRET = { code: 'forbidden' as const, message: 'The keys of the artifact store are in the Secret minio-cred, which you may not read.', hint: 'Ask for the right to get the Secret minio-cred in the namespace data-team.' };
const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

/** A picture of a chart. */
const PICTURE = 'iVBORw0KGgoAAAANSUhEUgAAAGAAAAA8AQMAAACjGi33AAAABlBMVEX///8va+0+Yf4KAAAALUlEQVR42mNgIBUw/6OEA2SRwbF/TIgD1kBFDpBFNgdmFLU4EBaNOXDWyOUAANVxVCUPCo7EAAAAAElFTkSuQmCC';

/** @returns the artifacts of the nightly run in this scene */
export function artifactsIn(scene: string, nodes: readonly NodeStatus[]): ArtifactInfo[] {
  const id = (step: string): string => nodes.find(({ displayName }) => displayName === step)?.id ?? step;
  const made = (step: string, name: string, more: Partial<ArtifactInfo> = {}): ArtifactInfo => ({ nodeId: id(step), name, direction: 'output', kind: 's3', key: `nightly-features-x7k2p/${step}/${name}.tgz`, archive: 'tar', deleted: false, ...more });
  if (scene === 'noartifacts') return [];
  const few = [
    made('list-partitions', 'partitions', { key: 'nightly-features-x7k2p/list-partitions/partitions.json', archive: 'none' }), made('plan', 'plan', { key: 'nightly-features-x7k2p/plan/plan.png', archive: 'none' }),
    made('snapshot', 'snapshot'), made('snapshot', 'weights', { key: 'models/2026-11-22/weights.bin', archive: 'none' }), made('snapshot', 'raw-rows', { key: 'nightly-features-x7k2p/snapshot/raw-rows', archive: 'none' }),
    made('validate-schema(2)', 'schema', { direction: 'input', kind: 'http', key: 'https://schemas.example.com/orders.json', archive: 'none' }), made('validate-schema(2)', 'main-logs', { key: 'nightly-features-x7k2p/validate-schema/main.log', archive: 'none' }),
    made('train-baseline', 'sources', { direction: 'input', kind: 'git', key: 'https://git.example.com/ml/train.git', archive: 'none' }), made('train-baseline', 'checkpoint-of-the-model-before-the-last-epoch', { deleted: true }), made('plan', 'report', { key: 'nightly-features-x7k2p/plan/report.html', archive: 'none' }),
  ];
  if (scene !== 'art-many') return few;
  const items = nodes.filter(({ displayName }) => displayName.startsWith('extract('));
  return [...few, ...Array.from({ length: 9990 }, (_, i) => made(items[i % items.length]?.displayName ?? 'plan', `part-${String(i).padStart(4, '0')}`))];
}

export function sizesIn(scene: string, refs: readonly { name: string }[]): ArtifactSize[] {
  const one = (bytes: number, minutes: number, files = 1): ArtifactSize => ({ files, bytes, more: false, modifiedAt: minutesAgo(minutes) });
  const known: Record<string, ArtifactSize> = {
    partitions: one(2_140, 4), plan: one(48_200, 4), snapshot: one(18_400_000, 3), weights: one(214_748_364, 3), 'raw-rows': one(1_204_331, 3, 64), schema: one(5_120, 4000), 'main-logs': one(812, 2),
    sources: { code: 'unsupported', message: 'The artifact is a git repository, which only git can fetch.' }, report: { code: 'not-found', message: 'There is nothing under the key "nightly-features-x7k2p/plan/report.html".', hint: 'It was deleted, or was never written.' },
  };
  return refs.map(({ name }, i) => (scene === 'art-forbidden' ? SECRET : known[name] ?? one(1000 + i * 733, 5)));
}

const PARTITIONS = JSON.stringify({ day: '2026-11-22', partitions: Array.from({ length: 12 }, (_, i) => ({ id: i, path: `raw/2026-11-22/part-${i}.parquet`, rows: 100_361 + i * 17 })) });
const LOG = ['reading s3://raw/2026-11-22', '1,204,331 rows', 'column price: 17 nulls', 'SchemaError: price is not null', 'exit 3', ''].join('\n');

function files(folder: string): ArtifactPreview {
  const names = ['index.json', 'rows/0001.parquet', 'rows/0002.parquet', 'rows/0003.parquet', 'notes of the day.txt', 'latest'];
  return { kind: 'files', more: false, ...(folder && { archive: 'tar' as const }), files: names.map((name, i) => ({ path: `${folder}${name}`, size: 1200 * (i * i + 1), modifiedAt: minutesAgo(3), ...(name === 'latest' && { size: 0, target: 'rows/0003.parquet' }) })) };
}

/** Tells what is in an artifact, as far as the scene has it told. */
export function previewIn(scene: string, { name, file }: { name: string; file: string | undefined }, push: (preview: ArtifactPreview) => void, fail: (error: { code: string; message: string; hint?: string }) => void): void {
  if (scene === 'art-slow') return;
  if (scene === 'art-forbidden') { fail(SECRET); return; }
  if (file !== undefined || name === 'main-logs') { push({ kind: 'text', path: file ?? '', size: LOG.length, text: LOG, cut: false }); return; }
  switch (name) {
    case 'partitions': push({ kind: 'text', path: '', size: PARTITIONS.length, text: PARTITIONS, cut: false }); break;
    case 'plan': push({ kind: 'image', path: '', size: 48_200, type: 'image/png', base64: PICTURE }); break;
    case 'weights': push({ kind: 'bytes', path: '', size: 214_748_364, cut: true, base64: btoa(Array.from({ length: 65_536 }, (_, i) => String.fromCharCode((i * 131 + (i >> 8) * 7) % 256)).join('')) }); break;
    case 'sources': fail({ code: 'unsupported', message: 'The artifact is a git repository, which only git can fetch.', hint: 'Clone it to see what the step got.' }); break;
    case 'report': fail({ code: 'not-found', message: 'There is nothing under the key "nightly-features-x7k2p/plan/report.html".', hint: 'It was deleted, or was never written.' }); break;
    default: push(files(name === 'raw-rows' ? '' : `${name}/`));
  }
}

/** A download that is on its way for as long as anybody looks. */
export function downloadIn(push: (item: StreamItems['artifacts.download']) => void): void {
  push({ bytes: 81_788_928, of: 214_748_364 });
}
