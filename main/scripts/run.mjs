// Runs a TypeScript program of this project: node main/scripts/run.mjs FILE [ARGUMENTS]
import { spawn } from 'node:child_process';
import path from 'node:path';
import { ensureDependencies, root } from './ensure.mjs';

ensureDependencies();
const [file, ...args] = process.argv.slice(2);
const child = spawn(process.execPath, ['--import', 'tsx', path.resolve(root, file), ...args], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : code ?? 1));
