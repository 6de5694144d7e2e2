/** The form of what is selected: the step, the template it runs, the workflow, or its YAML. */
import { useDeferredValue, useMemo } from 'react';
import type { ReactElement } from 'react';
import { Tabs } from 'radix-ui';
import type { Diagnostic } from '../../../engine/spec/diagnostic.ts';
import type { Path } from '../../../engine/spec/yaml.ts';
import { setUi, useUi } from '../../app/store.ts';
import { objectOf, sketchOf, templateOnCanvas, useDesigner } from '../session.ts';
import { TemplateList } from './Field.tsx';
import { FormContext, pointAt, valueAt } from './form.tsx';
import type { FormState } from './form.tsx';
import { NextTimes } from './NextTimes.tsx';
import { ObjectForm } from './ObjectForm.tsx';
import { YamlSlice } from './YamlSlice.tsx';

interface Subject {
  id: 'step' | 'template' | 'workflow' | 'schedule' | 'yaml';
  title: string;
  type: string;
  path: Path;
}

export function Forms({ diagnostics }: { diagnostics: readonly Diagnostic[] }): ReactElement {
  const form = useFormState(diagnostics);
  const object = useDesigner(objectOf);
  const subjects = useSubjects(form);
  const wanted = useUi((state) => state.formTab ?? 'step');
  const shown = subjects.find((each) => each.id === wanted) ?? subjects[0];
  // With an object the form is on its way.
  if (!form || !shown) return object ? <></> : <p className="soft form-empty">Nothing here has a form yet.</p>;
  return (
    <FormContext.Provider value={form}>
      <TemplateList />
      <Tabs.Root className="form-tabs" value={shown.id} onValueChange={(id) => { setUi({ formTab: id }); }}>
        <Tabs.List className="tabs small" aria-label="What the form is of">{subjects.map(({ id, title }) => <Tabs.Trigger key={id} value={id}>{title}</Tabs.Trigger>)}</Tabs.List>
        <Tabs.Content value={shown.id} className="form-body" tabIndex={-1} onBlur={(event) => { if (!event.currentTarget.contains(event.relatedTarget)) pointAt(undefined); }}>
          {shown.id === 'yaml' ? <YamlSlice path={shown.path} label="Its YAML" /> : <>{shown.id === 'schedule' ? <NextTimes /> : null}<ObjectForm key={JSON.stringify(shown.path)} type={shown.type} path={shown.path} /></>}
        </Tabs.Content>
      </Tabs.Root>
    </FormContext.Provider>
  );
}

function useFormState(diagnostics: readonly Diagnostic[]): FormState | undefined {
  const source = useDesigner((state) => state.reading);
  const stale = useDesigner((state) => state.stale);
  const object = useDesigner(objectOf);
  // A form of many fields is drawn when there is time: who types does not wait for it.
  return useDeferredValue(useMemo(() => {
    if (!object) return undefined;
    return { source, part: object.document, specPath: object.specPath, diagnostics: stale ? [] : diagnostics, templates: (object.spec.templates ?? []).flatMap((each) => each.name ?? []), locked: stale };
  }, [source, stale, object, diagnostics]));
}

function useSubjects(form: FormState | undefined): Subject[] {
  const selection = useDesigner((state) => state.selection);
  const model = useDesigner(sketchOf);
  const placed = useDesigner(templateOnCanvas);
  return useMemo(() => {
    if (!form) return [];
    const node = model.nodes.find((each) => each.id === selection.at(-1));
    const subjects: Subject[] = [];
    const step = node && stepType(node.path);
    if (node && step !== undefined) subjects.push({ id: 'step', title: step === 'LifecycleHook' ? 'Hook' : step === 'DAGTask' ? 'Task' : 'Step', type: step, path: node.path });
    const template = (node && step !== undefined ? calledBy(form, node.path) : undefined) ?? (subjects.length === 0 ? placed?.path : undefined);
    if (template) subjects.push({ id: 'template', title: 'Template', type: 'Template', path: template });
    subjects.push({ id: 'workflow', title: form.specPath.length > 1 ? 'Run' : 'Workflow', type: 'WorkflowSpec', path: form.specPath });
    if (form.specPath.length > 1) subjects.push({ id: 'schedule', title: 'Schedule', type: 'CronWorkflowSpec', path: form.specPath.slice(0, 1) });
    const own = subjects[0]?.path ?? form.specPath;
    subjects.push({ id: 'yaml', title: 'YAML', type: '', path: own });
    return subjects;
  }, [form, selection, model, placed]);
}

function stepType(path: Path): string | undefined {
  if (path.at(-2) === 'tasks') return 'DAGTask';
  if (path.at(-3) === 'steps') return 'WorkflowStep';
  return path.at(-2) === 'hooks' ? 'LifecycleHook' : undefined;
}

/** Where the template that a step runs is written, when it is in this document. */
function calledBy({ source, part, specPath, templates }: FormState, path: Path): Path | undefined {
  if (valueAt(source, part, [...path, 'inline']) !== undefined) return [...path, 'inline'];
  const index = templates.indexOf(String(valueAt(source, part, [...path, 'template'])));
  return index < 0 ? undefined : [...specPath, 'templates', index];
}
