// .ci/run: everything that shows the project works, one suite after another; the last line is `N passed, N failed, N skipped`.
// Logs and pictures stay in .cache/ci. What is started here is stopped here, by its process id.
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ensureDependencies, root } from './ensure.mjs';

const LIMIT_MS = 43 * 60_000;
const started = Date.now();
const folder = path.join(root, '.cache/ci');
const shared = path.resolve(root, '../shared');
const node = process.execPath;
const minutes = (count) => count * 60_000;
const testFiles = (part) => (existsSync(path.join(root, part)) ? readdirSync(path.join(root, part), { recursive: true }).filter((file) => /\.test\.tsx?$/.test(file)).map((file) => path.join(part, file)).sort() : []);
/** @param together files at once: those that mostly wait for Pods may share the machine */
const suite = (part, together = 1) => ['--import', 'tsx', '--test', `--test-concurrency=${together}`, '--test-reporter=spec', ...testFiles(part)];

/** Each in its own process group, with a share of the time; `counts` reads its log. */
const SUITES = [
  { name: 'test', what: 'npm test', command: 'npm', args: ['test'], limit: minutes(12), counts: countTests },
  { name: 'cluster', what: 'the real cluster', command: node, args: suite('e2e/cluster', 2), limit: minutes(20), counts: countTests },
  { name: 'cli', what: 'the command line on the real cluster', command: node, args: suite('e2e/cli'), limit: minutes(8), counts: countTests, optional: 'e2e/cli' },
  { name: 'packaged', what: 'the packaged app', command: node, args: suite('e2e/packaged'), limit: minutes(5), counts: countTests },
  { name: 'conformance', what: 'the recorded runs of Argo', command: node, args: ['main/scripts/run.mjs', 'e2e/conformance.ts', '-o', 'json'], limit: minutes(6), counts: countConformance },
  { name: 'window', what: 'the window in real Electron', command: node, args: suite('e2e/window'), limit: minutes(22), counts: countTests },
  { name: 'bench', what: 'benchmarks (figures only)', command: node, args: ['main/scripts/run.mjs', 'e2e/bench/bench.ts'], limit: minutes(8), counts: () => undefined, show: true },
];

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !SUITES.some((each) => each.name === name));
if (unknown !== undefined) {
  console.error(`there is no suite ${unknown}; there are ${SUITES.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
ensureDependencies();
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const total = { passed: 0, failed: 0, skipped: 0 };
const env = { ...process.env, CI: '1' };
delete env.NODE_TEST_CONTEXT;

const tools = await prepare();
for (const each of SUITES) {
  if (wanted.length ? !wanted.includes(each.name) : each.optional && !existsSync(path.join(root, each.optional))) continue;
  await runSuite(each);
}
await tools.stop();
console.log(`logs and pictures: ${path.relative(process.cwd(), folder) || '.'}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed ? 1 : 0);

/** Installs what the suites need and starts the cluster beside the project. @returns what stops it again */
async function prepare() {
  try {
    const { ensureElectron, ensureLibraries } = await import('./electron-runtime.mjs');
    const runtime = await ensureElectron();
    ensureLibraries(runtime.path, { Xvfb: 'xvfb', xauth: 'xauth' });
  } catch (error) {
    console.log(`the window cannot be tested here: ${error.message}`);
  }
  const up = path.join(shared, 'cluster/up');
  if (process.env.TIPHYS_E2E_KUBECONFIG) return { stop: async () => undefined };
  if (!existsSync(up)) {
    console.log('no cluster: ../shared/cluster is not there and TIPHYS_E2E_KUBECONFIG is not set');
    return { stop: async () => undefined };
  }
  const ranBefore = await answers('https://127.0.0.1:16443/readyz');
  const { code, log } = await run({ name: 'cluster-up', command: up, limit: minutes(6), leaves: true });
  const kubeconfig = readFileSync(log, 'utf8').trim().split('\n').at(-1);
  if (code !== 0 || !kubeconfig || !existsSync(kubeconfig)) {
    console.log(`the cluster did not start; ${path.relative(root, log)} says why`);
    total.failed += 1;
    return { stop: async () => undefined };
  }
  env.TIPHYS_E2E_KUBECONFIG = kubeconfig;
  // Runs are kept in the cluster, as on most; the context of limited rights shows the other way.
  const crds = await run({ name: 'crds', command: node, args: ['main/scripts/run.mjs', 'e2e/cluster/install-crds.ts', kubeconfig], limit: minutes(2) });
  if (crds.code !== 0) console.log(`the CRDs could not be installed; ${path.relative(root, crds.log)} says why`);
  // One that ran before belongs to somebody else.
  return { stop: async () => { if (!ranBefore) await run({ name: 'cluster-down', command: path.join(shared, 'cluster/down'), limit: minutes(2) }); } };
}

/** @returns whether anything listens there; its certificate is nobody's concern here */
async function answers(url) {
  return await fetch(url).then(() => true, (error) => error.cause?.code !== 'ECONNREFUSED');
}

async function runSuite({ name, what, command, args, limit, counts, show }) {
  const left = LIMIT_MS - (Date.now() - started);
  if (left < 20_000) {
    console.log(`-- ${what}: no time left`);
    if (!show) total.failed += 1;
    return;
  }
  console.log(`-- ${what}`);
  const { code, timedOut, seconds, log } = await run({ name, command, args, limit: Math.min(limit, left) });
  const text = readFileSync(log, 'utf8');
  const result = counts(text);
  if (show) console.log(text.trim());
  if (!result) {
    if (code !== 0) console.log(`   did not end well${timedOut ? ' (out of time)' : ''}; see ${path.relative(root, log)}`);
    if (!show) total.failed += code === 0 ? 0 : 1;
    return;
  }
  // A suite that ended badly without any failed test still failed.
  if ((code !== 0 || timedOut) && result.failed === 0) result.failed = 1;
  for (const key of Object.keys(total)) total[key] += result[key];
  console.log(`   ${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped (${seconds} s)${timedOut ? ', out of time' : ''}`);
  if (result.failed) console.log(failures(text));
}

/** Runs a program with its output in a log. All it started ends with it, unless it is there to leave something running. */
function run({ name, command, args = [], limit, leaves = false }) {
  return new Promise((resolve) => {
    const start = Date.now();
    const log = path.join(folder, `${name}.log`);
    const output = createWriteStream(log);
    const child = spawn(command, args, { cwd: root, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.pipe(output, { end: false });
    child.stderr.pipe(output, { end: false });
    let timedOut = false;
    const kill = (signal) => {
      try {
        process.kill(-child.pid, signal);
      } catch {
        // All of it has ended.
      }
    };
    const timer = setTimeout(() => {
      timedOut = true;
      kill('SIGTERM');
      setTimeout(() => kill('SIGKILL'), 5000);
    }, limit);
    child.on('error', (error) => output.write(`${error.message}\n`));
    child.on(leaves ? 'exit' : 'close', (code) => {
      clearTimeout(timer);
      if (!leaves) kill('SIGKILL');
      output.end(() => resolve({ code: code ?? 1, timedOut, seconds: Math.round((Date.now() - start) / 1000), log }));
    });
  });
}

/** Sums what node:test reports, and the machine checks of npm test. */
function countTests(text) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  const names = { pass: 'passed', fail: 'failed', cancelled: 'failed', skipped: 'skipped', todo: 'skipped' };
  let found = false;
  for (const [, name, count] of text.matchAll(/^(?:ℹ|#) (pass|fail|cancelled|skipped|todo) (\d+)$/gm)) {
    found = true;
    sum[names[name]] += Number(count);
  }
  const check = /^check: (\d+) passed, (\d+) failed$/m.exec(text);
  if (check) {
    found = true;
    sum.passed += Number(check[1]);
    sum.failed += Number(check[2]);
  }
  return found ? sum : undefined;
}

function countConformance(text) {
  try {
    const { passed, failed, skipped } = JSON.parse(text.slice(text.indexOf('{')));
    return { passed, failed, skipped };
  } catch {
    const skip = /is not there|skipped/.test(text);
    return skip ? { passed: 0, failed: 0, skipped: 1 } : undefined;
  }
}

/** @returns what a log says of its failures, not more than a screen or two */
function failures(text) {
  const at = text.search(/^✖ failing tests:/m);
  const part = at >= 0 ? text.slice(at) : text.split('\n').filter((line) => /FAIL|✖|not ok|error/i.test(line)).join('\n') || text.slice(-4000);
  return part.slice(0, 12_000).split('\n').map((line) => `   ${line}`).join('\n');
}
