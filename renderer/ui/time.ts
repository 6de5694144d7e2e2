/** Times as the window shows them: short, with the exact one on hover. Input is RFC 3339. */

/** @returns `4 m`, `1 h 5 m`, `14 s`, `2 d`; at most two units */
export function shortDuration(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s} s`;
  const m = Math.floor(s / 60);
  if (m < 10 && s % 60) return `${m} m ${s % 60} s`;
  if (m < 60) return `${m} m`;
  const h = Math.floor(m / 60);
  if (h < 24) return m % 60 ? `${h} h ${m % 60} m` : `${h} h`;
  const d = Math.floor(h / 24);
  return h % 24 && d < 3 ? `${d} d ${h % 24} h` : `${d} d`;
}

/** @returns how long between two times, up to `now` when it has not ended; undefined when it has not begun */
export function between(from: string | null | undefined, to: string | null | undefined, now: number): string | undefined {
  if (!from) return undefined;
  const end = to ? Date.parse(to) : now;
  const ms = end - Date.parse(from);
  return Number.isFinite(ms) ? shortDuration(ms) : undefined;
}

/** @returns `4 m`, `3 h`, `yesterday`, `12 Nov`: the age of a time in one word */
export function age(time: string | null | undefined, now: number): string {
  if (!time) return '';
  const at = Date.parse(time);
  const ms = now - at;
  if (!Number.isFinite(ms)) return '';
  if (ms < 60_000) return `${Math.max(0, Math.floor(ms / 1000))} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} m`;
  const day = (t: number): number => { const d = new Date(t); return Math.floor((t - d.getTimezoneOffset() * 60_000) / 86_400_000); };
  const days = day(now) - day(at);
  if (days === 0 || ms < 6 * 3_600_000) return `${Math.floor(ms / 3_600_000)} h`;
  if (days === 1) return 'yesterday';
  if (days < 7) return `${days} d`;
  return new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
}

/** @returns the time of day, with the date when it is not today */
export function clock(time: string | null | undefined, now: number): string {
  if (!time) return '';
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return '';
  const hours = at.toLocaleTimeString('en-GB');
  return at.toDateString() === new Date(now).toDateString() ? hours : `${at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })} ${hours}`;
}

/** @returns the exact time, for a tooltip */
export function exact(time: string | null | undefined): string {
  if (!time) return '';
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? '' : `${at.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })} (${time})`;
}
