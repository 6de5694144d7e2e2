/** Starts the whole app for a test: real Electron, a world of its own, and on Linux a display of its own. */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, existsSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { _electron } from 'playwright';
import type { ElectronApplication, Page } from 'playwright';

export const root = path.resolve(import.meta.dirname, '../..');
/** Pictures and logs of test runs. */
export const artifacts = path.join(root, '.cache/ci/window');

export interface LaunchOptions {
  /** A kubeconfig file; without one there is only the context `local`. */
  kubeconfig?: string;
  /** Where the app keeps its data; a fresh folder (removed at the end) when not given. */
  dataDir?: string;
  /** Start this packaged program instead of the built sources. */
  packaged?: string;
  width?: number;
  height?: number;
  /** Further arguments: files to open. */
  args?: string[];
  env?: Record<string, string>;
}

export interface LaunchedApp {
  app: ElectronApplication;
  page: Page;
  dataDir: string;
  /** Messages of the page's console of kind error, and uncaught errors in it. */
  errors: string[];
  /** Saves .cache/ci/window/NAME.png. @returns its path */
  screenshot(name: string): Promise<string>;
  /** Switches the theme that the system reports. */
  setTheme(theme: 'light' | 'dark'): Promise<void>;
  /** Ends the app as the person would. */
  close(): Promise<void>;
  /** Ends the app at once (SIGKILL), as a crash would; the data stays. */
  kill(): Promise<void>;
}

let display: Promise<{ name: string; process: ChildProcess }> | undefined;

/** One virtual display for all windows of this test process; it ends with it. */
async function virtualDisplay(): Promise<string> {
  display ??= startDisplay();
  return (await display).name;
}

async function startDisplay(): Promise<{ name: string; process: ChildProcess }> {
  for (let number = 100 + (process.pid % 400); number < 600; number += 1) {
    if (existsSync(`/tmp/.X11-unix/X${number}`) || existsSync(`/tmp/.X${number}-lock`)) continue;
    const server = spawn('Xvfb', [`:${number}`, '-screen', '0', '2560x1440x24', '-nolisten', 'tcp'], { stdio: 'ignore' });
    const ended = new Promise<boolean>((resolve) => {
      server.on('exit', () => { resolve(false); });
      server.on('error', () => { resolve(false); });
    });
    if (await Promise.race([ended, answers(`/tmp/.X11-unix/X${number}`)])) {
      server.unref();
      process.on('exit', () => server.kill());
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
      return { name: `:${number}`, process: server };
    }
    server.kill();
  }
  throw new Error('no virtual display could be started: install the package xvfb');
}

async function answers(socket: string): Promise<boolean> {
  for (let i = 0; i < 100; i += 1) {
    const connected = await new Promise<boolean>((resolve) => {
      const connection = createConnection(socket, () => { connection.destroy(); resolve(true); });
      connection.on('error', () => { resolve(false); });
    });
    if (connected) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

/** Finds or makes Electron and builds what is stale. Started as a program of its own, as npm start does. */
function prepare(): string {
  const build = spawnSync(process.execPath, ['main/scripts/build.mjs'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (build.status !== 0) throw new Error('the app could not be built');
  const runtime = spawnSync(process.execPath, ['main/scripts/electron-runtime.mjs'], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (runtime.status !== 0) throw new Error('there is no Electron');
  return runtime.stdout.trim();
}

let prepared: string | undefined;

/** Starts the app and waits for its window. */
export async function launchApp(options: LaunchOptions = {}): Promise<LaunchedApp> {
  const { width = 1440, height = 900 } = options;
  const program = options.packaged ?? (prepared ??= prepare());
  const dataDir = options.dataDir ?? mkdtempSync(path.join(os.tmpdir(), 'tiphys-window-'));
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined) env[name] = value;
  Object.assign(env, { TIPHYS_DATA_DIR: dataDir, KUBECONFIG: options.kubeconfig ?? path.join(dataDir, 'no-kubeconfig') }, options.env);
  if (process.platform === 'linux') env.DISPLAY = await virtualDisplay();
  delete env.WAYLAND_DISPLAY;
  const app = await launchElectron({
    executablePath: program,
    args: ['--no-sandbox', '--disable-gpu', '--force-device-scale-factor=1', ...(options.packaged === undefined ? [root] : []), ...(options.args ?? [])],
    cwd: root, env,
  });
  const page = await app.firstWindow();
  const errors: string[] = [];
  page.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()); });
  page.on('pageerror', (error) => errors.push(String(error)));
  await app.evaluate(({ BrowserWindow }, size) => { BrowserWindow.getAllWindows()[0]?.setContentSize(size.width, size.height); }, { width, height });
  await page.waitForLoadState('domcontentloaded');
  const child = app.process();
  const gone = new Promise<void>((resolve) => child.on('exit', () => { resolve(); }));
  const clean = (): void => { if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 }); };
  return {
    app, page, dataDir, errors,
    screenshot: async (name) => {
      mkdirSync(artifacts, { recursive: true });
      const file = path.join(artifacts, `${name}.png`);
      await page.screenshot({ path: file, animations: 'disabled' });
      return file;
    },
    setTheme: async (theme) => { await app.evaluate(({ nativeTheme }, source) => { nativeTheme.themeSource = source; }, theme); },
    close: async () => {
      await app.close();
      await gone;
      clean();
    },
    kill: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** Once in a while the driver misses that Electron is ready, and waits for ever: then it is ended and started once more. */
async function launchElectron(options: Parameters<typeof _electron.launch>[0]): Promise<ElectronApplication> {
  try {
    return await _electron.launch({ ...options, timeout: 30_000 });
  } catch (error) {
    console.error(`Electron is started again: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`);
    return await _electron.launch({ ...options, timeout: 60_000 });
  }
}

/** Starts another small app in the same Electron, on the same kind of display: for pages that need a browser and no app of ours. */
async function launchPage(folder: string): Promise<{ page: Page; close(): Promise<void> }> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined) env[name] = value;
  if (process.platform === 'linux') env.DISPLAY = await virtualDisplay();
  delete env.WAYLAND_DISPLAY;
  const app = await launchElectron({ executablePath: prepared ??= prepare(), args: ['--no-sandbox', '--disable-gpu', '--force-device-scale-factor=1', folder], env });
  return { page: await app.firstWindow(), close: async () => { await app.close(); } };
}

/** An app of one blank window: the same Chromium, none of our main process. */
export async function launchBlank(): Promise<{ page: Page; close(): Promise<void> }> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tiphys-blank-'));
  writeFileSync(path.join(folder, 'package.json'), '{"name":"blank","version":"1.0.0","main":"main.cjs"}');
  writeFileSync(path.join(folder, 'main.cjs'), "const { app, BrowserWindow } = require('electron'); app.whenReady().then(() => new BrowserWindow({ width: 1440, height: 900, useContentSize: true }).loadURL('about:blank'));");
  const opened = await launchPage(folder);
  return {
    page: opened.page,
    close: async () => {
      await opened.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
