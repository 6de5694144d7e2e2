/** The app:// protocol: serves the window's own files and nothing else, each with the policy that locks the page down. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

export const ORIGIN = 'app://bundle';

/** What Electron has to know before it is ready: a standard, secure scheme without any privilege beyond. */
export const SCHEME = { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } };

const POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "font-src 'self' data:", "img-src 'self' data:",
  "worker-src 'self'", "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-src 'none'", "object-src 'none'", "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-cache',
};

const TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', json: 'application/json', map: 'application/json',
  svg: 'image/svg+xml', png: 'image/png', ttf: 'font/ttf', woff: 'font/woff', woff2: 'font/woff2',
};

/**
 * @param folder the built window
 * @param files the paths below it that may be served, with forward slashes
 * @returns the handler of app:// requests; what is not in the list does not exist
 */
export function bundleHandler(folder: string, files: readonly string[]): (request: { url: string; method: string }) => Promise<Response> {
  const known = new Set(files);
  return async ({ url, method }) => {
    const file = wanted(url);
    if (method !== 'GET' || file === undefined || !known.has(file)) return new Response('not found', { status: 404, headers: HEADERS });
    const type = TYPES[path.posix.extname(file).slice(1)] ?? 'application/octet-stream';
    const content = await readFile(path.join(folder, ...file.split('/')));
    return new Response(new Uint8Array(content), { headers: { ...HEADERS, 'Content-Type': type } });
  };
}

function wanted(url: string): string | undefined {
  try {
    const { protocol, host, pathname } = new URL(url);
    if (`${protocol}//${host}` !== ORIGIN) return undefined;
    return pathname === '/' ? 'index.html' : decodeURIComponent(pathname.slice(1));
  } catch {
    return undefined;
  }
}
