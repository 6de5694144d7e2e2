import type { ReactElement } from 'react';
import type { Diagnostic } from '../../engine/spec/diagnostic.ts';
import { setUi, useUi } from '../app/store.ts';
import { Sash } from '../ui/pane.tsx';
import { Forms } from './forms/Forms.tsx';
import { sketchOf, templateOnCanvas, useDesigner } from './session.ts';

/** The form of what is selected, over the text; its height is the person's. */
export function FormPane({ diagnostics }: { diagnostics: readonly Diagnostic[] }): ReactElement {
  const height = useUi((state) => state.sizes['designer.form'] ?? 320);
  const selection = useDesigner((state) => state.selection);
  const model = useDesigner(sketchOf);
  const placed = useDesigner(templateOnCanvas);
  const node = model.nodes.find((each) => each.id === selection.at(-1));
  return (
    <>
      <div className="form-pane" style={{ height }} data-pane>
        <header className="h"><h2 className="cut">{selection.length > 1 ? `${selection.length} selected` : node?.name ?? placed?.template.name ?? 'No template'}</h2><span className="soft cut">{node?.line}</span><span className="grow" /></header>
        <Forms diagnostics={diagnostics} />
      </div>
      <Sash label="Height of the form" size={height} min={90} max={700} grows="down" onSize={(size) => { setUi({ sizes: { ...useUi.getState().sizes, 'designer.form': size } }); }} />
    </>
  );
}
