import { GoFunc, GoNumber, GoObject, quote } from '../go.ts';
import type { GoValue } from '../go.ts';
import { Panic } from '../expr/error.ts';
import { text } from './convert.ts';
import type { Entry } from './convert.ts';

interface Version {
  readonly numbers: readonly [bigint, bigint, bigint];
  readonly prerelease: string;
  readonly metadata: string;
  readonly original: string;
}

const VERSION = /^v?(\d+)(\.\d+)?(\.\d+)?(-([0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*))?(\+([0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*))?$/;

function parse(value: string): Version {
  const match = VERSION.exec(value);
  const part = (index: number): bigint => BigInt(match?.[index]?.replace('.', '') ?? '0');
  if (match === null) throw new Panic('invalid semantic version');
  const numbers = [part(1), part(2), part(3)] as const;
  if (numbers.some((number) => number >= 2n ** 64n)) throw new Panic('error parsing version segment: value out of range');
  const prerelease = match[5] ?? '';
  if (prerelease.split('.').some((piece) => /^0\d+$/.test(piece))) throw new Panic('version segment starts with 0');
  return { numbers, prerelease, metadata: match[8] ?? '', original: value };
}

function show(version: Version): string {
  return version.numbers.join('.') + (version.prerelease === '' ? '' : `-${version.prerelease}`) + (version.metadata === '' ? '' : `+${version.metadata}`);
}

function compareNumbers(a: readonly bigint[], b: readonly bigint[]): number {
  for (let i = 0; i < 3; i++) {
    const difference = (a[i] ?? 0n) - (b[i] ?? 0n);
    if (difference !== 0n) return difference < 0n ? -1 : 1;
  }
  return 0;
}

function comparePieces(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  const numeric = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (numeric[0] === true && numeric[1] === true) return BigInt(a) < BigInt(b) ? -1 : 1;
  if (numeric[0] === true) return -1;
  if (numeric[1] === true) return 1;
  return a < b ? -1 : 1;
}

function compare(a: Version, b: Version): number {
  const numbers = compareNumbers(a.numbers, b.numbers);
  if (numbers !== 0 || a.prerelease === b.prerelease) return numbers;
  if (a.prerelease === '') return 1;
  if (b.prerelease === '') return -1;
  const left = a.prerelease.split('.');
  const right = b.prerelease.split('.');
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const order = comparePieces(left[i], right[i]);
    if (order !== 0) return order;
  }
  return 0;
}

/** One condition of a constraint: an operator and a version of which parts may be left open (`1.x`). */
interface Constraint {
  readonly operator: string;
  readonly version: Version;
  /** Count of parts that are given: 0 for `*`. */
  readonly parts: number;
}

const OPERATORS = '=||!=|>|<|>=|=>|<=|=<|~|~>|\\^';
const PARTIAL = 'v?([0-9|x|X|\\*]+)(\\.[0-9|x|X|\\*]+)?(\\.[0-9|x|X|\\*]+)?(-([0-9A-Za-z\\-]+(\\.[0-9A-Za-z\\-]+)*))?(\\+([0-9A-Za-z\\-]+(\\.[0-9A-Za-z\\-]+)*))?';
const CONDITION = new RegExp(`^\\s*(${OPERATORS})\\s*(${PARTIAL})\\s*$`);
const CONDITIONS = new RegExp(`^(\\s*(${OPERATORS})\\s*(${PARTIAL})\\s*)((?:\\s+|,\\s*)(${OPERATORS})\\s*(${PARTIAL})\\s*)*$`);
const EACH = new RegExp(`(${OPERATORS})\\s*(${PARTIAL})(?=\\s|,|$)`, 'g');
const RANGE = new RegExp(`\\s*(${PARTIAL})\\s+-\\s+(${PARTIAL})\\s*`, 'g');

function condition(source: string): Constraint {
  const match = CONDITION.exec(source);
  if (match === null) throw new Panic(`improper constraint: ${quote(source)}`);
  const open = (piece: string | undefined): boolean => piece === undefined || /^\.?[xX*]$/.test(piece);
  const pieces = [match[3], match[4], match[5]];
  const parts = pieces.findIndex(open) < 0 ? 3 : pieces.findIndex(open);
  const numbers = pieces.map((piece, index) => (index < parts ? piece?.replace('.', '') ?? '0' : '0'));
  const tail = parts === 3 ? (match[6] ?? '') + (match[9] ?? '') : '';
  return { operator: match[1] ?? '', version: parse(numbers.join('.') + tail), parts };
}

function constraints(source: string): Constraint[][] {
  const ranged = source.replace(RANGE, (_whole, ...groups: string[]) => `>=${groups[0] ?? ''} <=${groups[10] ?? ''} `);
  return ranged.split('||').map((either) => {
    if (!CONDITIONS.test(either)) throw new Panic(`improper constraint: ${quote(source)}`);
    return (either.match(EACH) ?? []).map(condition);
  });
}

/** The version with the part at an index raised and all behind it 0. */
function raised(version: Version, index: number): readonly bigint[] {
  return version.numbers.map((number, i) => (i < index ? number : i === index ? number + 1n : 0n));
}

function below(version: Version, limit: readonly bigint[]): boolean {
  return compareNumbers(version.numbers, limit) < 0;
}

function tilde(version: Version, { version: wanted, parts }: Constraint): boolean {
  if (parts === 0) return true;
  return compare(version, wanted) >= 0 && below(version, raised(wanted, parts === 1 ? 0 : 1));
}

function caret(version: Version, { version: wanted, parts }: Constraint): boolean {
  if (parts === 0) return true;
  if (compare(version, wanted) < 0) return false;
  const first = wanted.numbers.findIndex((number, index) => number > 0n || index >= parts - 1);
  return below(version, raised(wanted, Math.max(first, 0)));
}

/** Beyond all versions that the wanted one leaves open. */
function above(version: Version, { version: wanted, parts }: Constraint): boolean {
  if (parts === 0) return false;
  return parts < 3 ? !below(version, raised(wanted, parts - 1)) : compare(version, wanted) > 0;
}

function holds(version: Version, constraint: Constraint): boolean {
  const { operator, version: wanted, parts } = constraint;
  // A version with a prerelease counts only where the condition names one too.
  if (version.prerelease !== '' && wanted.prerelease === '') return operator === '!=' && parts === 3 && compare(version, wanted) !== 0;
  switch (operator) {
    case '': case '=': return parts < 3 ? tilde(version, constraint) : compare(version, wanted) === 0;
    case '!=': return parts < 3 ? !tilde(version, constraint) : compare(version, wanted) !== 0;
    case '>': return above(version, constraint);
    case '<': return compare(version, wanted) < 0;
    case '>=': case '=>': return compare(version, wanted) >= 0;
    case '<=': case '=<': return !above(version, constraint);
    case '^': return caret(version, constraint);
    default: return tilde(version, constraint);
  }
}

function object(version: Version): GoObject {
  const number = (value: bigint): GoFunc => new GoFunc('func() uint64', () => new GoNumber('uint64', value));
  const string = (value: string): GoFunc => new GoFunc('func() string', () => value);
  const [major, minor, patch] = version.numbers;
  const members = new Map<string, GoValue>([
    ['Major', number(major)], ['Minor', number(minor)], ['Patch', number(patch)], ['Prerelease', string(version.prerelease)], ['Metadata', string(version.metadata)],
    ['String', string(show(version))], ['Original', string(version.original)],
  ]);
  return new GoObject('*semver.Version', show(version), members);
}

export const SEMVER: Readonly<Record<string, Entry>> = {
  semver: ['func(string) (*semver.Version, error)', (args) => object(parse(text(args, 0)))],
  semverCompare: ['func(string, string) (bool, error)', (args) => {
    const wanted = constraints(text(args, 0));
    const version = parse(text(args, 1));
    return wanted.some((all) => all.every((one) => holds(version, one)));
  }],
};
