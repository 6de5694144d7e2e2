/** The language service: one open text and what is around it, asked by offsets. Holds what was read until the text changes. */
import type { TemplateGetter } from '../../../engine/spec/validate.ts';
import { readManifests } from '../../../engine/spec/read.ts';
import type { WorkflowSpec } from '../../../engine/spec/types.ts';
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

/** A template that others can refer to, or another object of Argo's kinds without its spec. */
export interface StoredObject {
  kind: 'Workflow' | 'WorkflowTemplate' | 'ClusterWorkflowTemplate' | 'CronWorkflow';
  /** Its name, its generateName, or nothing. */
  name: string;
  spec?: WorkflowSpec;
}

/** How much is wrong with a text. */
export interface Verdict {
  errors: number;
  warnings: number;
}

interface Around {
  named: NamedFile;
  stored: readonly StoredObject[];
}

export class LanguageService implements LanguageQueries {
  private file = '';
  private text = '';
  private readonly around = new Map<string, Around>();
  private read: NamedFile | undefined;

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

  /** Takes in other files of the folder, and objects of the cluster as texts; the text of the open one is taken from where it is open. */
  surround(changed: readonly TextFile[], removed: readonly string[] = []): void {
    for (const file of removed) this.around.delete(file);
    for (const file of changed) this.around.set(file.file, { named: readFile(file), stored: storedIn(file.text) });
  }

  /** @returns the objects of a file around the open one */
  stored(file: string): readonly StoredObject[] {
    return this.around.get(file)?.stored ?? [];
  }

  /** Judges a file around the open one; undefined when it is the open one itself, or of the cluster. */
  judge(file: string): Verdict | undefined {
    const found = this.around.get(file);
    if (!found || found.named.cluster || file === this.file) return undefined;
    const { main } = this.workspace;
    const templates = this.getter(file);
    const problems = problemsOf({ main: found.named, others: [main, ...this.others(found.named)] }, templates ? { templates } : {});
    return { errors: problems.filter(({ severity }) => severity === 'error').length, warnings: problems.filter(({ severity }) => severity === 'warning').length };
  }

  private get workspace(): Workspace {
    this.read ??= readFile({ file: this.file, text: this.text });
    return { main: this.read, others: this.others(this.read) };
  }

  /** What stands around a file: those of the folder first, then what only the cluster has. */
  private others(main: NamedFile): NamedFile[] {
    const all = [...this.around.values()].map(({ named }) => named).filter(({ file }) => file !== main.file && file !== this.file);
    const here = all.filter(({ cluster }) => !cluster);
    const written = new Set([main, ...here].flatMap(({ objects }) => objects.map(idOf)));
    return [...here, ...all.filter(({ cluster, objects }) => cluster && objects.some((object) => !written.has(idOf(object))))];
  }

  /** Templates around a file for the validator; what is not among them may still be in a cluster. */
  private getter(file: string): TemplateGetter | undefined {
    const files = [...this.around.entries()].filter(([name]) => name !== file && name !== this.file).map(([, each]) => each);
    if (files.length === 0) return undefined;
    const ordered = [...files.filter(({ named }) => !named.cluster), ...files.filter(({ named }) => named.cluster)];
    const own = file === this.file ? [] : storedIn(this.text);
    return (name, clusterScope) => {
      const kind = clusterScope ? 'ClusterWorkflowTemplate' : 'WorkflowTemplate';
      for (const list of [own, ...ordered.map(({ stored }) => stored)]) {
        const found = list.find((each) => each.kind === kind && each.name === name);
        if (found?.spec) return { metadata: { name }, spec: found.spec };
      }
      return 'unknown';
    };
  }

  complete(offset: number): Completion[] {
    return complete(this.text, offset, this.workspace.others, this.file);
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
    const templates = this.getter(this.file);
    return problemsOf(this.workspace, templates ? { templates } : {});
  }

  fix(fix: Fix): TextEdit[] | { refused: string } {
    return editsOfFix(this.text, fix);
  }

  fixAll(): TextEdit[] {
    return fixAll(this.workspace);
  }
}

function idOf({ kind, name }: { kind: string; name: string }): string {
  return `${kind}/${name}`;
}

function storedIn(text: string): StoredObject[] {
  return readManifests(text).manifests.flatMap(({ kind, object }): StoredObject[] => {
    if (kind === 'other') return [];
    const name = object.metadata.name ?? object.metadata.generateName ?? '';
    return [kind === 'WorkflowTemplate' || kind === 'ClusterWorkflowTemplate' ? { kind, name, spec: object.spec } : { kind, name }];
  });
}
