/** A simulation and its playback: what the person says about steps, the frames that came of it, and the moment that is shown. */
import { create } from 'zustand';
import type { NodeStatus, Workflow } from '../../../engine/spec/types.ts';
import type { StreamItems, StreamRequest } from '../../../main/ipc/contract.ts';
import { subscribe } from '../../app/bridge.ts';
import type { UiError } from '../../app/bridge.ts';
import { placeOf, useUi } from '../../app/store.ts';

type Request = StreamRequest<'runs.simulate'>;
type Item = StreamItems['runs.simulate'];
export type StepRule = Request['rules'][number];
export type Frame = Item['frames'][number];

interface Player {
  /** Document that all of it is about. */
  document: string | undefined;
  rules: Readonly<Record<string, StepRule>>;
  parameters: Readonly<Record<string, string>>;
  /** Seconds of a step that nothing was said about. */
  duration: number;
  state: 'none' | 'computing' | 'ready' | 'failed';
  /** The text that was simulated. */
  text: string;
  frames: readonly Frame[];
  end: Item['end'];
  error: UiError | undefined;
  /** Milliseconds since its beginning that are shown. */
  at: number;
  playing: boolean;
  speed: number;
  /** Milliseconds since the epoch at which it begins. */
  begin: number;
}

const EMPTY = { rules: {}, parameters: {}, duration: 10, state: 'none', text: '', frames: [], end: undefined, error: undefined, at: 0, playing: false, speed: 10, begin: 0 } as const;

export const usePlayer = create<Player>(() => ({ document: undefined, ...EMPTY }));

/** How fast it can be played. */
export const SPEEDS: readonly number[] = [1, 10, 60, 600, 3600];
/** About how long a whole run is played at first. */
const PLAY_SECONDS = 8;
const AGAIN_MS = 400;
const TICK_MS = 50;

let close: (() => void) | undefined;
let again: ReturnType<typeof setTimeout> | undefined;
let ticking: ReturnType<typeof setInterval> | undefined;

/** What was said belongs to one document. */
export function openPlayer(document: string): void {
  if (usePlayer.getState().document === document) return;
  stopComputing();
  pause();
  usePlayer.setState({ ...EMPTY, document });
}

/** Computes the run of the open text anew; `play` begins to show it as soon as it is there. */
export function simulate(play: boolean): void {
  const { document } = useUi.getState();
  if (!document) return;
  stopComputing();
  pause();
  const { rules, parameters, duration } = usePlayer.getState();
  const frames: Frame[] = [];
  usePlayer.setState({ state: 'computing', text: document.text, frames: [], end: undefined, error: undefined, at: 0 });
  close = subscribe('runs.simulate', { ...placeOf(useUi.getState()), text: document.text, parameters, rules: Object.values(rules), duration }, (item) => {
    for (const frame of item.frames) frames.push(frame);
    if (!item.end) {
      usePlayer.setState({ frames: [...frames] });
      return;
    }
    stopComputing();
    finish(frames, item.end, play);
  }, (error) => {
    stopComputing();
    usePlayer.setState({ state: 'failed', error });
  });
}

function finish(frames: readonly Frame[], end: Item['end'], play: boolean): void {
  const total = frames.at(-1)?.atMs ?? 0;
  const speed = SPEEDS.find((each) => total / 1000 / each <= PLAY_SECONDS) ?? SPEEDS.at(-1) ?? 1;
  const begin = Date.parse(end?.workflow.status?.startedAt ?? '') || Date.now();
  usePlayer.setState({ state: 'ready', frames, end, begin, speed, at: play ? 0 : total });
  if (play) resume();
}

/** Gives up computing; what came so far stays. */
export function stopComputing(): void {
  close?.();
  close = undefined;
  clearTimeout(again);
  if (usePlayer.getState().state === 'computing') usePlayer.setState({ state: usePlayer.getState().frames.length ? 'ready' : 'none' });
}

/** Says how a step goes, or (undefined) nothing any more, and computes again what was computed. */
export function setRule(node: string, rule: Omit<StepRule, 'node'> | undefined): void {
  const rules = { ...usePlayer.getState().rules };
  if (rule && Object.keys(rule).length) rules[node] = { ...rule, node };
  else delete rules[node];
  change({ rules });
}

export function change(what: Partial<Pick<Player, 'rules' | 'parameters' | 'duration'>>): void {
  usePlayer.setState(what);
  if (usePlayer.getState().state === 'none') return;
  clearTimeout(again);
  again = setTimeout(() => { simulate(false); }, AGAIN_MS);
}

/** Milliseconds of the whole run. */
export function totalOf({ frames }: Pick<Player, 'frames'>): number {
  return frames.at(-1)?.atMs ?? 0;
}

export function seek(at: number): void {
  usePlayer.setState({ at: Math.max(0, Math.min(at, totalOf(usePlayer.getState()))) });
}

/** Plays on; from the beginning when it is at its end. */
export function resume(): void {
  const state = usePlayer.getState();
  if (state.at >= totalOf(state)) seek(0);
  clearInterval(ticking);
  let last = performance.now();
  usePlayer.setState({ playing: true });
  ticking = setInterval(() => {
    const now = performance.now();
    const { at, speed, frames } = usePlayer.getState();
    seek(at + (now - last) * speed);
    last = now;
    if (usePlayer.getState().at >= totalOf({ frames })) pause();
  }, TICK_MS);
}

export function pause(): void {
  clearInterval(ticking);
  if (usePlayer.getState().playing) usePlayer.setState({ playing: false });
}

/** The moment of the change before (-1) or after (1) the one that is shown. */
export function stepFrame(direction: 1 | -1): void {
  pause();
  const { frames, at } = usePlayer.getState();
  const next = direction > 0 ? frames.find(({ atMs }) => atMs > at) : frames.findLast(({ atMs }) => atMs < at);
  if (next) seek(next.atMs);
}

/** The frame that is shown at a moment: the last that is not after it. */
export function frameAt(frames: readonly Frame[], at: number): number {
  let low = 0;
  let high = frames.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((frames[middle]?.atMs ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

let shown: { frames: readonly Frame[]; index: number; nodes: ReadonlyMap<string, NodeStatus> } | undefined;

/** @returns the nodes of the run after a frame; forward, only what changed is put in */
export function nodesAt(frames: readonly Frame[], index: number): ReadonlyMap<string, NodeStatus> {
  if (shown?.frames === frames && shown.index === index) return shown.nodes;
  const forward = shown?.frames === frames && shown.index < index;
  const nodes = new Map(forward ? shown?.nodes : []);
  for (let i = forward && shown ? shown.index + 1 : 0; i <= index; i++) for (const node of frames[i]?.nodes ?? []) nodes.set(node.id, node);
  shown = { frames, index, nodes };
  return nodes;
}

/** The simulated run as it stands at a frame, without its nodes. */
export function runAt(workflow: Workflow, end: Item['end'], frame: Frame | undefined): Workflow {
  const base = end?.workflow ?? workflow;
  return { ...base, status: { ...base.status, phase: frame?.phase ?? '', ...(frame?.outputs && { outputs: frame.outputs }) } };
}
