import type { ReactElement } from 'react';
import { setUi, useUi } from '../app/store.ts';
import type { SketchNode } from '../document/sketch.ts';
import { Sash } from '../ui/pane.tsx';
import { sketchOf, templateOnCanvas, useDesigner } from './session.ts';

/** The form of what is selected, over the text; its height is the person's. */
export function FormPane(): ReactElement {
  const height = useUi((state) => state.sizes['designer.form'] ?? 220);
  const selection = useDesigner((state) => state.selection);
  const model = useDesigner(sketchOf);
  const placed = useDesigner(templateOnCanvas);
  const node = model.nodes.find((each) => each.id === selection.at(-1));
  return (
    <>
      <div className="form-pane" style={{ height }} data-pane>
        <header className="h"><h2 className="cut">{selection.length > 1 ? `${selection.length} selected` : node?.name ?? placed?.template.name ?? 'No template'}</h2><span className="grow" /></header>
        {node ? <Facts node={node} /> : null}
      </div>
      <Sash label="Height of the form" size={height} min={90} max={700} grows="down" onSize={(size) => { setUi({ sizes: { ...useUi.getState().sizes, 'designer.form': size } }); }} />
    </>
  );
}

function Facts({ node }: { node: SketchNode }): ReactElement {
  return (
    <dl className="kv facts-list">
      <dt>Runs</dt><dd>{node.line}</dd>
      {node.badges.map((badge) => <div key={badge.text} className="pair"><dt>{badge.text}</dt><dd>{badge.title}</dd></div>)}
    </dl>
  );
}
