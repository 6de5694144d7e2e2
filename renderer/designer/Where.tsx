import { ChevronDown, ChevronRight, Lock } from 'lucide-react';
import { useShallow } from 'zustand/react/shallow';
import type { ReactElement } from 'react';
import { grammarOf } from '../document/sketch.ts';
import { templateKind } from '../document/projection.ts';
import { Menu } from '../ui/overlays.tsx';
import type { MenuItem } from '../ui/overlays.tsx';
import { Button } from '../ui/parts.tsx';
import { KindMark } from '../monitor/graph-parts.tsx';
import { climb, objectOf, outsideOnCanvas, showObject, showTemplate, sketchOf, templateOnCanvas, trailOf, useDesigner } from './session.ts';

/** Which template is on the canvas: the way to it, each part a way back, and a choice of all others. */
export function Where(): ReactElement {
  const placed = useDesigner(templateOnCanvas);
  const outside = useDesigner(outsideOnCanvas);
  const trail = useDesigner(useShallow(trailOf));
  const tasks = useDesigner(sketchOf).nodes.filter((node) => node.shape === 'task').length;
  const name = trail.at(-1) ?? '';
  const grammar = placed && grammarOf(placed.template);
  const says = !placed ? '' : grammar === 'leaf' ? templateKind(placed.template) : `${grammar ?? ''} · ${tasks} ${grammar === 'dag' ? 'task' : 'step'}${tasks === 1 ? '' : 's'}`;
  return (
    <nav className="where-line" aria-label="Way to this template">
      {trail.slice(0, -1).map((each, i) => (
        <span key={i} className="crumb-part"><button type="button" className="link-soft cut" onClick={() => { climb(i); }}>{each || 'entry'}</button><ChevronRight aria-hidden /></span>
      ))}
      <Menu items={choices()} align="start">
        <Button kind="quiet" className="template-name" aria-label={`Template ${name}: choose another`}><h1 className="cut">{name || 'no template'}</h1><ChevronDown aria-hidden /></Button>
      </Menu>
      {outside ? null : <span className="times">{says}</span>}
      {outside ? <span className="read-only" title={`${outside.object.kind} ${outside.object.name}: shown as it is in the cluster, changed where it is opened`}><Lock aria-hidden />{outside.object.name}, of the cluster</span> : null}
    </nav>
  );
}

/** Every template of this object, and every other object of the file. */
function choices(): (MenuItem | 'line')[] {
  const state = useDesigner.getState();
  const now = objectOf(state);
  const at = state.levels.at(-1)?.object ?? 0;
  const templates: MenuItem[] = (now?.spec.templates ?? []).map((template, i) => ({
    id: `t${i}`, label: `${template.name ?? 'unnamed'}${template.name === now?.spec.entrypoint ? ' · entrypoint' : ''}`, icon: <KindMark kind={templateKind(template)} />, run: () => { showTemplate(template.name); },
  }));
  const objects: MenuItem[] = state.objects.flatMap((object, i) => (i === at ? [] : [{ id: `o${i}`, label: `${object.kind} ${object.name}`, run: () => { showObject(i); } }]));
  return templates.length && objects.length ? [...templates, 'line', ...objects] : [...templates, ...objects];
}
