/** The flags of a resource template: kubectl's words, as far as they mean something here. */
import { AppError } from '../spec/error.ts';

export interface ResourceFlags {
  /** `TYPE NAME…`, or `TYPE/NAME…`. */
  words: string[];
  namespace?: string;
  selector?: string;
  fieldSelector?: string;
  all: boolean;
  ignoreNotFound: boolean;
  force: boolean;
  /** delete: wait until the object is gone. */
  wait: boolean;
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  dryRun: boolean;
  subresource?: 'status';
  fieldManager?: string;
  /** apply: refuse what other managers own instead of taking it over. */
  keepConflicts: boolean;
}

const SHORT: Readonly<Record<string, string>> = { n: 'namespace', l: 'selector', o: 'output', f: 'filename', p: 'patch' };
const SWITCHES = new Set(['all', 'ignore-not-found', 'force', 'force-conflicts', 'server-side', 'wait', 'now', 'save-config', 'record', 'overwrite', 'validate', 'cascade', 'dry-run']);
/** They change how kubectl prints or checks, and nothing in the cluster. */
const MEANINGLESS = new Set(['validate', 'save-config', 'record', 'overwrite', 'output', 'server-side', 'request-timeout', 'v', 'timeout', 'warnings-as-errors', 'show-managed-fields']);
const CASCADE = { foreground: 'Foreground', background: 'Background', orphan: 'Orphan', true: 'Background', false: 'Orphan' } as const;

/** Throws AppError `unsupported` for a flag that would have to mean something and is not known. */
export function readFlags(flags: readonly string[]): ResourceFlags {
  const read: ResourceFlags = { words: [], all: false, ignoreNotFound: false, force: false, wait: true, dryRun: false, keepConflicts: false };
  const rest = [...flags];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (!word.startsWith('-') || word === '-') {
      read.words.push(word);
      continue;
    }
    const [, dashes = '', key = '', given] = /^(--?)([^=]+)(?:=([\s\S]*))?$/.exec(word) ?? [];
    const name = dashes === '-' ? SHORT[key] ?? key : key;
    set(read, name, given ?? (SWITCHES.has(name) ? 'true' : rest.shift() ?? ''), word);
  }
  return read;
}

function set(read: ResourceFlags, name: string, value: string, word: string): void {
  switch (name) {
    case 'namespace': read.namespace = value; return;
    case 'selector': read.selector = value; return;
    case 'field-selector': read.fieldSelector = value; return;
    case 'all': read.all = value === 'true'; return;
    case 'ignore-not-found': read.ignoreNotFound = value === 'true'; return;
    case 'force': read.force = value === 'true'; return;
    case 'force-conflicts': read.keepConflicts = value === 'false'; return;
    case 'wait': read.wait = value === 'true'; return;
    case 'now': read.gracePeriodSeconds = 1; return;
    case 'grace-period': if (Number(value) >= 0) read.gracePeriodSeconds = Number(value); return;
    case 'cascade': read.propagationPolicy = CASCADE[value as keyof typeof CASCADE]; return;
    case 'dry-run': read.dryRun = value !== 'none' && value !== 'false'; return;
    case 'field-manager': read.fieldManager = value; return;
    case 'subresource':
      if (value === 'status') read.subresource = value;
      else throw unknown(word);
      return;
    default: if (!MEANINGLESS.has(name)) throw unknown(word);
  }
}

function unknown(word: string): AppError {
  return new AppError('unsupported', `the flag ${word} is not known here`, { hint: 'Leave it out, or run kubectl in a container template.' });
}
