/** How one step of a simulation goes: its outcome, its time and what it leaves behind. */
import { RotateCcw } from 'lucide-react';
import { RadioGroup } from 'radix-ui';
import type { ReactElement } from 'react';
import type { NodeStatus, Template, Workflow } from '../../../engine/spec/types.ts';
import type { GraphNode } from '../../document/model.ts';
import { Button } from '../../ui/parts.tsx';
import { setRule, usePlayer } from './player.ts';
import type { StepRule } from './player.ts';

const OUTCOMES: readonly [NonNullable<StepRule['outcome']>, string][] = [['Succeeded', 'Succeeds'], ['Failed', 'Fails'], ['Error', 'Errs']];

export function StepForm({ node, workflow, status }: { node: GraphNode; workflow: Workflow; status: NodeStatus | undefined }): ReactElement {
  const rule = usePlayer((state) => state.rules[node.id]);
  const fallback = usePlayer((state) => state.duration);
  const template = templateOf(workflow, node);
  const set = (what: { [K in keyof StepRule]?: StepRule[K] | undefined }): void => {
    const entries = Object.entries({ ...rule, ...what }).filter(([key, value]) => key !== 'node' && value !== undefined);
    setRule(node.id, Object.fromEntries(entries));
  };
  const outcome = rule?.outcome ?? 'Succeeded';
  const fails = outcome !== 'Succeeded';
  return (
    <>
      <header className="h"><h2 className="cut">{node.title}</h2><span className="grow" />{rule ? <Button kind="quiet" size="icon small" tip="Nothing said about it" onClick={() => { setRule(node.id, undefined); }}><RotateCcw aria-hidden /></Button> : null}</header>
      <div className="simulate-fields">
        {status?.message === undefined ? null : <p className="note text">{status.message}</p>}
        <RadioGroup.Root className="radios" aria-label="Outcome" value={outcome} onValueChange={(value) => { set({ outcome: value === 'Succeeded' ? undefined : value as StepRule['outcome'] }); }}>
          {OUTCOMES.map(([id, words]) => <RadioGroup.Item key={id} value={id} className="chip">{words}</RadioGroup.Item>)}
        </RadioGroup.Root>
        <NumberField label="Takes" unit="s" value={rule?.duration} placeholder={fallback} min={0} max={2_678_400} onChange={(duration) => { set({ duration }); }} />
        {node.shape === 'retry' || template?.retryStrategy || workflow.spec.retryStrategy ? <NumberField label="Attempts that fail first" value={rule?.failures} placeholder={0} min={0} max={1000} onChange={(failures) => { set({ failures }); }} /> : null}
        {fails ? <TextField label="Message" value={rule?.message} placeholder="as the container would say it" onChange={(message) => { set({ message }); }} /> : null}
        {outcome === 'Failed' || rule?.failures ? <NumberField label="Exit code" value={rule?.exitCode} placeholder={1} min={1} max={255} onChange={(exitCode) => { set({ exitCode }); }} /> : null}
        <Outputs template={template} status={status} rule={rule} set={set} />
      </div>
    </>
  );
}

interface OutputsProps {
  template: Template | undefined;
  status: NodeStatus | undefined;
  rule: StepRule | undefined;
  set: (what: { result?: string | undefined; parameters?: Record<string, string> | undefined }) => void;
}

function Outputs({ template, status, rule, set }: OutputsProps): ReactElement | null {
  const declared = template?.outputs?.parameters ?? [];
  const printed = template?.container ?? template?.script ?? template?.http ?? template?.data;
  if (!printed && declared.length === 0) return null;
  const standIn = (name: string): string => status?.outputs?.parameters?.find((each) => each.name === name)?.value ?? '';
  return (
    <>
      <h3 className="sec">Outputs</h3>
      {printed ? <TextField label="result" long value={rule?.result} placeholder={status?.outputs?.result ?? 'what it prints'} onChange={(result) => { set({ result }); }} /> : null}
      {declared.map(({ name }) => (
        <TextField key={name} label={name} long value={rule?.parameters?.[name]} placeholder={standIn(name)} onChange={(value) => {
          const rest = Object.entries({ ...rule?.parameters, [name]: value }).filter((entry): entry is [string, string] => entry[1] !== undefined);
          set({ parameters: rest.length ? Object.fromEntries(rest) : undefined });
        }} />
      ))}
    </>
  );
}

/** The template that a node of the graph runs, where it is known. */
function templateOf({ spec, status }: Workflow, { templateName, templateRef }: GraphNode): Template | undefined {
  const own = templateRef === undefined ? spec.templates?.find(({ name }) => name === templateName) : undefined;
  return own ?? Object.values(status?.storedTemplates ?? {}).find(({ name }) => name === templateName);
}

interface FieldProps<T> {
  label: string;
  value: T | undefined;
  placeholder?: T;
  onChange: (value: T | undefined) => void;
}

/** A whole number; empty means that nothing is said. */
export function NumberField({ label, unit, value, placeholder, min, max, onChange }: FieldProps<number> & { unit?: string; min: number; max: number }): ReactElement {
  return (
    <label className="value number"><span>{label}</span>
      <span className="with-unit"><input className="field num" type="number" min={min} max={max} value={value ?? ''} placeholder={placeholder === undefined ? '' : String(placeholder)} onChange={(event) => {
        const typed = event.target.valueAsNumber;
        onChange(Number.isFinite(typed) ? Math.min(max, Math.max(min, Math.round(typed))) : undefined);
      }} />{unit === undefined ? null : <span className="soft">{unit}</span>}</span>
    </label>
  );
}

function TextField({ label, value, placeholder = '', long = false, onChange }: FieldProps<string> & { long?: boolean }): ReactElement {
  const props = { className: 'field mono', value: value ?? '', placeholder, onChange: (event: { target: { value: string } }): void => { onChange(event.target.value === '' ? undefined : event.target.value); } };
  return <label className="value"><span>{label}</span>{long ? <textarea rows={2} {...props} /> : <input {...props} />}</label>;
}
