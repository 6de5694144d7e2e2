/** Monaco as this app uses it: the editor, YAML colours, and one worker file of its own. */
import * as monaco from 'monaco-editor/editor/editor.api';
// The package gives these two no feature of their own.
import 'monaco-editor/editor/contrib/gotoSymbol/browser/goToCommands';
import 'monaco-editor/editor/contrib/suggest/browser/suggestController';
import 'monaco-editor/features/bracketMatching/register';
import 'monaco-editor/features/caretOperations/register';
import 'monaco-editor/features/clipboard/register';
import 'monaco-editor/features/codeAction/register';
import 'monaco-editor/features/codicon/register';
import 'monaco-editor/features/comment/register';
import 'monaco-editor/features/cursorUndo/register';
import 'monaco-editor/features/diffEditor/register';
import 'monaco-editor/features/documentSymbols/register';
import 'monaco-editor/features/find/register';
import 'monaco-editor/features/folding/register';
import 'monaco-editor/features/gotoError/register';
import 'monaco-editor/features/gotoSymbol/register';
import 'monaco-editor/features/hover/register';
import 'monaco-editor/features/indentation/register';
import 'monaco-editor/features/lineSelection/register';
import 'monaco-editor/features/linesOperations/register';
import 'monaco-editor/features/multicursor/register';
import 'monaco-editor/features/parameterHints/register';
import 'monaco-editor/features/quickOutline/register';
import 'monaco-editor/features/referenceSearch/register';
import 'monaco-editor/features/rename/register';
import 'monaco-editor/features/smartSelect/register';
import 'monaco-editor/features/snippet/register';
import 'monaco-editor/features/wordHighlighter/register';
import 'monaco-editor/features/wordOperations/register';
import { YAML_TOKENS } from './yaml-tokens.ts';

monaco.languages.register({ id: 'yaml', extensions: ['.yaml', '.yml'], aliases: ['YAML'] });
monaco.languages.setTokensProvider('yaml', YAML_TOKENS);

self.MonacoEnvironment = { getWorker: () => new Worker('/workers/editor.worker.js', { type: 'module', name: 'editor' }) };

/** Colours come from the tokens, so that the editor and the rest are one window. */
function defineThemes(): string {
  const theme = document.documentElement.dataset.theme ?? 'light';
  const style = getComputedStyle(document.documentElement);
  const color = (name: string): string => {
    const value = style.getPropertyValue(`--${name}`).trim();
    return /^#[0-9a-f]{3}$/i.test(value) ? value.replace(/[0-9a-f]/gi, '$&$&') : value;
  };
  const bare = (name: string): string => color(name).slice(1);
  monaco.editor.defineTheme(`tiphys-${theme}`, {
    base: theme === 'light' ? 'vs' : theme === 'contrast' ? 'hc-black' : 'vs-dark', inherit: true,
    rules: [
      { token: '', foreground: bare('ink') }, { token: 'type', foreground: bare('accent-text') }, { token: 'string', foreground: bare('code-string') }, { token: 'number', foreground: bare('ansi-magenta') }, { token: 'variable', foreground: bare('wait') },
      { token: 'keyword', foreground: bare('ansi-magenta') }, { token: 'comment', foreground: bare('soft') }, { token: 'namespace', foreground: bare('ansi-cyan') }, { token: 'delimiter', foreground: bare('soft') },
    ],
    colors: {
      'editor.background': color('panel'), 'editor.foreground': color('ink'), 'editorLineNumber.foreground': color('soft'), 'editorLineNumber.activeForeground': color('ink'), 'editor.lineHighlightBackground': color('hover'), 'editor.lineHighlightBorder': color('hover'),
      'editorIndentGuide.background1': color('line'), 'editorGutter.background': color('panel'), 'editorWidget.background': color('panel'), 'editorWidget.border': color('line'), 'editorError.foreground': color('failed'), 'editorWarning.foreground': color('wait'),
      'focusBorder': color('accent'), 'editorHoverWidget.background': color('raise'), 'editorHoverWidget.border': color('line-strong'), 'editorHoverWidget.foreground': color('ink'),
      'editorInfo.foreground': color('running'), 'editorSuggestWidget.background': color('raise'), 'editorSuggestWidget.border': color('line-strong'), 'editorSuggestWidget.foreground': color('ink'), 'editorSuggestWidget.selectedBackground': color('accent-bg'),
      'editorSuggestWidget.selectedForeground': color('ink'), 'editorSuggestWidget.highlightForeground': color('accent-text'), 'editorSuggestWidget.focusHighlightForeground': color('accent-text'), 'list.focusBackground': color('accent-bg'), 'list.focusForeground': color('ink'),
      'list.hoverBackground': color('hover'), 'list.highlightForeground': color('accent-text'), 'input.background': color('panel'), 'input.foreground': color('ink'), 'input.border': color('line-strong'), 'editorLightBulb.foreground': color('wait'), 'editorLightBulbAutoFix.foreground': color('accent'),
      'editor.wordHighlightBackground': `${color('accent')}26`, 'editor.wordHighlightStrongBackground': `${color('accent')}40`, 'editor.findMatchBackground': `${color('wait')}66`, 'editor.findMatchHighlightBackground': `${color('wait')}33`,
      'diffEditor.insertedLineBackground': `${color('ok')}1c`, 'diffEditor.removedLineBackground': `${color('failed')}1c`, 'diffEditor.insertedTextBackground': `${color('ok')}33`, 'diffEditor.removedTextBackground': `${color('failed')}33`, 'diffEditor.diagonalFill': color('line'),
      'menu.background': color('raise'), 'menu.foreground': color('ink'), 'menu.selectionBackground': color('accent-bg'), 'menu.selectionForeground': color('ink'), 'widget.shadow': '#00000033', 'peekViewEditor.background': color('panel'), 'peekViewResult.background': color('bg'), 'peekViewTitle.background': color('raise'), 'peekView.border': color('accent'), 'scrollbarSlider.background': `${color('line-strong')}66`,
    },
  });
  return `tiphys-${theme}`;
}

let watching = false;

/** Makes the editors follow the theme of the window. */
export function followTheme(): void {
  monaco.editor.setTheme(defineThemes());
  if (watching) return;
  watching = true;
  new MutationObserver(() => { monaco.editor.setTheme(defineThemes()); }).observe(document.documentElement, { attributeFilter: ['data-theme'] });
}

// editContext: with it the editor is no text field to whoever listens to keys, and the canvas takes its spaces.
export const EDITOR_OPTIONS: monaco.editor.IStandaloneEditorConstructionOptions = {
  language: 'yaml', automaticLayout: true, editContext: false, renderFinalNewline: 'on', minimap: { enabled: false }, fontFamily: '"JetBrains Mono Variable", monospace', fontSize: 12.5, lineHeight: 20, fontLigatures: false, scrollBeyondLastLine: false,
  renderLineHighlight: 'line', tabSize: 2, insertSpaces: true, detectIndentation: false, overviewRulerLanes: 2, overviewRulerBorder: false, hideCursorInOverviewRuler: true, padding: { top: 8, bottom: 8 }, lineNumbersMinChars: 4, lineDecorationsWidth: 8, folding: true, showFoldingControls: 'mouseover',
  wordBasedSuggestions: 'off', quickSuggestions: { other: true, comments: false, strings: true }, quickSuggestionsDelay: 40, suggest: { showWords: false, snippetsPreventQuickSuggestions: false, showStatusBar: false }, suggestSelection: 'first', acceptSuggestionOnEnter: 'on', tabCompletion: 'on', occurrencesHighlight: 'singleFile', codeLens: false, unicodeHighlight: { ambiguousCharacters: false }, largeFileOptimizations: true, contextmenu: false, stickyScroll: { enabled: false }, fixedOverflowWidgets: true, scrollbar: { useShadows: false, verticalScrollbarSize: 10, horizontalScrollbarSize: 10 },
};

export { monaco };
