import { RE2JS } from 're2js';
import { quote } from './strings.ts';

/** A regular expression that is wrong, with the text of Go's regexp. */
export class RegexpError extends Error {
  override readonly name = 'RegexpError';
}

/** One match: where it begins and ends (UTF-16 indices), and its groups, the whole first; undefined for a group that took no part. */
export interface RegexpMatch {
  readonly start: number;
  readonly end: number;
  readonly groups: readonly (string | undefined)[];
  /** Where each group begins and ends. */
  readonly bounds: readonly (readonly [number, number] | undefined)[];
}

const compiled = new Map<string, Regexp>();

/** A compiled regular expression of Go's syntax (RE2). */
export class Regexp {
  private readonly pattern: RE2JS;

  private constructor(pattern: RE2JS) {
    this.pattern = pattern;
  }

  /**
   * regexp.Compile; those used last are kept.
   * @throws RegexpError
   */
  static compile(source: string): Regexp {
    let found = compiled.get(source);
    if (found === undefined) {
      try {
        found = new Regexp(RE2JS.compile(source));
      } catch (error) {
        throw new RegexpError(error instanceof Error ? error.message : String(error));
      }
      if (compiled.size >= 200) compiled.clear();
      compiled.set(source, found);
    }
    return found;
  }

  /** regexp.MustCompile, whose message names the expression */
  static mustCompile(source: string): Regexp {
    try {
      return Regexp.compile(source);
    } catch (error) {
      if (!(error instanceof RegexpError)) throw error;
       
      const shown = /[`\x00-\x08\x0a-\x1f\x7f\ufeff]/.test(source) ? quote(source) : `\`${source}\``;
      throw new RegexpError(`regexp: Compile(${shown}): ${error.message}`);
    }
  }

  /** @returns whether the text has a match anywhere */
  test(text: string): boolean {
    return this.pattern.matcher(text).find();
  }

  /** @returns the indices of named groups */
  names(): Readonly<Record<string, number>> {
    return this.pattern.matcher('').namedGroups;
  }

  /**
   * The matches from left to right. An empty match right behind another match does not count, as in Go.
   * @param count how many at most; negative = all
   */
  matches(text: string, count = -1): RegexpMatch[] {
    const out: RegexpMatch[] = [];
    const matcher = this.pattern.matcher(text);
    let at = 0;
    let previous = -1;
    while (at <= text.length && (count < 0 || out.length < count) && matcher.find(at)) {
      const start = matcher.start();
      const end = matcher.end();
      if (end > start || start !== previous) {
        const bounds = Array.from({ length: matcher.groupCount() + 1 }, (_, i) => (matcher.start(i) < 0 ? undefined : [matcher.start(i), matcher.end(i)] as const));
        out.push({ start, end, bounds, groups: bounds.map((group) => group && text.slice(...group)) });
      }
      previous = end;
      if (end > start) at = end;
      else at = end + ((text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1);
    }
    return out;
  }

  /** @returns the text with every match replaced */
  replace(text: string, by: (match: RegexpMatch) => string): string {
    let out = '';
    let at = 0;
    for (const match of this.matches(text)) {
      out += text.slice(at, match.start) + by(match);
      at = match.end;
    }
    return out + text.slice(at);
  }

  /** @returns Regexp.Expand: `$1`, `${name}` and `$$` of a template filled in from a match */
  expand(template: string, match: RegexpMatch): string {
    const names = this.names();
    return template.replace(/\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu, (_whole, braced: string | undefined, bare: string | undefined) => {
      const name = braced ?? bare;
      if (name === undefined) return '$';
      if (!/^\d+$/.test(name)) return Object.hasOwn(names, name) ? match.groups[names[name] ?? -1] ?? '' : '';
      return match.groups[Number(name)] ?? '';
    });
  }

  /** @returns Regexp.Split: count 0 = nothing, negative = all */
  split(text: string, count: number): string[] {
    if (count === 0) return [];
    const out: string[] = [];
    let begin = 0;
    let end = 0;
    for (const match of this.matches(text, count)) {
      if (count > 0 && out.length === count - 1) break;
      end = match.start;
      if (match.end !== 0) out.push(text.slice(begin, end));
      begin = match.end;
    }
    if (end !== text.length) out.push(text.slice(begin));
    return out;
  }
}

/** @returns the text with all that means something in a regular expression escaped */
export function quoteMeta(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}
