/** Installs our CRDs where they are missing, as a person would from the window: install-crds.ts KUBECONFIG */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createEngine } from '../../engine/index.ts';
import { connect } from './support.ts';

const cluster = await connect(process.argv[2] ?? '');
const dataDir = mkdtempSync(path.join(os.tmpdir(), 'tiphys-crds-'));
const engine = createEngine({ cluster, clusterId: 'e2e', dataDir });
await engine.installCrds();
await engine.close();
await cluster.close();
rmSync(dataDir, { recursive: true, force: true });
