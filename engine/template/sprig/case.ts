import { toLower, toUpper } from '../go.ts';

type Kind = 'connector' | 'upper' | 'letters' | 'number' | 'punctuation' | 'other' | 'end';

interface Word {
  kind: Kind;
  text: string;
}

const END: Word = { kind: 'end', text: '' };
const isConnector = (c: string): boolean => /^[-_]$|^\p{White_Space}$/u.test(c);
const isUpper = (c: string): boolean => /^\p{Lu}$/u.test(c);
/** Letters of scripts that have words; Chinese, Japanese and Korean characters stand for themselves. */
const isLetter = (c: string): boolean => /^\p{L}$/u.test(c) && !/^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]$/u.test(c);
const isNumber = (c: string): boolean => /^\p{N}$/u.test(c);
const isPunctuation = (c: string): boolean => /^\p{P}$/u.test(c) && !isConnector(c);

/** Takes words off a text: `HTTPServer2` is HTTP, Server, 2. */
class Words {
  private readonly points: readonly string[];
  private at = 0;

  constructor(value: string) {
    this.points = Array.from(value);
  }

  isEmpty(): boolean {
    return this.at >= this.points.length;
  }

  private while(test: (c: string) => boolean, from: number): number {
    let to = from;
    while (to < this.points.length && test(this.points[to] ?? '')) to++;
    return to;
  }

  next(): Word {
    const first = this.points[this.at];
    if (first === undefined) return END;
    const [kind, to] = this.measure(first);
    const text = this.points.slice(this.at, to).join('');
    this.at = to;
    return { kind, text };
  }

  private measure(first: string): [Kind, number] {
    const next = this.at + 1;
    if (isConnector(first)) return ['connector', this.while(isConnector, next)];
    if (isPunctuation(first)) return ['punctuation', this.while(isPunctuation, next)];
    if (isUpper(first)) return ['upper', this.upperWord(next)];
    if (isLetter(first)) return ['letters', this.while((c) => isLetter(c) && !isUpper(c), next)];
    if (isNumber(first)) return ['number', this.while(isNumber, next)];
    return ['other', this.while((c) => !isConnector(c) && !isPunctuation(c) && !isLetter(c) && !isNumber(c), next)];
  }

  /** The last capital of a run belongs to the word that follows it. */
  private upperWord(next: number): number {
    const second = this.points[next];
    if (second === undefined) return next;
    if (!isUpper(second)) return this.while((c) => isLetter(c) && !isUpper(c), next);
    const end = this.while(isUpper, next);
    return end < this.points.length && isLetter(this.points[end] ?? '') ? end - 1 : end;
  }
}

function lowered({ kind, text }: Word, connector: string): string {
  if (kind === 'upper') return toLower(text);
  return kind === 'connector' ? connector.repeat(Array.from(text).length) : text;
}

const breaks = (word: Word): boolean => word.kind !== 'end' && word.kind !== 'connector' && word.kind !== 'punctuation';
const runsOn = (word: Word): boolean => word.kind === 'letters' || word.kind === 'number';

/** @returns the words of a text in lower case with the connector between them: snake_case, kebab-case */
export function wordsJoined(value: string, connector: string): string {
  const words = new Words(value);
  let out = '';
  let word = words.next();
  /** Writes words as long as letters and digits follow one another without a capital. */
  const runOn = (): void => {
    while (runsOn(word)) {
      out += word.text;
      word = words.next();
    }
    if (breaks(word)) out += connector;
  };
  while (word.kind !== 'end' && !words.isEmpty()) {
    out += lowered(word, connector);
    const before = word.kind;
    word = words.next();
    if (before === 'connector' || before === 'punctuation') continue;
    if (before === 'number') {
      runOn();
      continue;
    }
    if (word.kind !== 'number') {
      if (breaks(word)) out += connector;
      continue;
    }
    if (words.isEmpty()) continue;
    // Digits belong to the word before them, unless lower case letters follow.
    const digits = word;
    word = words.next();
    if (word.kind === 'letters') {
      out += connector + digits.text;
      runOn();
    } else {
      out += digits.text;
      if (breaks(word)) out += connector;
    }
  }
  return out + lowered(word, connector);
}

/** @returns the words of a text run together, each with a capital: PascalCase. Connectors before the first word stay. */
export function pascalCase(value: string): string {
  const points = Array.from(value);
  let start = 0;
  while (start < points.length && isConnector(points[start] ?? '')) start++;
  let out = points.slice(0, start).join('');
  let begins = true;
  let capitals = false;
  for (let i = start; i < points.length; i++) {
    const c = points[i] ?? '';
    if (isConnector(c)) {
      // Of several connectors in a row, and of those at the end, all but one stay.
      if (isConnector(points[i + 1] ?? '') || i === points.length - 1) out += c;
      begins = true;
      continue;
    }
    if (begins) {
      capitals = isUpper(c);
      out += toUpper(c);
    } else if (capitals && isUpper(c)) out += toLower(c);
    else {
      capitals = false;
      out += c;
    }
    begins = false;
  }
  return out;
}
