/** Monaco's questions passed on to the language worker, and its answers put in Monaco's words. */
import type { TextEdit } from '../document/edit.ts';
import type { Completion, CompletionKind } from '../document/language/completion.ts';
import type { Location } from '../document/language/navigate.ts';
import type { OutlineItem } from '../document/language/outline.ts';
import type { Fix } from '../document/language/problems.ts';
import { ask, changeText, openText, otherFiles, textAround, useProblems } from './language.ts';
import { monaco } from './monaco.ts';

type Model = monaco.editor.ITextModel;

let attached: { model: Model; file: string } | undefined;

/** Makes the language service follow a model. @returns what ends that */
export function attachLanguage(model: Model, file: string): monaco.IDisposable {
  register();
  attached = { model, file };
  openText(file, model.getValue());
  const listening = model.onDidChangeContent((event) => {
    if (event.isFlush) openText(file, model.getValue());
    else changeText(event.changes.map(({ rangeOffset, rangeLength, text }) => ({ start: rangeOffset, end: rangeOffset + rangeLength, text })));
  });
  return {
    dispose: () => {
      listening.dispose();
      if (attached?.model === model) attached = undefined;
    },
  };
}

const { CompletionItemKind, CompletionItemInsertTextRule, SymbolKind, DocumentHighlightKind, IndentAction } = monaco.languages;

// Both rules at once: the enum counts in bits.
const SNIPPET = (CompletionItemInsertTextRule.InsertAsSnippet | CompletionItemInsertTextRule.KeepWhitespace) as monaco.languages.CompletionItemInsertTextRule;

const KINDS: Record<CompletionKind, monaco.languages.CompletionItemKind> = {
  field: CompletionItemKind.Property, value: CompletionItemKind.EnumMember, template: CompletionItemKind.Class, task: CompletionItemKind.Event, name: CompletionItemKind.Field,
  variable: CompletionItemKind.Variable, function: CompletionItemKind.Function, snippet: CompletionItemKind.Snippet,
};
const OUTLINE_KINDS: Record<OutlineItem['kind'], monaco.languages.SymbolKind> = { object: SymbolKind.File, template: SymbolKind.Class, call: SymbolKind.Event, parameter: SymbolKind.Variable, artifact: SymbolKind.File };

function rangeOf(model: Model, start: number, end: number): monaco.Range {
  return monaco.Range.fromPositions(model.getPositionAt(start), model.getPositionAt(end));
}

function editsOf(model: Model, edits: readonly TextEdit[]): monaco.languages.TextEdit[] {
  return edits.map(({ start, end, text }) => ({ range: rangeOf(model, start, end), text }));
}

function workspaceEdit(model: Model, edits: readonly TextEdit[]): monaco.languages.WorkspaceEdit {
  return { edits: editsOf(model, edits).map((textEdit) => ({ resource: model.uri, textEdit, versionId: model.getVersionId() })) };
}

/** @returns the model that the language service follows */
export function attachedModel(): Model | undefined {
  return attached?.model;
}

let registered = false;

function register(): void {
  if (registered) return;
  registered = true;
  monaco.languages.setLanguageConfiguration('yaml', CONFIGURATION);
  monaco.editor.registerEditorOpener(OPENER);
  monaco.languages.registerCompletionItemProvider('yaml', COMPLETION);
  monaco.languages.registerSignatureHelpProvider('yaml', SIGNATURES);
  monaco.languages.registerHoverProvider('yaml', HOVER);
  monaco.languages.registerDefinitionProvider('yaml', { provideDefinition: (model, position, token) => locations('definitions', model, position, token) });
  monaco.languages.registerReferenceProvider('yaml', { provideReferences: (model, position, _, token) => locations('references', model, position, token) });
  monaco.languages.registerDocumentHighlightProvider('yaml', HIGHLIGHTS);
  monaco.languages.registerRenameProvider('yaml', RENAME);
  monaco.languages.registerDocumentSymbolProvider('yaml', SYMBOLS);
  monaco.languages.registerFoldingRangeProvider('yaml', FOLDING);
  monaco.languages.registerCodeActionProvider('yaml', FIXES, { providedCodeActionKinds: ['quickfix', 'source.fixAll'] });
}

const CONFIGURATION: monaco.languages.LanguageConfiguration = {
  comments: { lineComment: '#' },
  brackets: [['{', '}'], ['[', ']'], ['(', ')']],
  autoClosingPairs: [{ open: '{', close: '}' }, { open: '[', close: ']' }, { open: '(', close: ')' }, { open: '"', close: '"', notIn: ['string', 'comment'] }, { open: "'", close: "'", notIn: ['string', 'comment'] }],
  surroundingPairs: [{ open: '{', close: '}' }, { open: '[', close: ']' }, { open: '(', close: ')' }, { open: '"', close: '"' }, { open: "'", close: "'" }],
  onEnterRules: [
    // What goes on below a key of a list's item stands under that key, two columns behind its dash.
    { beforeText: /^\s*-\s+[^\s#'"[{][^:#]*:\s*(?:[|>][-+\d]*\s*)?$/, action: { indentAction: IndentAction.None, appendText: '    ' } },
    { beforeText: /^\s*-\s+[^\s#'"[{-][^:#]*:\s+\S.*$/, action: { indentAction: IndentAction.None, appendText: '  ' } },
    { beforeText: /^\s*[^\s#-].*:\s*(?:[|>][-+\d]*\s*)?$/, action: { indentAction: IndentAction.Indent } },
  ],
};

const COMPLETION: monaco.languages.CompletionItemProvider = {
  triggerCharacters: [' ', '.', '{', '=', '[', "'", '"', '-', '('],
  provideCompletionItems: async (model, position, _, token) => {
    if (attached?.model !== model) return { suggestions: [] };
    const items = await ask('complete', [model.getOffsetAt(position)], token);
    return { suggestions: (items ?? []).map((item) => suggestionOf(model, item)) };
  },
};

function suggestionOf(model: Model, item: Completion): monaco.languages.CompletionItem {
  return {
    label: item.detail === undefined ? item.label : { label: item.label, description: item.detail }, kind: KINDS[item.kind], insertText: item.insert, range: rangeOf(model, item.start, item.end), filterText: item.insert.startsWith('{{') || item.kind === 'snippet' ? item.label : filterOf(item),
    insertTextRules: item.snippet ? SNIPPET : CompletionItemInsertTextRule.KeepWhitespace,
    sortText: String(item.order + 10_000).padStart(6, '0'), ...(item.about === undefined ? {} : { documentation: item.about }),
    ...(item.again ? { command: { id: 'editor.action.triggerSuggest', title: '' } } : {}), ...(item.also ? { additionalTextEdits: editsOf(model, item.also) } : {}),
  };
}

/** What the written part is compared with: a name in an expression in the form in which it stands there. */
function filterOf(item: Completion): string {
  return item.kind === 'variable' ? item.insert.replace(/\}\}.*$/, '') : item.label;
}

const SIGNATURES: monaco.languages.SignatureHelpProvider = {
  signatureHelpTriggerCharacters: ['(', ','],
  provideSignatureHelp: async (model, position, token) => {
    const found = attached?.model === model ? await ask('signature', [model.getOffsetAt(position)], token) : undefined;
    if (!found) return null;
    const parameters = (/\((.*)\)/.exec(found.signature)?.[1] ?? '').split(', ').filter((label) => label !== '').map((label) => ({ label }));
    return { value: { signatures: [{ label: found.signature, documentation: found.about, parameters }], activeSignature: 0, activeParameter: Math.min(found.argument, Math.max(0, parameters.length - 1)) }, dispose: () => undefined };
  },
};

const HOVER: monaco.languages.HoverProvider = {
  provideHover: async (model, position, token) => {
    const found = attached?.model === model ? await ask('hover', [model.getOffsetAt(position)], token) : undefined;
    return found ? { range: rangeOf(model, found.start, found.end), contents: [{ value: code(found.title) }, ...found.lines.map((line) => ({ value: plain(line) }))] } : null;
  },
};

function code(text: string): string {
  return `\`\`\`text\n${text.replaceAll('`', "'").slice(0, 300)}\n\`\`\``;
}

/** What a file says is no markdown. */
function plain(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|<>&~:/@]/g, '\\$&').replace(/\n/g, ' ');
}

const SCHEME = 'tiphys';

/** A model of another file, for what shows its lines; made anew when its text is another. */
function modelAround(file: string): Model | undefined {
  const text = textAround(file);
  if (text === undefined) return undefined;
  const uri = monaco.Uri.from({ scheme: SCHEME, path: `/${file}` });
  const known = monaco.editor.getModel(uri);
  if (known && known.getValue() !== text) known.setValue(text);
  return known ?? monaco.editor.createModel(text, 'yaml', uri);
}

/** Going to a place of another file opens that in the designer. */
const OPENER: monaco.editor.ICodeEditorOpener = {
  openCodeEditor: (_, resource, at) => {
    const other = resource.scheme === SCHEME ? monaco.editor.getModel(resource) : null;
    if (!other) return false;
    const position = at && 'startLineNumber' in at ? { lineNumber: at.startLineNumber, column: at.startColumn } : at;
    otherFiles()?.open(resource.path.slice(1), position ? other.getOffsetAt(position) : 0);
    return true;
  },
};

async function locations(query: 'definitions' | 'references', model: Model, position: monaco.Position, token: monaco.CancellationToken): Promise<monaco.languages.Location[]> {
  const found = attached?.model === model ? await ask(query, [model.getOffsetAt(position)], token) : undefined;
  return (found ?? []).flatMap((place) => {
    const other = place.file === attached?.file ? model : modelAround(place.file);
    return other ? [{ uri: other.uri, range: rangeOf(other, place.start, place.end) }] : [];
  });
}

const HIGHLIGHTS: monaco.languages.DocumentHighlightProvider = {
  provideDocumentHighlights: async (model, position, token) => {
    const found: Location[] | undefined = attached?.model === model ? await ask('highlights', [model.getOffsetAt(position)], token) : undefined;
    return (found ?? []).map(({ start, end, definition }) => ({ range: rangeOf(model, start, end), kind: definition ? DocumentHighlightKind.Write : DocumentHighlightKind.Read }));
  },
};

const RENAME: monaco.languages.RenameProvider = {
  resolveRenameLocation: async (model, position, token) => {
    const found = attached?.model === model ? await ask('renameable', [model.getOffsetAt(position)], token) : undefined;
    const here = monaco.Range.fromPositions(position);
    return found ? { range: rangeOf(model, found.start, found.end), text: found.name } : { range: here, text: '', rejectReason: 'There is no name here that can be changed.' };
  },
  provideRenameEdits: async (model, position, newName, token) => {
    const found = attached?.model === model ? await ask('rename', [model.getOffsetAt(position), newName], token) : undefined;
    if (!found) return { edits: [] };
    if ('refused' in found) return { edits: [], rejectReason: found.refused };
    if (found.some(({ file }) => file !== attached?.file)) {
      // Seen as a list before anything is written.
      const from = (await ask('renameable', [model.getOffsetAt(position)], token))?.name ?? '';
      otherFiles()?.rename(found, from, newName);
      return { edits: [] };
    }
    return workspaceEdit(model, found.flatMap(({ edits }) => edits));
  },
};

const SYMBOLS: monaco.languages.DocumentSymbolProvider = {
  provideDocumentSymbols: async (model, token) => {
    const items = attached?.model === model ? await ask('outline', [], token) : undefined;
    const symbol = (item: OutlineItem): monaco.languages.DocumentSymbol => ({
      name: item.name, detail: item.detail, kind: OUTLINE_KINDS[item.kind], tags: [], range: rangeOf(model, item.start, item.end), selectionRange: rangeOf(model, item.nameStart, item.nameEnd), children: item.children.map(symbol),
    });
    return (items ?? []).map(symbol);
  },
};

const FOLDING: monaco.languages.FoldingRangeProvider = {
  provideFoldingRanges: async (model, _, token) => {
    const folds = attached?.model === model ? await ask('folds', [], token) : undefined;
    return (folds ?? []).map(({ start, end }) => ({ start: model.getPositionAt(start).lineNumber, end: model.getPositionAt(end).lineNumber })).filter((fold) => fold.end > fold.start);
  },
};

interface FixAction extends monaco.languages.CodeAction {
  fix?: Fix;
}

const FIXES: monaco.languages.CodeActionProvider = {
  provideCodeActions: (model, range) => {
    if (attached?.model !== model) return { actions: [], dispose: () => undefined };
    const here = useProblems.getState().problems.filter((problem) => problem.fixes.length > 0 && monaco.Range.areIntersectingOrTouching(rangeOf(model, problem.range.start, problem.range.end), range));
    const actions: FixAction[] = here.flatMap((problem) => problem.fixes.map((fix, i) => ({ title: fix.title, kind: 'quickfix', isPreferred: i === 0 && problem.severity !== 'info', fix })));
    return { actions, dispose: () => undefined };
  },
  resolveCodeAction: async (action: FixAction, token) => {
    const edits = action.fix && attached ? await ask('fix', [action.fix], token) : undefined;
    return edits && !('refused' in edits) && attached ? { ...action, edit: workspaceEdit(attached.model, edits) } : action;
  },
};
