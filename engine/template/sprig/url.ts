import { fromBytes, quote, toBytes } from '../go.ts';

/** The parts of a URL as Go's net/url splits it, each decoded where Go decodes it. */
export interface UrlParts {
  scheme: string;
  opaque: string;
  userinfo: string;
  host: string;
  hostname: string;
  path: string;
  query: string;
  fragment: string;
}

type Part = 'path' | 'user' | 'host' | 'fragment';

const UNRESERVED = /^[A-Za-z0-9\-_.~]$/;
/** Reserved characters that each part may hold as they are. */
const ALLOWED: Readonly<Record<Part, string>> = { path: "$&+,/:;=@", user: '$&+,;=', host: "!$&'()*+,;=:[]<>\"", fragment: "$&+,/:;=?@!()*" };

function escape(text: string, part: Part): string {
  let out = '';
  for (const byte of toBytes(text)) {
    const c = String.fromCharCode(byte);
    out += byte < 0x80 && (UNRESERVED.test(c) || ALLOWED[part].includes(c)) ? c : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

/** @returns the decoded text, or the wrong escape in an object */
function unescape(text: string): string | { bad: string } {
  if (!text.includes('%')) return text;
  const bad = /%(?![0-9a-fA-F]{2}).{0,2}/s.exec(text)?.[0];
  if (bad !== undefined) return { bad };
  const bytes: number[] = [];
  for (const piece of text.match(/%[0-9a-fA-F]{2}|[^%]+/gs) ?? []) {
    if (piece.startsWith('%')) bytes.push(Number.parseInt(piece.slice(1), 16));
    else bytes.push(...toBytes(piece));
  }
  return fromBytes(Uint8Array.from(bytes));
}

function badEscape(bad: string): string {
  return `invalid URL escape ${quote(bad)}`;
}

/** @returns the scheme and the rest; a message where a colon comes too early */
function splitScheme(text: string): { scheme: string; rest: string } | string {
  if (text.startsWith(':')) return 'missing protocol scheme';
  const match = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(text);
  return match === null ? { scheme: '', rest: text } : { scheme: (match[1] ?? '').toLowerCase(), rest: text.slice(match[0].length) };
}

/** @returns the decoded userinfo as Go writes it again; undefined where it is none */
export function userinfoOf(text: string): string | undefined {
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(text)) return undefined;
  const colon = text.indexOf(':');
  const parts = colon < 0 ? [text] : [text.slice(0, colon), text.slice(colon + 1)];
  const decoded = parts.map(unescape);
  if (decoded.some((part) => typeof part !== 'string')) return undefined;
  return decoded.map((part) => escape(part as string, 'user')).join(':');
}

function hostnameOf(host: string): string {
  if (host.startsWith('[')) return host.slice(1, host.indexOf(']'));
  return host.replace(/:\d*$/, '');
}

function hostProblem(host: string): string | undefined {
  if (host.startsWith('[')) {
    const end = host.lastIndexOf(']');
    if (end < 0) return "missing ']' in host";
    return portProblem(host.slice(end + 1));
  }
  const colon = host.lastIndexOf(':');
  const port = colon < 0 ? undefined : portProblem(host.slice(colon));
  if (port !== undefined) return port;
  const bad = /[ <>"\\^`{|}]/.exec(host)?.[0];
  return bad === undefined || '<>"'.includes(bad) ? undefined : `invalid character ${quote(bad)} in host name`;
}

function portProblem(port: string): string | undefined {
  return port === '' || /^:\d*$/.test(port) ? undefined : `invalid port ${quote(port)} after host`;
}

/** Splits what follows `//` into userinfo and host. */
function authority(text: string): { userinfo: string; host: string } | string {
  const at = text.lastIndexOf('@');
  const hostText = text.slice(at + 1);
  const problem = hostProblem(hostText);
  if (problem !== undefined) return problem;
  const host = unescape(hostText);
  if (typeof host !== 'string') return badEscape(host.bad);
  if (at < 0) return { userinfo: '', host };
  const userinfo = userinfoOf(text.slice(0, at));
  return userinfo === undefined ? 'net/url: invalid userinfo' : { userinfo, host };
}

/** @returns the parts of a URL, or what is wrong with it in Go's words */
export function parseUrl(value: string): UrlParts | string {
   
  if (/[\x00-\x1f\x7f]/.test(value)) return 'net/url: invalid control character in URL';
  const hash = value.indexOf('#');
  const fragment = hash < 0 ? '' : unescape(value.slice(hash + 1));
  if (typeof fragment !== 'string') return badEscape(fragment.bad);
  const url: UrlParts = { scheme: '', opaque: '', userinfo: '', host: '', hostname: '', path: '', query: '', fragment };
  const text = hash < 0 ? value : value.slice(0, hash);
  if (text === '*') return { ...url, path: '*' };
  const split = splitScheme(text);
  if (typeof split === 'string') return split;
  url.scheme = split.scheme;
  const mark = split.rest.indexOf('?');
  url.query = mark < 0 ? '' : split.rest.slice(mark + 1);
  const rest = mark < 0 ? split.rest : split.rest.slice(0, mark);
  return parseRest(url, rest);
}

function parseRest(url: UrlParts, rest: string): UrlParts | string {
  let path = rest;
  if (!path.startsWith('/')) {
    if (url.scheme !== '') return { ...url, opaque: path };
    if ((path.split('/')[0] ?? '').includes(':')) return 'first path segment in URL cannot contain colon';
  }
  if (path.startsWith('//') && (url.scheme !== '' || !path.startsWith('///'))) {
    const end = path.indexOf('/', 2);
    const found = authority(end < 0 ? path.slice(2) : path.slice(2, end));
    if (typeof found === 'string') return found;
    url.userinfo = found.userinfo;
    url.host = found.host;
    url.hostname = hostnameOf(found.host);
    path = end < 0 ? '' : path.slice(end);
  }
  const decoded = unescape(path);
  return typeof decoded === 'string' ? { ...url, path: decoded } : badEscape(decoded.bad);
}

/** @returns the URL of these parts: url.URL.String() */
export function urlText(url: Omit<UrlParts, 'hostname'>): string {
  let out = url.scheme === '' ? '' : `${url.scheme}:`;
  if (url.opaque !== '') out += url.opaque;
  else {
    const path = escape(url.path, 'path');
    if (url.scheme !== '' || url.host !== '' || url.userinfo !== '') {
      if (url.host !== '' || url.path !== '' || url.userinfo !== '') out += '//';
      if (url.userinfo !== '') out += `${url.userinfo}@`;
      out += escape(url.host, 'host');
    }
    if (path !== '' && !path.startsWith('/') && url.host !== '') out += '/';
    if (out === '' && (path.split('/')[0] ?? '').includes(':')) out += './';
    out += path;
  }
  if (url.query !== '') out += `?${url.query}`;
  return url.fragment === '' ? out : `${out}#${escape(url.fragment, 'fragment')}`;
}
