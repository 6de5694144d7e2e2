/** The language service: one open text and what is around it, asked by offsets. Holds what was read until the text changes. */
import type { TemplateGetter } from '../../../engine/spec/validate.ts';
import { readManifests } from '../../../engine/spec/read.ts';
import { applyEdits } from '../edit.ts';
import type { TextEdit } from '../edit.ts';
import { complete, signatureAt } from './completion.ts';
import type { Completion, Signature } from './completion.ts';
import { hoverAt } from './hover.ts';
import type { Hover } from './hover.ts';
import { readFile } from './names.ts';
import type { NamedFile, TextFile, Workspace } from './names.ts';
import { definitionsAt, highlightsAt, referencesAt, renameableAt, renameAt } from './navigate.ts';
import type { FileEdits, Location } from './navigate.ts';
import { foldsOf, outlineOf, trailAt } from './outline.ts';
import type { OutlineItem } from './outline.ts';
import { editsOfFix, fixAll, problemsOf } from './problems.ts';
import type { Fix, Problem } from './problems.ts';

/** What can be asked: by name, with the answer's type. Offsets are UTF-16 units of the open text. */
export interface LanguageQueries {
  complete: (offset: number) => Completion[];
  signature: (offset: number) => Signature | undefined;
  hover: (offset: number) => Hover | undefined;
  definitions: (offset: number) => Location[];
  references: (offset: number) => Location[];
  highlights: (offset: number) => Location[];
  renameable: (offset: number) => { start: number; end: number; name: string } | undefined;
  rename: (offset: number, to: string) => FileEdits[] | { refused: string };
  outline: () => OutlineItem[];
  trail: (offset: number) => OutlineItem[];
  folds: () => { start: number; end: number }[];
  problems: () => Problem[];
  fix: (fix: Fix) => TextEdit[] | { refused: string };
  fixAll: () => TextEdit[];
}

export class LanguageService implements LanguageQueries {
  private file = '';
  private text = '';
  private others: readonly NamedFile[] = [];
  private read: NamedFile | undefined;
  private getter: TemplateGetter | undefined;

  /** Another text is open. */
  open(file: string, text: string): void {
    this.file = file;
    this.text = text;
    this.read = undefined;
  }

  /** The text has changed: edits of the text as it was. */
  change(edits: readonly TextEdit[]): void {
    this.text = applyEdits(this.text, edits);
    this.read = undefined;
  }

  /** The other files of the folder, and objects of the cluster as texts. */
  surround(files: readonly TextFile[]): void {
    this.others = files.map(readFile);
    this.getter = files.length > 0 ? getterOf(files) : undefined;
  }

  private get workspace(): Workspace {
    this.read ??= readFile({ file: this.file, text: this.text });
    return { main: this.read, others: this.others };
  }

  complete(offset: number): Completion[] {
    return complete(this.text, offset, this.others, this.file);
  }

  signature(offset: number): Signature | undefined {
    return signatureAt(this.text, offset);
  }

  hover(offset: number): Hover | undefined {
    return hoverAt(this.workspace, offset);
  }

  definitions(offset: number): Location[] {
    return definitionsAt(this.workspace, offset);
  }

  references(offset: number): Location[] {
    return referencesAt(this.workspace, offset);
  }

  highlights(offset: number): Location[] {
    return highlightsAt(this.workspace, offset);
  }

  renameable(offset: number): { start: number; end: number; name: string } | undefined {
    return renameableAt(this.workspace, offset);
  }

  rename(offset: number, to: string): FileEdits[] | { refused: string } {
    return renameAt(this.workspace, offset, to);
  }

  outline(): OutlineItem[] {
    return outlineOf(this.workspace.main.tree);
  }

  trail(offset: number): OutlineItem[] {
    return trailAt(this.outline(), offset).map((item) => ({ ...item, children: [] }));
  }

  folds(): { start: number; end: number }[] {
    return foldsOf(this.workspace.main.tree);
  }

  problems(): Problem[] {
    return problemsOf(this.workspace, this.getter ? { templates: this.getter } : {});
  }

  fix(fix: Fix): TextEdit[] | { refused: string } {
    return editsOfFix(this.text, fix);
  }

  fixAll(): TextEdit[] {
    return fixAll(this.workspace);
  }
}

/** Templates of the folder and the cluster for the validator; what is not among them may still be in a cluster. */
function getterOf(files: readonly TextFile[]): TemplateGetter {
  const stored = files.flatMap(({ text }) => readManifests(text).manifests).flatMap((manifest) => (manifest.kind === 'WorkflowTemplate' || manifest.kind === 'ClusterWorkflowTemplate' ? [manifest] : []));
  return (name, clusterScope) => stored.find(({ kind, object }) => kind === (clusterScope ? 'ClusterWorkflowTemplate' : 'WorkflowTemplate') && object.metadata.name === name)?.object ?? 'unknown';
}
