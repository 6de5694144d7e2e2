// npm test: the machine checks, then every *.test.ts beside the code. Arguments narrow it: npm test engine/template
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { ensureDependencies, root } from './ensure.mjs';

ensureDependencies();
const wanted = process.argv.slice(2);
if (!wanted.length) {
  const check = spawnSync(process.execPath, ['main/scripts/check.mjs'], { cwd: root, stdio: 'inherit' });
  if (check.status !== 0) process.exit(1);
}
const files = ['engine', 'main', 'renderer'].flatMap((room) =>
  readdirSync(path.join(root, room), { recursive: true })
    .filter((file) => /\.test\.tsx?$/.test(file))
    .map((file) => path.join(room, file)))
  .filter((file) => !wanted.length || wanted.some((part) => file.includes(part)))
  .sort();
if (!files.length) {
  console.error(`no test file matches ${wanted.join(' ')}`);
  process.exit(2);
}
const result = spawnSync(process.execPath, ['--import', 'tsx', '--test', '--test-reporter=spec', '--test-concurrency=2', ...files], { cwd: root, stdio: 'inherit' });
process.exit(result.status ?? 1);
