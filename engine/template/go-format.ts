/**
 * Go's fmt.Sprintf with one int argument: what `withSequence.format` is put through.
 * Argo: expandSequence; the verbs, flags and the error marks in the text are those of Go's fmt.
 */

import { isPrintable, quoteRune } from './go.ts';

interface Flags {
  plus: boolean;
  minus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  width: number | undefined;
  precision: number | undefined;
}

/** Go ignores widths and precisions beyond this. */
const MAX_WIDTH = 1_000_000;
const HEX = new Set(['x', 'X']);

/** `format` with `value` as its only argument. Never throws: faults are marked in the text, as Go does. */
export function sprintfInt(format: string, value: bigint): string {
  return new Formatter(format, value).run();
}

class Formatter {
  private at = 0;
  /** Number of the next argument; there is one. */
  private argument = 0;
  private reordered = false;
  private goodIndex = true;
  private flags: Flags = noFlags();

  private readonly format: string;
  private readonly value: bigint;

  constructor(format: string, value: bigint) {
    this.format = format;
    this.value = value;
  }

  run(): string {
    let out = '';
    while (this.at < this.format.length) {
      const percent = this.format.indexOf('%', this.at);
      if (percent < 0) {
        out += this.format.slice(this.at);
        break;
      }
      out += this.format.slice(this.at, percent);
      this.at = percent + 1;
      out += this.directive();
    }
    if (!this.reordered && this.argument < 1) out += `%!(EXTRA int=${this.plain(noFlags())})`;
    return out;
  }

  private directive(): string {
    this.goodIndex = true;
    this.flags = noFlags();
    let out = '';
    let afterIndex = false;
    this.readFlags();
    afterIndex = this.readIndex(afterIndex);
    if (this.format[this.at] === '*') {
      this.at++;
      const width = this.starArgument();
      if (width === undefined) out += '%!(BADWIDTH)';
      else if (width < 0) {
        this.flags.minus = true;
        this.flags.zero = false;
        this.flags.width = -width;
      } else this.flags.width = width;
      afterIndex = false;
    } else {
      this.flags.width = this.readNumber();
      if (afterIndex && this.flags.width !== undefined) this.goodIndex = false;
    }
    if (this.format[this.at] === '.') {
      this.at++;
      if (afterIndex) this.goodIndex = false;
      afterIndex = this.readIndex(afterIndex);
      if (this.format[this.at] === '*') {
        this.at++;
        const precision = this.starArgument();
        if (precision === undefined || precision < 0) out += '%!(BADPREC)';
        else this.flags.precision = precision;
        afterIndex = false;
      } else this.flags.precision = this.readNumber() ?? 0;
    }
    if (!afterIndex) this.readIndex(afterIndex);
    const verb = this.format.codePointAt(this.at);
    if (verb === undefined) return `${out}%!(NOVERB)`;
    const letter = String.fromCodePoint(verb);
    this.at += letter.length;
    return out + this.apply(letter);
  }

  private apply(verb: string): string {
    if (verb === '%') return '%';
    if (!this.goodIndex) return `%!${verb}(BADINDEX)`;
    if (this.argument >= 1) return `%!${verb}(MISSING)`;
    this.argument++;
    return this.print(verb);
  }

  private print(verb: string): string {
    const flags = this.flags;
    switch (verb) {
      case 'T': return pad(truncate('int', flags.precision), flags);
      case 'v': return this.plain({ ...flags, plus: false, sharp: false });
      case 'd': return this.integer(10, verb, flags);
      case 'b': return this.integer(2, verb, flags);
      case 'o': case 'O': return this.integer(8, verb, flags);
      case 'x': case 'X': return this.integer(16, verb, flags);
      case 'c': return pad(this.rune(), flags);
      case 'q': return pad(`'${quoteRune(this.rune(), "'")}'`, flags);
      case 'U': return pad(this.unicode(flags), { ...flags, zero: false });
      default: return `%!${verb}(int=${this.plain(flags)})`;
    }
  }

  private plain(flags: Flags): string {
    return this.integer(10, 'd', flags);
  }

  private integer(base: 2 | 8 | 10 | 16, verb: string, flags: Flags): string {
    const negative = this.value < 0n;
    if (flags.precision === 0 && this.value === 0n) return ' '.repeat(flags.width ?? 0);
    const sign = negative ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
    let minimum = flags.precision ?? 0;
    if (flags.precision === undefined && flags.zero && !flags.minus) minimum = (flags.width ?? 0) - sign.length;
    let digits = (negative ? -this.value : this.value).toString(base).padStart(minimum, '0');
    if (verb === 'X') digits = digits.toUpperCase();
    digits = sign + basePrefix(digits, base, verb, flags.sharp) + digits;
    return pad(digits, { ...flags, zero: false });
  }

  private rune(): string {
    const code = this.value < 0n || this.value > 0x10ffffn ? 0xfffd : Number(this.value);
    return String.fromCodePoint(code >= 0xd800 && code <= 0xdfff ? 0xfffd : code);
  }

  private unicode(flags: Flags): string {
    const code = BigInt.asUintN(64, this.value);
    const digits = code.toString(16).toUpperCase().padStart(Math.max(4, flags.precision ?? 0), '0');
    const shown = flags.sharp && code <= 0x10ffffn && isPrintable(String.fromCodePoint(Number(code))) ? ` '${String.fromCodePoint(Number(code))}'` : '';
    return `U+${digits}${shown}`;
  }

  private readFlags(): void {
    for (;; this.at++) {
      switch (this.format[this.at]) {
        case '#': this.flags.sharp = true; break;
        case '0': this.flags.zero = true; break;
        case '+': this.flags.plus = true; break;
        case '-': this.flags.minus = true; break;
        case ' ': this.flags.space = true; break;
        default: return;
      }
    }
  }

  /** An explicit argument number, `[1]`. */
  private readIndex(before: boolean): boolean {
    if (this.format[this.at] !== '[') return before;
    this.reordered = true;
    const close = this.format.indexOf(']', this.at);
    if (close < 0) {
      this.goodIndex = false;
      this.at++;
      return before;
    }
    const number = this.format.slice(this.at + 1, close);
    this.at = close + 1;
    if (!/^[0-9]+$/.test(number) || Number(number) < 1 || Number(number) > 1) {
      this.goodIndex = false;
      return false;
    }
    this.argument = Number(number) - 1;
    return true;
  }

  private readNumber(): number | undefined {
    const digits = /^[0-9]+/.exec(this.format.slice(this.at, this.at + 20))?.[0];
    if (digits === undefined) return undefined;
    const number = Number(digits);
    if (number > MAX_WIDTH) return undefined;
    this.at += digits.length;
    return number;
  }

  private starArgument(): number | undefined {
    if (this.argument >= 1) return undefined;
    this.argument++;
    const number = Number(this.value);
    return Math.abs(number) > MAX_WIDTH ? undefined : number;
  }
}

function noFlags(): Flags {
  return { plus: false, minus: false, sharp: false, space: false, zero: false, width: undefined, precision: undefined };
}

function pad(text: string, flags: Flags): string {
  const missing = (flags.width ?? 0) - Array.from(text).length;
  if (missing <= 0) return text;
  if (flags.minus) return text + ' '.repeat(missing);
  return (flags.zero ? '0' : ' ').repeat(missing) + text;
}

function basePrefix(digits: string, base: number, verb: string, sharp: boolean): string {
  if (verb === 'O') return sharp && !digits.startsWith('0') ? '0o0' : '0o';
  if (!sharp) return '';
  if (base === 16) return HEX.has(verb) ? `0${verb}` : '';
  return base === 2 ? '0b' : base === 8 && !digits.startsWith('0') ? '0' : '';
}

function truncate(text: string, precision: number | undefined): string {
  return precision === undefined ? text : text.slice(0, precision);
}
