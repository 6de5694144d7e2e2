/** What the window may never do, whatever runs in it. */
import type { App, Event, Session, WebContents, WebPreferences } from 'electron';
import { ORIGIN } from './protocol.ts';

/** Set one by one, though most are Electron's defaults: a test reads them. */
export function webPreferences(preload: string): WebPreferences {
  return {
    preload, sandbox: true, contextIsolation: true, nodeIntegration: false, nodeIntegrationInWorker: false, nodeIntegrationInSubFrames: false,
    webSecurity: true, allowRunningInsecureContent: false, experimentalFeatures: false, webviewTag: false, navigateOnDragDrop: false,
    disableBlinkFeatures: 'Auxclick', spellcheck: false, safeDialogs: true,
  };
}

/** Writing to the clipboard is the one permission the window has: "copy" buttons need it. */
const ALLOWED = new Set(['clipboard-sanitized-write']);

/** @returns whether a URL is a page of ours */
export function isOurs(url: string): boolean {
  try {
    const { protocol, host } = new URL(url);
    return `${protocol}//${host}` === ORIGIN;
  } catch {
    return false;
  }
}

/**
 * Denies navigation, new windows, webviews and permissions in every page there will ever be.
 * @param openLink what to do with a link that was meant for a new window
 */
export function guardPages(app: Pick<App, 'on'>, openLink: (url: string) => void): void {
  app.on('web-contents-created', (_event: Event, contents: WebContents) => {
    const deny = (event: Event & { url?: string }, url: string): void => {
      if (!isOurs(event.url ?? url)) event.preventDefault();
    };
    contents.on('will-navigate', deny);
    contents.on('will-redirect', deny);
    contents.on('will-frame-navigate', (event) => { if (!isOurs(event.url)) event.preventDefault(); });
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(({ url }) => {
      openLink(url);
      return { action: 'deny' };
    });
  });
}

/** Denies every permission and device, and every request that does not go to the window's own files. */
export function guardSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, answer, details) => {
    answer(ALLOWED.has(permission) && isOurs(details.requestingUrl));
  });
  session.setPermissionCheckHandler((_contents, permission, origin) => ALLOWED.has(permission) && isOurs(origin));
  session.setDevicePermissionHandler(() => false);
  session.on('will-download', (event) => event.preventDefault());
  session.webRequest.onBeforeRequest((details, answer) => {
    answer({ cancel: !isOurs(details.url) && !details.url.startsWith('devtools:') && !details.url.startsWith('data:') });
  });
}

/** @returns the link in its normal form when it may be opened in the browser (https only, no credentials in it), else undefined */
export function externalLink(url: string): URL | undefined {
  try {
    const link = new URL(url);
    return link.protocol === 'https:' && !link.username && !link.password ? link : undefined;
  } catch {
    return undefined;
  }
}
