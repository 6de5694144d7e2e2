/** The app's commands: one list for the native menu, the palette, the shortcuts and the help. The window carries them out. */

export interface Command {
  id: string;
  label: string;
  menu: 'file' | 'edit' | 'view' | 'run' | 'go' | 'help';
  /** In Electron's notation; `CmdOrCtrl` is ⌘ on macOS and Ctrl elsewhere. */
  accelerator?: string;
}

export const COMMANDS = [
  { id: 'file.new', label: 'New workflow', menu: 'file', accelerator: 'CmdOrCtrl+N' },
  { id: 'file.open', label: 'Open…', menu: 'file', accelerator: 'CmdOrCtrl+O' },
  { id: 'file.save', label: 'Save', menu: 'file', accelerator: 'CmdOrCtrl+S' },
  { id: 'file.saveAs', label: 'Save as…', menu: 'file', accelerator: 'CmdOrCtrl+Shift+S' },
  { id: 'app.settings', label: 'Settings', menu: 'file', accelerator: 'CmdOrCtrl+,' },
  { id: 'edit.find', label: 'Find', menu: 'edit', accelerator: 'CmdOrCtrl+F' },
  { id: 'run.submit', label: 'Run…', menu: 'run', accelerator: 'CmdOrCtrl+Enter' },
  { id: 'run.stop', label: 'Stop', menu: 'run' },
  { id: 'run.terminate', label: 'Terminate', menu: 'run' },
  { id: 'run.suspend', label: 'Suspend', menu: 'run' },
  { id: 'run.resume', label: 'Resume', menu: 'run' },
  { id: 'run.retry', label: 'Retry', menu: 'run' },
  { id: 'go.palette', label: 'Command palette', menu: 'go', accelerator: 'CmdOrCtrl+K' },
  { id: 'go.runs', label: 'Runs', menu: 'go', accelerator: 'CmdOrCtrl+1' },
  { id: 'go.designer', label: 'Designer', menu: 'go', accelerator: 'CmdOrCtrl+2' },
  { id: 'go.samples', label: 'Samples', menu: 'go', accelerator: 'CmdOrCtrl+3' },
  { id: 'go.nextPane', label: 'Next pane', menu: 'go', accelerator: 'F6' },
  { id: 'help.keys', label: 'Keyboard shortcuts', menu: 'help', accelerator: 'F1' },
] as const satisfies Command[];
