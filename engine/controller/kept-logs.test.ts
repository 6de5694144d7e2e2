import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { Cluster } from '../kube/port.ts';
import type { Pod } from '../spec/kubernetes.ts';
import { clearKeptLogs, KeptLogs, keptLogsUse } from './kept-logs.ts';

const pod = (name: string): Pod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'n', ownerReferences: [{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', name: 'w', uid: 'u' }] }, spec: { containers: [{ name: 'main' }] } });
const printing = (text: string): Cluster => ({
  // eslint-disable-next-line @typescript-eslint/require-await -- a log of one piece
  logs: async function* logs() { yield new TextEncoder().encode(text); },
} as unknown as Cluster);

test('kept logs take no more room than they may: the oldest go first, also those of an earlier start', async (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tiphys-logs-'));
  t.after(() => { rmSync(folder, { recursive: true, force: true }); });
  const kept = (): string[] => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => entry.name.slice(0, 1)).sort();
  const cluster = printing('x'.repeat(1000));
  const first = new KeptLogs(folder, 'c', cluster, () => 3500);
  for (const [i, name] of ['a', 'b', 'c'].entries()) {
    await first.keep(pod(name));
    const file = readdirSync(folder, { recursive: true }).map(String).find((each) => each.endsWith(`${name}.main.log`))!;
    utimesSync(path.join(folder, file), 100 + i, 100 + i);
  }
  assert.deepEqual(kept(), ['a', 'b', 'c']);
  await new KeptLogs(folder, 'c', cluster, () => 3500).keep(pod('d'));
  assert.deepEqual(kept(), ['b', 'c', 'd']);
  await Promise.all(['e', 'f', 'g'].map((name) => first.keep(pod(name))));
  assert.equal(kept().length, 3);
});

test('what all kept logs take is counted, and they are forgotten when a person says so; a smaller limit counts at once', async (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tiphys-logs-'));
  t.after(() => { rmSync(folder, { recursive: true, force: true }); });
  let limit: number | undefined = 1_000_000;
  const logs = ['one', 'two'].map((cluster) => new KeptLogs(folder, cluster, printing('x'.repeat(1000)), () => limit));
  for (const kept of logs) for (const name of ['a', 'b']) await kept.keep(pod(name));
  mkdirSync(path.join(folder, 'logs'), { recursive: true });
  writeFileSync(path.join(folder, 'logs/main.log'), "the program's own");
  assert.deepEqual(await keptLogsUse(folder), { files: 4, bytes: 4000 });
  limit = 1500;
  await logs[0]?.keep(pod('c'));
  assert.deepEqual(await keptLogsUse(folder), { files: 3, bytes: 3000 });
  await clearKeptLogs(folder);
  assert.deepEqual([await keptLogsUse(folder), readdirSync(path.join(folder, 'logs'))], [{ files: 0, bytes: 0 }, ['main.log']]);
  await logs[0]?.keep(pod('d'));
  assert.deepEqual(await keptLogsUse(folder), { files: 1, bytes: 1000 });
});
