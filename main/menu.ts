/** The native menu, made from the list of commands. Roles of the platform do what is the same in every app. */
import type { MenuItemConstructorOptions } from 'electron';
import { COMMANDS } from './ipc/commands.ts';
import type { Command } from './ipc/commands.ts';

const SEPARATOR: MenuItemConstructorOptions = { type: 'separator' };

/**
 * @param send carries a command to the window
 * @param devTools whether the menu offers the developer tools
 */
export function menuTemplate(send: (command: string) => void, platform: NodeJS.Platform, devTools: boolean): MenuItemConstructorOptions[] {
  const mac = platform === 'darwin';
  const commands = (menu: Command['menu']): MenuItemConstructorOptions[] => COMMANDS.filter((command) => command.menu === menu).map((command: Command) => ({
    id: command.id, label: command.label, click: () => { send(command.id); }, ...(command.accelerator === undefined ? {} : { accelerator: command.accelerator }),
  }));
  return [
    ...(mac ? [{ role: 'appMenu' as const }] : []),
    { label: '&File', submenu: [...commands('file'), SEPARATOR, mac ? { role: 'close' } : { role: 'quit' }] },
    {
      // Undo and redo go to the editor's own history, which the window keeps.
      label: '&Edit',
      submenu: [{ role: 'undo' }, { role: 'redo' }, SEPARATOR, { role: 'cut' }, { role: 'copy' }, { role: 'paste' }, { role: 'selectAll' }, SEPARATOR, ...commands('edit')],
    },
    {
      label: '&View',
      submenu: [...commands('view'), { role: 'resetZoom' }, { role: 'zoomIn' }, { role: 'zoomOut' }, SEPARATOR, { role: 'togglefullscreen' }, ...(devTools ? [{ role: 'toggleDevTools' as const }] : [])],
    },
    { label: '&Run', submenu: commands('run') },
    { label: '&Go', submenu: commands('go') },
    ...(mac ? [{ role: 'windowMenu' as const }] : []),
    { label: '&Help', submenu: [...commands('help'), ...(mac ? [] : [{ role: 'about' as const }])] },
  ];
}
