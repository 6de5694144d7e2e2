/** Plays every case of a folder and says what differs first. */
import { loadComparison, readCases, type Case, type Comparison } from './cases.ts';
import { exceptions } from './features.ts';
import type { Player } from './play.ts';
import { playFollowups } from './followups.ts';
import { podDifference } from './pods.ts';

export interface CaseResult {
  id: string;
  file: string;
  result: 'passed' | 'failed' | 'skipped';
  /** The first difference, or why it was skipped. */
  difference?: string;
}

export interface Filter {
  /** Ids; with a trailing `*` their beginnings. None: all. */
  only: readonly string[];
  files: readonly string[];
}

export function isWanted(filter: Filter, file: string, id: string): boolean {
  const matches = (pattern: string): boolean => (pattern.endsWith('*') ? id.startsWith(pattern.slice(0, -1)) : pattern === id);
  return (filter.files.length === 0 || filter.files.includes(file)) && (filter.only.length === 0 || filter.only.some(matches));
}

/** @param excused reasons by case that hold for this player only, beside those that hold for all */
export async function runCases(directory: string, filter: Filter, player: Player, excused: Readonly<Record<string, string>> = {}): Promise<CaseResult[]> {
  const reasons = { ...exceptions.cases, ...excused };
  const comparison = await loadComparison(directory);
  const results: CaseResult[] = [];
  for (const played of readCases(directory)) if (isWanted(filter, played.file, played.id)) results.push(await judge(played, comparison, player, reasons[played.id]));
  return results;
}

/** A case that is skipped or excepted must differ: one that passes means that the reason is gone. */
async function judge(played: Case, comparison: Comparison, player: Player, reason: string | undefined): Promise<CaseResult> {
  const { id, file } = played;
  const difference = await attempt(() => firstDifference(played, comparison, player));
  if (reason === undefined) return difference === undefined ? { id, file, result: 'passed' } : { id, file, result: 'failed', difference };
  if (difference !== undefined) return { id, file, result: 'skipped', difference: reason };
  return { id, file, result: 'failed', difference: `passes, though excepted: ${reason}` };
}

async function attempt(act: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await act();
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 4).join(' ') : String(error);
  }
}

async function firstDifference(played: Case, comparison: Comparison, player: Player): Promise<string | undefined> {
  const session = await player(played);
  try {
    if (played.then) return await playFollowups(session, played, comparison);
    await session.play(played);
    return comparison.differences(played.expect, comparison.normaliseStatus(session.workflow))[0] ?? podDifference(played, session, comparison);
  } finally {
    await session.close();
  }
}
