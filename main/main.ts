/** The main process: puts the parts together and lives as long as the app. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { app, BrowserWindow, dialog, ipcMain, Menu, powerMonitor, protocol, session, shell } from 'electron';
import { createEngine } from '../engine/index.ts';
import { watchClusters } from './clusters.ts';
import { engineSettings } from './engine-settings.ts';
import type { AppCommand } from './ipc/contract.ts';
import { serveIpc } from './ipc-server.ts';
import { openLog } from './log.ts';
import { menuTemplate } from './menu.ts';
import { appRoot, dataFolder, shorten } from './paths.ts';
import { bundleHandler, SCHEME } from './protocol.ts';
import { realTimers } from './pump.ts';
import { externalLink, guardPages, guardSession } from './security.ts';
import { appService } from './services/app.ts';
import { artifactHandlers, artifactSources } from './services/artifacts.ts';
import { Contexts } from './services/contexts.ts';
import { exportService } from './services/exports.ts';
import { Files } from './services/files.ts';
import { Folders } from './services/folders.ts';
import { definitionHandlers, definitionSources } from './services/definitions.ts';
import { keptLogsService } from './services/kept-logs.ts';
import { manifestsService } from './services/manifests.ts';
import { prerunHandlers, prerunSources } from './services/prerun.ts';
import { runHandlers, runSources } from './services/runs.ts';
import { samplesService } from './services/samples.ts';
import { Settings } from './services/settings.ts';
import type { Services, Sink } from './services/service.ts';
import { loginEnvironment } from './shell-env.ts';
import { openWindow } from './window.ts';

const CLOSE_MS = 5_000;
const data = dataFolder();
// Chromium's own files; also what the lock of the single instance belongs to.
app.setPath('userData', path.join(data, 'window'));
const log = openLog(path.join(data, 'logs'));
process.on('uncaughtException', (error) => { log('error', 'an error that nobody caught', error); });
process.on('unhandledRejection', (error) => { log('error', 'a promise that nobody caught', error); });

// As root Chromium has no process sandbox to enable (npm start says so); every page is a sandboxed one by its preferences.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
protocol.registerSchemesAsPrivileged([SCHEME]);
guardPages(app, (url) => { void openLink(url); });

if (app.requestSingleInstanceLock()) start();
else {
  console.error('tiphys: the window is open already');
  app.quit();
}

function start(): void {
  const settings = new Settings(data, (message) => { log('warn', message); });
  const environment = loginEnvironment(process.env).then((found) => { Object.assign(process.env, found); });
  const contexts = new Contexts({
    source: watchClusters({ dataDir: data, environment, log, localRuntime: () => settings.value('local.runtime') }),
    createEngine: (cluster, clusterId) => createEngine({
      cluster, clusterId, dataDir: data, ...engineSettings({ clusterId, value: (key) => settings.value(key), env: process.env, warn: (message) => { log('warn', message); } }), log: ({ level, message, ...fields }) => { log(level, message, fields); },
    }),
    places: { get: () => settings.places, set: (places) => { void settings.setPlaces(places); } },
    timers: realTimers, random: Math.random,
    log: (message, detail) => { log('warn', message, detail); },
  });
  const files = new Files(data, {
    open: async () => (await dialog.showOpenDialog({ properties: ['openFile'], filters: [{ name: 'Workflows', extensions: ['yaml', 'yml', 'json'] }, { name: 'All files', extensions: ['*'] }] })).filePaths[0],
    save: saveDialog,
  });
  const folders = new Folders(data, folderDialog, files);
  const commands = new Set<Sink<AppCommand>>();
  let waiting: AppCommand[] = [];
  const send = (command: AppCommand): void => {
    if (!commands.size) waiting.push(command);
    for (const sink of commands) sink.push(command);
  };
  const services: Services = {
    handlers: {
      ...contexts.handlers, ...files.handlers, ...folders.handlers, ...exportService(saveDialog), ...settings.handlers, ...keptLogsService(data, (key) => settings.value(key)),
      ...runHandlers(contexts), ...artifactHandlers(contexts), ...prerunHandlers(contexts), ...definitionHandlers(contexts),
      ...manifestsService({ choose: folderDialog, environment }),
      ...samplesService(path.join(appRoot, 'assets', 'samples')),
      ...appService({ info: { version: app.getVersion(), platform: process.platform, electron: process.versions.electron, dataDir: shorten(data) }, openLink }),
    },
    sources: {
      ...contexts.sources, ...runSources(contexts, realTimers), ...artifactSources(contexts, { file: saveDialog, folder: folderDialog }), ...prerunSources(contexts, Date.now), ...files.sources, ...folders.sources, ...definitionSources(contexts),
      commands: {
        open: (_request, sink, signal) => {
          commands.add(sink);
          signal.addEventListener('abort', () => commands.delete(sink));
          for (const command of waiting) sink.push(command);
          waiting = [];
        },
      },
    },
  };
  const openNamed = async (paths: readonly string[], from: string): Promise<void> => {
    for (const named of filesAndFolders(paths, from)) {
      try {
        if (named.isFolder) send({ command: 'open-folder', folder: await folders.open(named.path) });
        else send({ command: 'open-file', file: await files.read(named.path) });
      } catch (error) {
        dialog.showErrorBox('Tiphys', error instanceof Error ? error.message : String(error));
      }
    }
  };
  const show = (): void => {
    const [window] = BrowserWindow.getAllWindows();
    if (!window) openWindow(settings, log);
    else {
      if (window.isMinimized()) window.restore();
      window.focus();
    }
  };

  app.on('second-instance', (_event, argv, folder) => {
    show();
    void openNamed(namedIn(argv), folder);
  });
  app.on('open-file', (event, file) => {
    event.preventDefault();
    void openNamed([file], '/');
  });
  app.on('activate', show);
  app.on('window-all-closed', () => { if (process.platform !== 'darwin') app.quit(); });
  endWell(contexts);

  void app.whenReady().then(() => {
    const built = path.join(appRoot, 'out');
    protocol.handle('app', bundleHandler(path.join(built, 'renderer'), JSON.parse(readFileSync(path.join(built, 'main', 'renderer-files.json'), 'utf8')) as string[]));
    guardSession(session.defaultSession);
    serveIpc({
      ipcMain, services, log: (message, detail) => { log('warn', message, detail); },
      isWindow: (id) => BrowserWindow.getAllWindows().some((window) => window.webContents.id === id),
      dropped: (paths) => { void openNamed(paths, '/'); },
    });
    Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate((command) => { send({ command }); }, process.platform, !app.isPackaged)));
    powerMonitor.on('resume', () => { contexts.wake(); });
    powerMonitor.on('unlock-screen', () => { contexts.wake(); });
    noticeSleep(() => { contexts.wake(); });
    show();
    void openNamed(namedIn(process.argv), process.cwd());
    void contexts.resume();
  });
}

/** @returns where a person wants a file; undefined when they gave up */
async function saveDialog(suggestedName: string): Promise<string | undefined> {
  // On Linux the dialog asks before it lets a file be overwritten only when it is told to.
  return (await dialog.showSaveDialog({ defaultPath: suggestedName, properties: ['showOverwriteConfirmation', 'createDirectory'] })).filePath || undefined;
}

/** @returns the folder that a person chooses; undefined when they gave up */
async function folderDialog(): Promise<string | undefined> {
  return (await dialog.showOpenDialog({ properties: ['openDirectory', 'createDirectory'] })).filePaths[0];
}

/** Gives leases back before the end, within limits. */
function endWell(contexts: Contexts): void {
  let closed = false;
  app.on('before-quit', (event) => {
    if (closed) return;
    event.preventDefault();
    const limit = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS));
    void Promise.race([contexts.close().catch((error: unknown) => { log('warn', 'not everything was closed', error); }), limit]).then(() => {
      closed = true;
      app.quit();
    });
  });
}

/** Where the system tells nothing of sleep, the clock does. */
function noticeSleep(onWake: () => void): void {
  const BEAT = 10_000;
  let last = Date.now();
  setInterval(() => {
    const now = Date.now();
    if (now - last > BEAT + 30_000) onWake();
    last = now;
  }, BEAT).unref();
}

/** Opens an https link in the browser once the person has seen where it leads. @returns false when it is no such link */
async function openLink(url: string): Promise<boolean> {
  const link = externalLink(url);
  if (!link) return false;
  const { response } = await dialog.showMessageBox({
    type: 'question', message: `Open ${link.host} in the browser?`, detail: link.href, buttons: ['Cancel', 'Open'], defaultId: 1, cancelId: 0,
  });
  if (response === 1) await shell.openExternal(link.href);
  return true;
}

/** @returns what a command line names; before the app is packaged, the first is its own folder */
function namedIn(argv: readonly string[]): string[] {
  return argv.slice(1).filter((argument) => !argument.startsWith('-')).slice(app.isPackaged ? 0 : 1);
}

/** @returns the workflow files and the folders among what was named */
function filesAndFolders(named: readonly string[], from: string): { path: string; isFolder: boolean }[] {
  return named.map((each) => path.resolve(from, each)).flatMap((each) => {
    const info = statSync(each, { throwIfNoEntry: false });
    const isFolder = info?.isDirectory() ?? false;
    return isFolder || (info?.isFile() && /\.(ya?ml|json)$/i.test(each)) ? [{ path: each, isFolder }] : [];
  });
}
