// npm start [-- FILE]: the window, with everything it needs put in place first. Without a display: the same job in the terminal.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { ensureDependencies, root } from './ensure.mjs';

const say = (message) => { console.error(`tiphys: ${message}`); };
const args = process.argv.slice(2);

ensureDependencies();
const { build } = await import('./build.mjs');
try {
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) await inTerminal();
  else await inWindow();
} catch (error) {
  if (!error.errors) say(error.message);
  process.exit(1);
}

async function inWindow() {
  const { ensureElectron, ensureLibraries } = await import('./electron-runtime.mjs');
  const runtime = await ensureElectron();
  ensureLibraries(runtime.path);
  await build();
  const env = { ...process.env };
  delete env.ELECTRON_RUN_AS_NODE;
  hand(runtime.path, [...sandboxFlags(runtime.dist), root, ...args], env);
}

/** Chromium refuses to run as root with its sandbox, and needs user namespaces or a helper owned by root otherwise. */
function sandboxFlags(dist) {
  if (process.platform !== 'linux') return [];
  if (process.getuid() === 0) {
    say("running as root, so without Chromium's process sandbox; start it as a user for full protection");
    return ['--no-sandbox'];
  }
  const helper = statSync(path.join(dist, 'chrome-sandbox'), { throwIfNoEntry: false });
  if (helper?.uid === 0 && (helper.mode & 0o4000)) return [];
  const restricted = [['/proc/sys/kernel/apparmor_restrict_unprivileged_userns', '1'], ['/proc/sys/kernel/unprivileged_userns_clone', '0'], ['/proc/sys/user/max_user_namespaces', '0']]
    .some(([file, value]) => existsSync(file) && readFileSync(file, 'utf8').trim() === value);
  if (!restricted) return [];
  say(`this system lets programs make no sandbox of their own, so Chromium's process sandbox is off; to have it, run once:\n\n  sudo chown root ${dist}/chrome-sandbox && sudo chmod 4755 ${dist}/chrome-sandbox\n`);
  return ['--no-sandbox'];
}

/** Runs a sample (or the file that was named) on the embedded local cluster and shows how to go on. */
async function inTerminal() {
  const file = args.find((arg) => !arg.startsWith('-')) ?? 'assets/samples/dag-diamond.yaml';
  await build();
  say(`no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so Tiphys runs in this terminal.`);
  say(`running ${file} on the embedded cluster "local":\n`);
  const code = await hand(process.execPath, [path.join(root, 'out/main/cli.cjs'), 'submit', file, '--context', 'local', '--watch'], process.env, false);
  say(`to go on:

  npm run tiphys -- list                                      runs so far
  npm run tiphys -- get @latest                               the last one as a tree
  npm run tiphys -- submit FILE.yaml --context NAME --watch   any context of your kubeconfig
  npm run tiphys -- --help                                    everything else

With a display, npm start opens the window.`);
  process.exitCode = code;
}

/** Starts a program in our place: signals go to it, and its end is ours. @returns its exit code, when `last` is false */
function hand(command, argv, env, last = true) {
  return new Promise((resolve) => {
    const child = spawn(command, argv, { cwd: process.cwd(), env, stdio: 'inherit' });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => { child.kill(signal); });
    child.on('error', (error) => { say(error.message); process.exit(1); });
    child.on('exit', (code, signal) => {
      const result = signal ? 1 : code ?? 1;
      if (last) process.exit(result);
      resolve(result);
    });
  });
}
