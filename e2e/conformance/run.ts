/** Plays every case of a folder and says what differs first. */
import { loadComparison, readCases, type Case, type Comparison } from './cases.ts';
import { exceptions, missingFeature } from './features.ts';
import { playDirectly, type Player } from './play.ts';
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

export async function runCases(directory: string, filter: Filter, player: Player = playDirectly): Promise<CaseResult[]> {
  const comparison = await loadComparison(directory);
  return readCases(directory).filter(({ file, id }) => isWanted(filter, file, id)).map((played) => judge(played, comparison, player));
}

/** A case that is skipped or excepted must differ: one that passes means that the reason is gone. */
function judge(played: Case, comparison: Comparison, player: Player): CaseResult {
  const { id, file } = played;
  const difference = attempt(() => firstDifference(played, comparison, player));
  const excuse = exceptions.cases[id] ?? missingFeature(played);
  if (excuse === undefined) return difference === undefined ? { id, file, result: 'passed' } : { id, file, result: 'failed', difference };
  if (difference !== undefined) return { id, file, result: 'skipped', difference: excuse };
  return exceptions.cases[id] === undefined ? { id, file, result: 'passed' } : { id, file, result: 'failed', difference: `passes, though excepted: ${excuse}` };
}

function attempt(act: () => string | undefined): string | undefined {
  try {
    return act();
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 4).join(' ') : String(error);
  }
}

function firstDifference(played: Case, comparison: Comparison, player: Player): string | undefined {
  if (played.then) return playFollowups(played, comparison);
  const { workflow, pods } = player(played);
  return comparison.differences(played.expect, comparison.normaliseStatus(workflow))[0] ?? podDifference(played.pods, pods, comparison);
}
