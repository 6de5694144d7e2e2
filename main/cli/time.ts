/** Times and durations as the terminal shows them. */

/** @returns `5s`, `2m10s`, `3h5m`, `2d4h` */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return join(minutes, 'm', seconds % 60, 's');
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? join(hours, 'h', minutes % 60, 'm') : join(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function join(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small ? `${large}${largeUnit}${small}${smallUnit}` : `${large}${largeUnit}`;
}

/** @returns how long something took or has taken so far; empty when it has not begun */
export function span(startedAt: string | null | undefined, finishedAt: string | null | undefined, now: number): string {
  const start = Date.parse(startedAt ?? '');
  if (Number.isNaN(start)) return '';
  const end = Date.parse(finishedAt ?? '');
  return duration((Number.isNaN(end) ? now : end) - start);
}

/** @returns `2026-11-23 06:50:00 UTC (2m ago)` */
export function moment(time: string | null | undefined, now: number): string {
  const ms = Date.parse(time ?? '');
  if (Number.isNaN(ms)) return '';
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC (${duration(now - ms)} ago)`;
}
