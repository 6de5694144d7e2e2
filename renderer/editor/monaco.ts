/** Monaco as this app uses it: the editor, YAML colours, and one worker file of its own. */
import * as monaco from 'monaco-editor/editor/editor.api';
import 'monaco-editor/features/bracketMatching/register';
import 'monaco-editor/features/caretOperations/register';
import 'monaco-editor/features/clipboard/register';
import 'monaco-editor/features/codicon/register';
import 'monaco-editor/features/comment/register';
import 'monaco-editor/features/cursorUndo/register';
import 'monaco-editor/features/find/register';
import 'monaco-editor/features/folding/register';
import 'monaco-editor/features/gotoError/register';
import 'monaco-editor/features/hover/register';
import 'monaco-editor/features/indentation/register';
import 'monaco-editor/features/lineSelection/register';
import 'monaco-editor/features/linesOperations/register';
import 'monaco-editor/features/multicursor/register';
import 'monaco-editor/features/smartSelect/register';
import 'monaco-editor/features/wordHighlighter/register';
import 'monaco-editor/features/wordOperations/register';
import 'monaco-editor/languages/definitions/yaml/register';

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
      { token: '', foreground: bare('ink') }, { token: 'type.yaml', foreground: bare('accent-text') }, { token: 'string.yaml', foreground: bare('ok') }, { token: 'number.yaml', foreground: bare('ansi-magenta') },
      { token: 'keyword.yaml', foreground: bare('ansi-magenta') }, { token: 'comment.yaml', foreground: bare('soft') }, { token: 'operators.yaml', foreground: bare('soft') }, { token: 'delimiter', foreground: bare('soft') },
    ],
    colors: {
      'editor.background': color('panel'), 'editor.foreground': color('ink'), 'editorLineNumber.foreground': color('soft'), 'editorLineNumber.activeForeground': color('ink'), 'editor.lineHighlightBackground': color('hover'), 'editor.lineHighlightBorder': color('hover'),
      'editorIndentGuide.background1': color('line'), 'editorGutter.background': color('panel'), 'editorWidget.background': color('panel'), 'editorWidget.border': color('line'), 'editorError.foreground': color('failed'), 'editorWarning.foreground': color('wait'),
      'focusBorder': color('accent'), 'editorHoverWidget.background': color('panel'), 'editorHoverWidget.border': color('line'), 'scrollbarSlider.background': `${color('line-strong')}66`,
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

export const EDITOR_OPTIONS: monaco.editor.IStandaloneEditorConstructionOptions = {
  language: 'yaml', automaticLayout: true, renderFinalNewline: 'on', minimap: { enabled: false }, fontFamily: '"JetBrains Mono Variable", monospace', fontSize: 12.5, lineHeight: 20, fontLigatures: false, scrollBeyondLastLine: false,
  renderLineHighlight: 'line', tabSize: 2, insertSpaces: true, detectIndentation: false, overviewRulerLanes: 2, overviewRulerBorder: false, hideCursorInOverviewRuler: true, padding: { top: 8, bottom: 8 }, lineNumbersMinChars: 4, lineDecorationsWidth: 8, folding: true, showFoldingControls: 'mouseover',
  wordBasedSuggestions: 'off', quickSuggestions: false, unicodeHighlight: { ambiguousCharacters: false }, largeFileOptimizations: true, contextmenu: false, stickyScroll: { enabled: false }, fixedOverflowWidgets: true, scrollbar: { useShadows: false, verticalScrollbarSize: 10, horizontalScrollbarSize: 10 },
};

export { monaco };
