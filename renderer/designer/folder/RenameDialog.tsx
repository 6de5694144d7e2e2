import { FileText, Lock, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import type { ReactElement } from 'react';
import { Dialog } from '../../ui/overlays.tsx';
import { Button, Spinner } from '../../ui/parts.tsx';
import { rename, useRenaming } from './rename.ts';
import type { Changed, Renaming } from './rename.ts';

/** Every line that a new name changes, file by file, before anything is written. */
export function RenameDialog({ asked }: { asked: Renaming }): ReactElement {
  const { from, to, changed, left } = asked;
  const [state, setState] = useState<{ busy: boolean; problem?: string }>({ busy: false });
  const close = (): void => { useRenaming.setState({ asked: undefined }); };
  const go = (): void => {
    setState({ busy: true });
    void rename(asked).then((problem) => {
      if (problem === undefined) close();
      else setState({ busy: false, problem });
    });
  };
  const places = changed.reduce((sum, each) => sum + each.lines.length, 0);
  return (
    <Dialog
      title={`Rename ${from} to ${to}`} description={`${places} ${places === 1 ? 'line' : 'lines'} in ${changed.length} ${changed.length === 1 ? 'file' : 'files'}. All are written, or none.`} wide onClose={close}
      footer={<><Button onClick={close}>Cancel</Button><Button kind="primary" autoFocus unable={state.busy ? 'Writing' : undefined} onClick={go}>{state.busy ? <Spinner /> : null}Rename everywhere</Button></>}
    >
      <div className="rename-list">
        {state.problem === undefined ? null : <div className="note c-Failed" role="alert">{state.problem}</div>}
        {changed.map((each) => <FileLines key={each.file} changed={each} />)}
        {left.length ? (
          <section className="c-Suspended">
            <h3><TriangleAlert aria-hidden />Not changed: of the cluster</h3>
            <ul>{left.map(({ file, places: count }) => <li key={file}><Lock aria-hidden />{file}<span className="soft"> speaks of {from} in {count} {count === 1 ? 'place' : 'places'}</span></li>)}</ul>
          </section>
        ) : null}
      </div>
    </Dialog>
  );
}

function FileLines({ changed: { file, lines } }: { changed: Changed }): ReactElement {
  return (
    <section>
      <h3><FileText aria-hidden /><span className="cut">{file}</span><span className="soft">{lines.length}</span></h3>
      <div className="rename-lines mono" role="group" tabIndex={0} aria-label={`Lines of ${file}`}>
        {lines.map(({ line, before, after }) => (
          <div key={line}>
            <del><span className="num">{line}</span><span className="sr">was </span>{before.trimEnd()}</del>
            <ins><span className="num">{line}</span><span className="sr">becomes </span>{after.trimEnd()}</ins>
          </div>
        ))}
      </div>
    </section>
  );
}
