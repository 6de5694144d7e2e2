/** The native menu. The window carries its commands out (renderer/app/commands.ts) and listens to their keys itself. */
import type { MenuItemConstructorOptions } from 'electron';

type Item = [command: string, label: string, accelerator?: string];

export const MENU_COMMANDS: Record<'file' | 'view' | 'go' | 'run' | 'help', Item[]> = {
  file: [['new-file', 'New workflow', 'CmdOrCtrl+N'], ['from-manifests', 'New workflow from manifests…'], ['open-file', 'Open file…', 'CmdOrCtrl+O'], ['open-folder', 'Open folder…', 'CmdOrCtrl+Shift+O'], ['save', 'Save', 'CmdOrCtrl+S'], ['save-as', 'Save as…', 'CmdOrCtrl+Shift+S'], ['save-cluster-as', 'Save to the cluster as…'], ['go-settings', 'Settings', 'CmdOrCtrl+,']],
  view: [['palette', 'Search and commands', 'CmdOrCtrl+K'], ['fold-list', 'Show or hide the list', 'CmdOrCtrl+B'], ['fold-inspector', 'Show or hide the inspector', 'CmdOrCtrl+I'], ['next-pane', 'Next pane', 'F6']],
  go: [['go-runs', 'Runs', 'CmdOrCtrl+1'], ['go-designer', 'Designer', 'CmdOrCtrl+2'], ['go-templates', 'Templates', 'CmdOrCtrl+3'], ['go-schedules', 'Schedules', 'CmdOrCtrl+4'], ['go-samples', 'Samples', 'CmdOrCtrl+5']],
  run: [['run', 'Run…', 'CmdOrCtrl+Enter']],
  help: [['keys', 'Keys of this place']],
};

const SEPARATOR: MenuItemConstructorOptions = { type: 'separator' };

/**
 * @param send carries a command to the window
 * @param devTools whether the menu offers the developer tools
 */
export function menuTemplate(send: (command: string) => void, platform: NodeJS.Platform, devTools: boolean): MenuItemConstructorOptions[] {
  const mac = platform === 'darwin';
  const commands = (menu: keyof typeof MENU_COMMANDS): MenuItemConstructorOptions[] => MENU_COMMANDS[menu].map(([command, label, accelerator]) => ({
    id: command, label, click: () => { send(command); },
    // Shown here, heard by the window: only it knows whether the keys mean something where the focus is.
    ...(accelerator === undefined ? {} : { accelerator, registerAccelerator: false }),
  }));
  return [
    ...(mac ? [{ role: 'appMenu' as const }] : []),
    { label: '&File', submenu: [...commands('file'), SEPARATOR, mac ? { role: 'close' } : { role: 'quit' }] },
    { label: '&Edit', submenu: [{ role: 'undo' }, { role: 'redo' }, SEPARATOR, { role: 'cut' }, { role: 'copy' }, { role: 'paste' }, { role: 'selectAll' }] },
    {
      label: '&View',
      submenu: [...commands('view'), SEPARATOR, { role: 'resetZoom' }, { role: 'zoomIn' }, { role: 'zoomOut' }, { role: 'togglefullscreen' }, ...(devTools ? [{ role: 'toggleDevTools' as const }] : [])],
    },
    { label: '&Go', submenu: commands('go') },
    { label: '&Run', submenu: commands('run') },
    ...(mac ? [{ role: 'windowMenu' as const }] : []),
    { label: '&Help', submenu: [...commands('help'), ...(mac ? [] : [{ role: 'about' as const }])] },
  ];
}
