/** Going to a place of another file: one of the folder, or a template of the cluster. */
import { edit } from '../../definitions/actions.ts';
import { guardUnsaved } from '../../app/commands.ts';
import { setElsewhere } from '../../editor/language.ts';
import { showWhenOpen } from '../session.ts';
import { askRename } from './rename.ts';
import { openPath, useClusterTexts, useFolder } from './store.ts';

/** Opens a file around the open one, at an offset of its text. */
function openAround(file: string, offset: number): void {
  if (useFolder.getState().files.has(file)) {
    void openPath(file, () => { showWhenOpen(offset); });
    return;
  }
  const object = useClusterTexts.getState().texts.get(file);
  if (object) guardUnsaved(() => { edit(object, () => { showWhenOpen(offset); }); });
}

setElsewhere({ open: openAround, rename: askRename });
