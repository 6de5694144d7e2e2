/** Commands done one after another as one change of the text. */
import type { Path } from '../../engine/spec/yaml.ts';
import type { Command, NewTask, TemplatePlace } from './command.ts';
import { run } from './commands.ts';
import type { Place } from './commands.ts';
import { trimEdits } from './edit.ts';
import type { TextEdit } from './edit.ts';
import { readSource } from './source.ts';
import type { Source } from './source.ts';

/** A task that waits for what the step before has added; in its texts `{{before.result}}` stands for what that printed. */
export interface Following extends TemplatePlace {
  type: 'follow';
  task: NewTask;
}

/** A command, or one that depends on where the one before it ended. */
export type Step = Command | Following;

export type Change =
  | { edits: readonly TextEdit[]; select: Place | undefined }
  | { refused: string; /** The same without asking about what others lose. */ force?: Command };

/** @returns the edits of the text that all steps come to, or why one of them cannot be done */
export function perform(text: string, steps: readonly Step[]): Change {
  let source = readSource(text);
  let edits: readonly TextEdit[] = [];
  let place: Place | undefined;
  for (const [i, step] of steps.entries()) {
    const command = step.type === 'follow' ? following(step, source, place) : step;
    const outcome = run(source, command);
    if ('refused' in outcome) return { refused: outcome.refused, ...('force' in command || command.type === 'deleteTasks' ? { force: { ...command, force: true } as Command } : {}) };
    // Edits of a later text are edits of the first one only as a whole.
    edits = i === 0 ? outcome.edits : trimEdits(text, [{ start: 0, end: text.length, text: outcome.source.text }]);
    source = outcome.source;
    place = outcome.select;
  }
  return { edits, select: place };
}

function following({ part, template, task }: Following, source: Source, before: Place | undefined): Command {
  const name = nameAt(source.parts[part]?.value, before?.path ?? []);
  const row = before?.path.at(-3) === 'steps' ? before.path.at(-2) : undefined;
  const made = JSON.parse(JSON.stringify(task).replaceAll('{{before.result}}', `{{${row === undefined ? 'tasks' : 'steps'}.${name}.outputs.result}}`)) as NewTask;
  return typeof row === 'number' ? { type: 'addStep', part, template, task: made, at: { newRow: row + 1 } } : { type: 'addTask', part, template, task: made, after: [name] };
}

function nameAt(value: unknown, path: Path): string {
  let at: unknown = value;
  for (const step of path) at = (at as Record<string | number, unknown> | undefined)?.[step];
  const name = (at as { name?: unknown } | undefined)?.name;
  return typeof name === 'string' ? name : '';
}
