import { Command } from 'cmdk';
import { Boxes, CornerDownRight, FileText, PlayCircle } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import { useState } from 'react';
import type { ReactElement } from 'react';
import { useRunList } from '../monitor/live.ts';
import { runPhase } from '../monitor/words.ts';
import { Dialog } from '../ui/overlays.tsx';
import { Keys, fits } from '../ui/parts.tsx';
import { PhaseGlyph } from '../ui/phase.tsx';
import { commands } from './commands.ts';
import { chooseContext, openDocument, openRun, setUi, useUi } from './store.ts';

/** More runs than this are found only by typing. */
const SHOWN_RUNS = 200;

/** Everything that can be reached or done, by a few letters of its name. */
export function Palette(): ReactElement {
  const [text, setText] = useState('');
  const runs = useRunList((state) => state.runs);
  const { samples, contexts, contextId } = useUi();
  const close = (): void => { setUi({ overlay: undefined }); };
  const then = (act: () => void) => (): void => {
    close();
    act();
  };
  const found = [...(runs?.values() ?? [])].filter((run) => run.name.includes(text.trim().toLowerCase())).slice(0, text ? SHOWN_RUNS : 6);
  return (
    <Radix.Root open onOpenChange={(open) => { if (!open) close(); }}>
      <Radix.Portal>
        <Radix.Overlay className="overlay" />
        <Radix.Content className="dialog palette" aria-describedby={undefined}>
          <Radix.Title className="sr">Search and commands</Radix.Title>
          <Command label="Search and commands" loop filter={fits}>
            <Command.Input value={text} onValueChange={setText} placeholder="A run, a sample, a context or a command" autoFocus />
            <Command.List className="menu-list">
              <Command.Empty>Nothing is called so.</Command.Empty>
              {found.length ? <Command.Group heading="Runs">
                {found.map((run) => <Command.Item key={run.name} value={`run ${run.name}`} onSelect={then(() => { openRun(run.name); })}><PhaseGlyph phase={runPhase(run)} label /><span className="cut grow">{run.name}</span></Command.Item>)}
              </Command.Group> : null}
              <Command.Group heading="Commands">
                {commands().filter((command) => command.id !== 'palette').map((command) => (
                  <Command.Item key={command.id} value={`${command.group} ${command.title}`} onSelect={then(command.run)}><CornerDownRight aria-hidden /><span className="grow">{command.title}</span>{command.keys === undefined ? null : <Keys keys={command.keys} />}</Command.Item>
                ))}
              </Command.Group>
              <Command.Group heading="Contexts">
                {(contexts ?? []).filter((context) => context.id !== contextId).map((context) => <Command.Item key={context.id} value={`context ${context.name}`} onSelect={then(() => { chooseContext(context.id); })}><Boxes aria-hidden /><span className="cut grow">{context.name}</span></Command.Item>)}
              </Command.Group>
              <Command.Group heading="Samples">
                {(samples ?? []).map((sample) => (
                  <Command.Item key={sample.id} value={`sample ${sample.title}`} onSelect={then(() => { openDocument({ title: `${sample.id}.yaml`, text: sample.text }); })}><FileText aria-hidden /><span className="cut grow">{sample.title}</span></Command.Item>
                ))}
                {(samples ?? []).map((sample) => (
                  <Command.Item key={`run ${sample.id}`} value={`run sample ${sample.title}`} onSelect={then(() => { setUi({ runDialog: { text: sample.text } }); })}><PlayCircle aria-hidden /><span className="cut grow">Run {sample.title}…</span></Command.Item>
                ))}
              </Command.Group>
            </Command.List>
          </Command>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

const MORE_KEYS: [string, string][] = [
  ['↑ ↓', 'Move in a list; between steps of the graph'], ['← →', 'Move between steps side by side'], ['Enter', 'Open'], ['Esc', 'Back, or leave the selection'], ['+ −', 'Zoom the graph'], ['0', 'Fit the graph'], ['F', 'Next failed step'],
];

/** The keys of this place. */
export function KeySheet(): ReactElement {
  const groups = [...new Set(commands().map((command) => command.group))];
  return (
    <Dialog title="Keys" wide onClose={() => { setUi({ overlay: undefined }); }}>
      <div className="keysheet">
        {groups.map((group) => (
          <section key={group}>
            <h3 className="sec">{group}</h3>
            <dl>{commands().filter((command) => command.group === group && command.keys !== undefined).map((command) => <div key={command.id}><dt>{command.title}</dt><dd><Keys keys={command.keys ?? ''} /></dd></div>)}</dl>
          </section>
        ))}
        <section>
          <h3 className="sec">Everywhere</h3>
          <dl>{MORE_KEYS.map(([keys, title]) => <div key={keys}><dt>{title}</dt><dd><kbd>{keys}</kbd></dd></div>)}</dl>
        </section>
      </div>
    </Dialog>
  );
}
