/** Small questions over the canvas: one line of text, and which output goes where. */
import { Popover } from 'radix-ui';
import { useState } from 'react';
import type { ReactElement, SubmitEvent } from 'react';
import { Dialog } from '../ui/overlays.tsx';
import { Button, landmark } from '../ui/parts.tsx';
import { wire } from './actions.ts';
import { canvasView, setMode, useMode } from './mode.ts';
import type { Mode } from './mode.ts';
import { inputName } from './Over.tsx';
import { sketchOf, useDesigner } from './session.ts';

export function Asking(): ReactElement | null {
  const { asking, passing, choosing } = useMode();
  if (choosing) return <ChooseInput {...choosing} />;
  if (asking) return <AskText key={asking.title} asking={asking} />;
  return passing === undefined ? null : <PassOn key={passing} from={passing} />;
}

function close(): void {
  setMode({});
  canvasView()?.focus();
}

function AskText({ asking }: { asking: NonNullable<Mode['asking']> }): ReactElement {
  const [text, setText] = useState(asking.value);
  const unable = text.trim() === '' ? 'It needs a name' : undefined;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (unable !== undefined) return;
    close();
    asking.run(text.trim());
  };
  return (
    <Dialog title={asking.title} onClose={close} footer={<><Button onClick={close}>Cancel</Button><Button kind="primary" type="submit" form="ask-text" unable={unable}>{asking.action}</Button></>}>
      <form id="ask-text" onSubmit={submit}><label className="asked-line"><span>{asking.label}</span><input className="field" value={text} autoFocus onFocus={(event) => { event.target.select(); }} onChange={(event) => { setText(event.target.value); }} /></label></form>
    </Dialog>
  );
}

/** Output, task and input as three choices: what dragging an output does, for the keyboard. */
function PassOn({ from }: { from: string }): ReactElement {
  const model = useDesigner(sketchOf);
  const source = model.nodes.find((node) => node.id === from);
  const targets = model.nodes.filter((node) => node.id !== from && node.shape === 'task' && node.inputs.length > 0);
  const [output, setOutput] = useState(source?.outputs[0] ?? '');
  const [target, setTarget] = useState(targets[0]?.id ?? '');
  const [input, setInput] = useState(targets[0]?.inputs[0] ?? '');
  const inputs = targets.find((node) => node.id === target)?.inputs ?? [];
  const unable = targets.length === 0 ? 'No other task has inputs' : output === '' || input === '' ? 'Choose an output and an input' : undefined;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (unable !== undefined) return;
    close();
    void wire({ task: from, name: output }, { task: target, name: input });
  };
  return (
    <Dialog title={`Pass an output of ${source?.name ?? ''} on`} description={targets.length === 0 ? 'No other task of this template has inputs. Give its template an input first.' : 'The task waits for it, and takes the value as an argument.'} onClose={close} footer={<><Button onClick={close}>Cancel</Button><Button kind="primary" type="submit" form="pass-on" unable={unable}>Pass on</Button></>}>
      <form id="pass-on" className="pass-on" onSubmit={submit}>
        <Choice label="Output" value={output} options={source?.outputs ?? []} onChoose={setOutput} autoFocus />
        <Choice label="To the task" value={target} options={targets.map((node) => node.id)} onChoose={(id) => { setTarget(id); setInput(targets.find((node) => node.id === id)?.inputs[0] ?? ''); }} />
        <Choice label="As its input" value={input} options={inputs} onChoose={setInput} />
      </form>
    </Dialog>
  );
}

function Choice({ label, value, options, onChoose, autoFocus }: { label: string; value: string; options: readonly string[]; onChoose: (value: string) => void; autoFocus?: boolean }): ReactElement {
  return <label className="asked-line"><span>{label}</span><select className="field" value={value} autoFocus={autoFocus} onChange={(event) => { onChoose(event.target.value); }}>{options.map((each) => <option key={each}>{each}</option>)}</select></label>;
}

/** The inputs of the task that an output was dropped on. */
function ChooseInput({ at, output, target, inputs }: NonNullable<Mode['choosing']>): ReactElement {
  return (
    <Popover.Root open onOpenChange={(open) => { if (!open) close(); }}>
      <Popover.Anchor asChild><span className="anchor-point" style={{ left: at.x, top: at.y }} /></Popover.Anchor>
      <Popover.Portal container={landmark()}>
        <Popover.Content className="menu" align="start" collisionPadding={12} aria-label={`Input of ${target}`}>
          <p className="label">{output.name} becomes</p>
          {inputs.map((input) => <button key={input} type="button" role="menuitem" className="menu-button" onClick={() => { close(); void wire(output, { task: target, name: input }); }}>{inputName(input)}</button>)}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
