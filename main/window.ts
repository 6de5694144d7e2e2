/** The window: where it stands, what it loads, and what happens when its page dies. */
import path from 'node:path';
import { BrowserWindow, nativeTheme, screen } from 'electron';
import type { Log } from './log.ts';
import { appRoot } from './paths.ts';
import { ORIGIN } from './protocol.ts';
import { webPreferences } from './security.ts';
import type { Settings, WindowBounds } from './services/settings.ts';

const MINIMUM = { width: 800, height: 520 };
const USUAL = { width: 1440, height: 900 };
/** The page's own background, so that nothing flashes before it is drawn. */
const BACKGROUND = { light: '#ffffff', dark: '#16181d' };
const MAX_RELOADS = 3;

/** Opens the window where it last stood. */
export function openWindow(settings: Settings, log: Log): BrowserWindow {
  const last = settings.window;
  const window = new BrowserWindow({
    ...MINIMUM, ...placeOf(last), minWidth: MINIMUM.width, minHeight: MINIMUM.height, show: false, title: 'Tiphys',
    backgroundColor: nativeTheme.shouldUseDarkColors ? BACKGROUND.dark : BACKGROUND.light,
    icon: path.join(appRoot, 'assets', 'icons', 'tiphys.png'),
    webPreferences: webPreferences(path.join(appRoot, 'out', 'main', 'preload.cjs')),
  });
  window.once('ready-to-show', () => {
    if (last?.maximized) window.maximize();
    window.show();
  });
  keepPlace(window, settings);
  keepAlive(window, log);
  void window.loadURL(`${ORIGIN}/`);
  return window;
}

/** @returns the last place when enough of it is on a screen that is still there */
function placeOf(last: WindowBounds | undefined): { width: number; height: number; x?: number; y?: number } {
  const area = screen.getPrimaryDisplay().workAreaSize;
  const size = { width: Math.min(last?.width ?? USUAL.width, area.width), height: Math.min(last?.height ?? USUAL.height, area.height) };
  const { x, y } = last ?? {};
  if (x === undefined || y === undefined) return size;
  const visible = screen.getAllDisplays().some(({ workArea }) =>
    x < workArea.x + workArea.width - 100 && x + size.width > workArea.x + 100 && y >= workArea.y && y < workArea.y + workArea.height - 50);
  return visible ? { ...size, x, y } : size;
}

function keepPlace(window: BrowserWindow, settings: Settings): void {
  let timer: NodeJS.Timeout | undefined;
  const save = (): void => {
    clearTimeout(timer);
    if (!window.isDestroyed() && !window.isMinimized()) void settings.setWindow({ ...window.getNormalBounds(), maximized: window.isMaximized() });
  };
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(save, 500);
  };
  window.on('resize', later);
  window.on('move', later);
  window.on('maximize', later);
  window.on('unmaximize', later);
  window.on('close', save);
}

/** A page that died is loaded again; drafts were kept by the main process. */
function keepAlive(window: BrowserWindow, log: Log): void {
  let reloads = 0;
  window.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
    log('error', `the window's page ended: ${reason} (${exitCode})`);
    if (reason === 'clean-exit' || reloads >= MAX_RELOADS || window.isDestroyed()) return;
    reloads += 1;
    window.webContents.reload();
  });
  window.on('unresponsive', () => { log('warn', 'the window does not respond'); });
  window.webContents.on('did-fail-load', (_event, code, description, url) => { log('error', `the window could not load ${url}: ${description} (${code})`); });
}
