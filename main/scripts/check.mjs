// npm run check: types of every room under its own rules, lint with types, the walls, unused exports. Under a minute.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { ensureDependencies, root } from './ensure.mjs';

ensureDependencies();
const bin = (name) => path.join(root, 'node_modules/.bin', name);
const CHECKS = [
  ['types: pure rooms (no DOM, no Node)', bin('tsc'), ['-p', 'engine/tsconfig.pure.json']],
  ['types: document (no DOM, no Node)', bin('tsc'), ['-p', 'renderer/tsconfig.document.json']],
  ['types: engine', bin('tsc'), ['-p', 'engine/tsconfig.json']],
  ['types: main', bin('tsc'), ['-p', 'main/tsconfig.json']],
  ['types: e2e', bin('tsc'), ['-p', 'e2e/tsconfig.json']],
  ['types: renderer (no Node)', bin('tsc'), ['-p', 'renderer/tsconfig.app.json']],
  ['types: tests of the renderer', bin('tsc'), ['-p', 'renderer/tsconfig.json']],
  ['lint', bin('eslint'), ['--cache', '--cache-location', 'node_modules/.cache/eslint', '--max-warnings', '0', '.']],
  ['walls and cycles', bin('depcruise'), ['--config', '.dependency-cruiser.cjs', '--output-type', 'err', 'engine', 'main', 'renderer', 'e2e']],
  ['unused exports and packages', bin('knip'), ['--no-progress', '--cache', '--cache-location', 'node_modules/.cache/knip']],
];

/** @returns {Promise<{ name: string, ok: boolean, seconds: number, output: string }>} */
function run([name, command, args]) {
  return new Promise((resolve) => {
    const start = performance.now();
    let output = '';
    const child = spawn(command, args, { cwd: root, shell: process.platform === 'win32' });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { output += data; });
    child.on('close', (code) => resolve({ name, ok: code === 0, seconds: (performance.now() - start) / 1000, output }));
  });
}

const only = process.argv[2];
const queue = CHECKS.filter(([name]) => !only || name.includes(only));
const results = [];
async function worker() {
  for (let check = queue.shift(); check; check = queue.shift()) {
    const result = await run(check);
    results.push(result);
    console.log(`${result.ok ? 'ok  ' : 'FAIL'} ${result.name} (${result.seconds.toFixed(1)} s)`);
    if (!result.ok) console.log(result.output);
  }
}
await Promise.all([worker(), worker()]);
const failed = results.filter((r) => !r.ok).length;
console.log(`check: ${results.length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
