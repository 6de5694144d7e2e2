/** What the menu and the palette can do with a folder. */
import { create } from 'zustand';
import { contribute } from '../../app/commands.ts';
import { openFolder, useFolder } from './store.ts';

/** The new file that is being asked about. */
export const useNewFile = create<{ asking: boolean }>(() => ({ asking: false }));

contribute([
  { id: 'open-folder', title: 'Open folder…', group: 'File', keys: 'Mod+Shift+O', run: () => void openFolder() },
  { id: 'new-in-folder', title: 'New file in the folder…', group: 'File', when: () => useFolder.getState().folder !== undefined, run: () => { useNewFile.setState({ asking: true }); } },
]);
