/** What can be done to a document. Gestures of the canvas, fields of forms and quick fixes say it in these words. */
import type { TaskResult } from '../../engine/template/depends.ts';
import type { Path } from '../../engine/spec/yaml.ts';
import type { Json, TaskRef } from './draft.ts';

/** A template of one document of the file. */
export interface TemplatePlace {
  /** Index of the document in the file, among those with content. */
  part: number;
  /** Name of the template; of an inline one the way to it, as `main/fetch`. */
  template: string;
}

/** What a new task runs; its name is changed where it is taken. */
export interface NewTask {
  name: string;
  /** Name of a template of this document. */
  template?: string;
  templateRef?: { name: string; template: string; clusterScope?: boolean };
  inline?: Json;
  /** Written into the document with the task; its name is changed where it is taken. */
  newTemplate?: Json & { name: string };
  /** Any other fields: `when`, `arguments`, `withItems`… */
  fields?: Json;
}

/** A place for a step: in a row, or a row of its own that goes before `row`. */
export type StepPlace = readonly [row: number, column: number] | { newRow: number };

/** An output of a task, or the whole of what it printed. */
export interface OutputRef {
  task: string;
  kind: 'parameter' | 'artifact' | 'result';
  /** Not for `result`. */
  name?: string;
}

export type SymbolKind = 'parameter' | 'artifact';

export type Command =
  // Tasks and steps.
  | (TemplatePlace & { type: 'addTask'; task: NewTask; after?: readonly string[] })
  | (TemplatePlace & { type: 'addStep'; task: NewTask; at: StepPlace })
  | (TemplatePlace & { type: 'deleteTasks'; tasks: readonly TaskRef[]; /** Deletes even what others take outputs from. */ force?: boolean })
  | (TemplatePlace & { type: 'duplicateTasks'; tasks: readonly TaskRef[] })
  | (TemplatePlace & { type: 'pasteTasks'; text: string; at?: StepPlace })
  | (TemplatePlace & { type: 'moveStep'; from: readonly [row: number, column: number]; to: StepPlace })
  | (TemplatePlace & { type: 'insertBetween'; from: string; to: string; task: NewTask })
  // Edges of a dag.
  | (TemplatePlace & { type: 'connect'; from: string; to: string; result?: TaskResult })
  | (TemplatePlace & { type: 'disconnect'; from: string; to: string })
  | (TemplatePlace & { type: 'reconnect'; from: string; to: string; newFrom: string; newTo: string })
  | (TemplatePlace & { type: 'setCondition'; from: string; to: string; result: TaskResult | undefined })
  | (TemplatePlace & { type: 'useDepends' })
  | (TemplatePlace & { type: 'wireOutput'; from: OutputRef; to: { task: TaskRef; input: string } })
  // Fields.
  | { type: 'setField'; part: number; path: Path; value: unknown }
  /** The value as the person wrote it, comments and all; its lines as far to the left as they go. */
  | { type: 'setText'; part: number; path: Path; text: string }
  | { type: 'insertItem'; part: number; path: Path; index: number; value: unknown }
  | { type: 'moveItem'; part: number; path: Path; from: number; to: number }
  | (TemplatePlace & { type: 'addParameter'; direction: 'inputs' | 'outputs'; value: Json & { name: string } })
  | (TemplatePlace & { type: 'addArtifact'; direction: 'inputs' | 'outputs'; value: Json & { name: string } })
  // Names.
  | { type: 'renameTemplate'; part: number; from: string; to: string }
  | (TemplatePlace & { type: 'renameTask'; task: TaskRef; to: string })
  | (TemplatePlace & { type: 'renameInput'; kind: SymbolKind; from: string; to: string })
  | (TemplatePlace & { type: 'renameOutput'; kind: SymbolKind; from: string; to: string })
  | { type: 'renameArgument'; part: number; kind: SymbolKind; from: string; to: string }
  // Templates.
  | { type: 'addTemplate'; part: number; value: Json & { name: string }; index?: number }
  | { type: 'removeTemplate'; part: number; template: string; /** Removes it even when it is called. */ force?: boolean }
  | { type: 'duplicateTemplate'; part: number; template: string }
  | { type: 'setEntrypoint'; part: number; template: string }
  | (TemplatePlace & { type: 'extractTemplate'; tasks: readonly TaskRef[]; name: string })
  | (TemplatePlace & { type: 'inlineTemplate'; task: TaskRef })
  | (TemplatePlace & { type: 'spliceTask'; task: TaskRef })
  | (TemplatePlace & { type: 'convertTo'; grammar: 'dag' | 'steps' });

/** The command of one type. */
export type CommandOf<T extends Command['type']> = Extract<Command, { type: T }>;
