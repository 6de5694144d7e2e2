import { parseStringToDuration } from '../template/durations.ts';
import { parseDuration } from '../template/go.ts';

/** Milliseconds as RFC 3339 in UTC with whole seconds. */
export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** RFC 3339 as milliseconds; 0 for none. */
export function milliseconds(time: string | null | undefined): number {
  return time ? Date.parse(time) : 0;
}

/** A duration in Go's form alone (`1m30s`, no bare number), in milliseconds. Throws for text that is none. */
export function goDurationOf(text: string): number {
  return Number(parseDuration(text) / 1000n) / 1000;
}

/** A duration as Argo's fields write it (`90`, `1m30s`), in milliseconds. Throws for text that is none. */
export function durationOf(text: string): number {
  return Number(parseStringToDuration(text) / 1000n) / 1000;
}
