import { GoFunc } from './go.ts';
import type { GoValue } from './go.ts';
import type { Entry } from './sprig/convert.ts';
import { CRYPTO } from './sprig/crypto.ts';
import { DATES } from './sprig/dates.ts';
import { DICTS } from './sprig/dicts.ts';
import { ENCODING } from './sprig/encoding.ts';
import { LISTS } from './sprig/lists.ts';
import { NUMBERS } from './sprig/numbers.ts';
import { REGEXPS } from './sprig/regexps.ts';
import { SEMVER } from './sprig/semver.ts';
import { STRINGS } from './sprig/strings.ts';

const GROUPS: readonly Readonly<Record<string, Entry>>[] = [STRINGS, NUMBERS, LISTS, DICTS, DATES, REGEXPS, ENCODING, SEMVER, CRYPTO];

/** The functions of sprig 3.3.0 by name, without those that read the environment of the process: the value of `sprig` in expressions. */
export const SPRIG: ReadonlyMap<string, GoValue> = new Map(
  GROUPS.flatMap((group) => Object.entries(group).map(([name, [type, call]]) => [name, new GoFunc(type, call)] as const)),
);
