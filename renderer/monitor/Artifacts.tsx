/** The artifacts of a run: a row each, the chosen one below. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDownLeft, ArrowUpRight, Package, RefreshCw, TriangleAlert, X } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, ReactElement } from 'react';
import type { NodeStatus } from '../../engine/spec/types.ts';
import { setUi, useUi } from '../app/store.ts';
import { sizeWords } from '../ui/bytes.ts';
import { Sash } from '../ui/pane.tsx';
import { Button, EmptyState, ErrorState, Loading, useNow } from '../ui/parts.tsx';
import { age, exact } from '../ui/time.ts';
import { ArtifactPane } from './ArtifactPane.tsx';
import { amount, idOf, useArtifacts, useDownloads, useSizes } from './artifacts.ts';
import type { ArtifactInfo, ArtifactSize } from './artifacts.ts';

const ROW = 30;
const COLUMNS = ['Artifact', 'Step', 'Size', 'Changed', 'Kept in', 'Key'] as const;
const SHOWN = ['all', 'output', 'input'] as const;
const SHOWN_WORDS: Record<(typeof SHOWN)[number], string> = { all: 'All', output: 'Outputs', input: 'Inputs' };
const KIND_WORDS: Partial<Record<ArtifactInfo['kind'], string>> = { s3: 'S3', gcs: 'Google', azure: 'Azure', http: 'HTTP', artifactory: 'Artifactory', git: 'git', raw: 'workflow', hdfs: 'HDFS', oss: 'OSS', none: 'unknown' };

interface Props {
  name: string;
  nodes: ReadonlyMap<string, NodeStatus>;
  /** Chooses the step whose artifact is looked at. */
  onChoose: (id: string | undefined) => void;
}

export function Artifacts({ name, nodes, onChoose }: Props): ReactElement {
  const { artifacts, error, again } = useArtifacts(name, nodes);
  const chosen = useUi((state) => state.artifact);
  const sizes = useUi((state) => state.sizes);
  const [text, setText] = useState('');
  const [shown, setShown] = useState<(typeof SHOWN)[number]>('all');
  const known = useSizes(name);
  const rows = useMemo(() => {
    const wanted = text.toLowerCase();
    return (artifacts ?? []).filter((artifact) => (shown === 'all' || artifact.direction === shown)
      && (wanted === '' || artifact.name.toLowerCase().includes(wanted) || artifact.key.toLowerCase().includes(wanted) || (nodes.get(artifact.nodeId)?.displayName ?? '').toLowerCase().includes(wanted)));
  }, [artifacts, shown, text, nodes]);
  if (!artifacts) return error ? <ErrorState title="The artifacts could not be listed" hint={error.hint} raw={error.message} actions={<Button onClick={again}><RefreshCw aria-hidden />Try again</Button>} /> : <Loading words="Reading the list of artifacts" />;
  if (artifacts.length === 0) return <EmptyState icon={<Package aria-hidden />} title="No artifacts">What steps hand on as files appears here when they end: <span className="mono">outputs.artifacts</span> of a template, and archived logs.</EmptyState>;
  const current = artifacts.find((artifact) => idOf(artifact) === chosen);
  const choose = (artifact: ArtifactInfo | undefined): void => {
    setUi({ artifact: artifact && idOf(artifact) });
    if (artifact) onChoose(nodes.get(artifact.nodeId)?.name);
  };
  const height = sizes['runs.artifacts'] ?? 260;
  return (
    <div className="artifacts">
      <div className="artifact-list" style={current ? { flex: `0 1 ${height}px` } : undefined}>
        <div className="log-bar">
          <input className="field" type="search" placeholder="Filter by name, step or key" aria-label="Filter artifacts" value={text} onChange={(event) => { setText(event.target.value); }} />
          {SHOWN.map((each) => <button key={each} type="button" className="chip" aria-pressed={shown === each} onClick={() => { setShown(each); }}>{SHOWN_WORDS[each]}</button>)}
          <span className="grow" /><span className="soft cut">{rows.length.toLocaleString('en')} {rows.length === 1 ? 'artifact' : 'artifacts'}</span>
        </div>
        <Problem sizes={known.sizes} />
        <Rows rows={rows} nodes={nodes} chosen={chosen} sizes={known.sizes} want={known.want} onChoose={choose} />
      </div>
      {current ? (
        <>
          <Sash label="Height of the list" size={height} min={120} max={700} grows="down" onSize={(size) => { setUi({ sizes: { ...useUi.getState().sizes, 'runs.artifacts': size } }); }} />
          <ArtifactPane key={idOf(current)} run={name} artifact={current} step={nodes.get(current.nodeId)?.displayName ?? current.nodeId} />
        </>
      ) : null}
      <Downloads />
    </div>
  );
}

/** Said once, and not only in every row: why sizes are not known. */
function Problem({ sizes }: { sizes: ReadonlyMap<string, ArtifactSize> }): ReactElement | null {
  const problem = useMemo(() => [...sizes.values()].find((size) => 'code' in size && !['not-found', 'gone', 'unsupported'].includes(size.code)), [sizes]);
  if (!problem || !('code' in problem)) return null;
  return <div className="banner" role="status"><TriangleAlert aria-hidden /><span className="grow text">{problem.message} {problem.hint}</span></div>;
}

interface RowsProps {
  rows: readonly ArtifactInfo[];
  nodes: ReadonlyMap<string, NodeStatus>;
  chosen: string | undefined;
  sizes: ReadonlyMap<string, ArtifactSize>;
  want: (shown: readonly ArtifactInfo[]) => void;
  onChoose: (artifact: ArtifactInfo | undefined) => void;
}

function Rows({ rows, nodes, chosen, sizes, want, onChoose }: RowsProps): ReactElement {
  const box = useRef<HTMLDivElement>(null);
  const now = useNow(true, 10_000);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => ROW, overscan: 8, scrollPaddingEnd: ROW });
  const items = virtual.getVirtualItems();
  const [from, to] = [items[0]?.index ?? 0, items.at(-1)?.index ?? -1];
  useEffect(() => { want(rows.slice(from, to + 1)); }, [want, rows, from, to]);
  const at = rows.findIndex((row) => idOf(row) === chosen);
  useEffect(() => {
    if (at < 0) return;
    // The list is lower once there is something below it.
    const frame = requestAnimationFrame(() => { virtual.scrollToIndex(at); });
    return () => { cancelAnimationFrame(frame); };
  }, [at, virtual]);
  const key = (event: KeyboardEvent): void => {
    const next = event.key === 'ArrowDown' ? at + 1 : event.key === 'ArrowUp' ? Math.max(0, at - 1) : event.key === 'Home' ? 0 : event.key === 'End' ? rows.length - 1 : undefined;
    if (next !== undefined) onChoose(rows[Math.min(rows.length - 1, next)]);
    else if (event.key === 'Enter') document.querySelector<HTMLElement>('.artifact-body [tabindex="0"]')?.focus();
    else if (event.key === 'Escape') onChoose(undefined);
    else return;
    event.preventDefault();
  };
  return (
    <div ref={box} className="rows grid" role="grid" aria-label="Artifacts" aria-rowcount={rows.length + 1} tabIndex={0} data-pane-focus onKeyDown={key}>
      <div className="tr ar head-row" role="row" aria-rowindex={1}>{COLUMNS.map((each) => <div key={each} role="columnheader">{each}</div>)}</div>
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }} role="rowgroup">
        {items.map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          const size = sizes.get(idOf(row));
          const much = amount(row, size);
          const changed = size && !('code' in size) ? size.modifiedAt : undefined;
          const step = nodes.get(row.nodeId)?.displayName ?? row.nodeId;
          return (
            <div key={item.key} role="row" aria-rowindex={item.index + 2} aria-selected={item.index === at} className="tr ar" data-missing={much.missing === true ? true : undefined} style={{ transform: `translateY(${item.start}px)` }} onClick={() => { onChoose(row); }}>
              <div role="gridcell" className="of-kind">{row.direction === 'output' ? <ArrowUpRight aria-label="Output" /> : <ArrowDownLeft aria-label="Input" />}<span className="cut" title={row.name}>{row.name}</span></div>
              <div role="gridcell" className="cut soft" title={step}>{step}</div>
              <div role="gridcell" className="num soft" title={much.title}>{much.words}</div>
              <div role="gridcell" className="num soft" title={exact(changed)}>{age(changed, now)}</div>
              <div role="gridcell" className="soft cut">{KIND_WORDS[row.kind] ?? row.kind}{row.archive === 'none' ? '' : `, ${row.archive}`}</div>
              <div role="gridcell" className="cut soft mono" title={row.key}>{row.key}</div>
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** What is on its way to the disk: how far it is, and how to stop it. */
function Downloads(): ReactElement | null {
  const list = useDownloads((state) => state.list);
  if (list.length === 0) return null;
  return (
    <ul className="downloads" aria-label="Downloads">
      {list.map(({ id, title, bytes, of, cancel }) => (
        <li key={id}>
          <span className="cut">{title}</span>
          <progress aria-label={`Download of ${title}`} max={of ?? 1} {...(of === undefined ? {} : { value: bytes })} />
          <span className="soft num">{sizeWords(bytes)}{of === undefined ? '' : ` of ${sizeWords(of)}`}</span>
          <Button kind="quiet" size="icon small" tip="Cancel: nothing of it stays on the disk" onClick={cancel}><X aria-hidden /></Button>
        </li>
      ))}
    </ul>
  );
}
