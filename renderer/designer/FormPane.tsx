import type { ReactElement } from 'react';
import { stringify } from 'yaml';
import type { Diagnostic } from '../../engine/spec/diagnostic.ts';
import type { Path } from '../../engine/spec/yaml.ts';
import { setUi, useUi } from '../app/store.ts';
import { Sash } from '../ui/pane.tsx';
import { Forms } from './forms/Forms.tsx';
import { Button } from '../ui/parts.tsx';
import type { Outside } from './folder/around.ts';
import { otherFiles } from '../editor/language.ts';
import { outsideOnCanvas, sketchOf, templateOnCanvas, useDesigner } from './session.ts';

/** The form of what is selected, over the text; its height is the person's. */
export function FormPane({ diagnostics }: { diagnostics: readonly Diagnostic[] }): ReactElement {
  const height = useUi((state) => state.sizes['designer.form'] ?? 320);
  const selection = useDesigner((state) => state.selection);
  const model = useDesigner(sketchOf);
  const placed = useDesigner(templateOnCanvas);
  const outside = useDesigner(outsideOnCanvas);
  const node = model.nodes.find((each) => each.id === selection.at(-1));
  return (
    <>
      <div className="form-pane" style={{ height }} data-pane>
        <header className="h"><h2 className="cut">{selection.length > 1 ? `${selection.length} selected` : node?.name ?? placed?.template.name ?? 'No template'}</h2><span className="soft cut">{node?.line}</span><span className="grow" /></header>
        {outside ? <OutsideForm outside={outside} of={node?.path ?? placed?.path ?? []} /> : <Forms diagnostics={diagnostics} />}
      </div>
      <Sash label="Height of the form" size={height} min={90} max={700} grows="down" onSize={(size) => { setUi({ sizes: { ...useUi.getState().sizes, 'designer.form': size } }); }} />
    </>
  );
}

/** What is selected of a template of the cluster: seen here, changed where it is opened. */
function OutsideForm({ outside: { file, object }, of }: { outside: Outside; of: Path }): ReactElement {
  let value: unknown = { spec: object.spec };
  for (const step of of) value = (value as Record<string | number, unknown> | undefined)?.[step];
  return (
    <div className="outside-form">
      <p className="soft">{object.kind} <b className="strong">{object.name}</b> is shown as the cluster has it. <Button size="small" onClick={() => { otherFiles()?.open(file, 0); }}>Open it</Button></p>
      <pre className="mono" tabIndex={0} aria-label="Its YAML">{stringify(value, { lineWidth: 0 })}</pre>
    </div>
  );
}
