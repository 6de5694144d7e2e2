import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Engine, LogLine, RunChange, RunListChange, RunSummary } from '../../engine/index.ts';
import type { NodeStatus } from '../../engine/spec/types.ts';
import type { StreamItems } from '../ipc/contract.ts';
import { realTimers } from '../pump.ts';
import { mergeList, mergeRun, runHandlers, runSources, splitRun } from './runs.ts';

const sorted = <T>(map: Map<string, T>): [string, T][] => [...map].sort(([a], [b]) => a.localeCompare(b));
const names = fc.constantFrom('a', 'b', 'c', 'd');
const summary = fc.record({ name: names, uid: fc.string() }).map((run) => run as RunSummary);
const listChange: fc.Arbitrary<RunListChange> = fc.record({ upserts: fc.uniqueArray(summary, { selector: ({ name }) => name }), removed: fc.uniqueArray(names), reset: fc.boolean() })
  .map((change) => ({ ...change, removed: change.reset ? [] : change.removed.filter((name) => !change.upserts.some((run) => run.name === name)) }));

function applyList(state: Map<string, RunSummary>, change: RunListChange): Map<string, RunSummary> {
  const next = new Map(change.reset ? [] : state);
  for (const name of change.removed) next.delete(name);
  for (const run of change.upserts) next.set(run.name, run);
  return next;
}

test('merged list changes mean what they meant one by one', () => {
  fc.assert(fc.property(fc.array(listChange, { minLength: 1, maxLength: 6 }), listChange, (changes, first) => {
    const start = applyList(new Map(), first);
    const oneByOne = changes.reduce(applyList, start);
    const merged = applyList(start, changes.reduce(mergeList));
    assert.deepEqual(sorted(merged), sorted(oneByOne));
  }));
});

const node = fc.record({ id: names, name: fc.string() }).map((value) => value as unknown as NodeStatus);
const runChange: fc.Arbitrary<RunChange> = fc.record({ nodes: fc.uniqueArray(node, { selector: ({ id }) => id }), removedNodes: fc.uniqueArray(names), reset: fc.boolean(), version: fc.option(fc.string(), { nil: undefined }) })
  .map(({ nodes, removedNodes, reset, version }) => ({
    reset, nodes, removedNodes: reset ? [] : removedNodes.filter((id) => !nodes.some((each) => each.id === id)), ...(version === undefined && !reset ? {} : { workflow: { version } as never }),
  }));

function applyRun(state: { nodes: Map<string, NodeStatus>; workflow: unknown }, change: RunChange): { nodes: Map<string, NodeStatus>; workflow: unknown } {
  const nodes = new Map(change.reset ? [] : state.nodes);
  for (const id of change.removedNodes) nodes.delete(id);
  for (const each of change.nodes) nodes.set(each.id, each);
  return { nodes, workflow: change.workflow ?? (change.reset ? undefined : state.workflow) };
}

test('merged node deltas mean what they meant one by one', () => {
  fc.assert(fc.property(fc.array(runChange, { minLength: 1, maxLength: 6 }), runChange, (changes, first) => {
    const start = applyRun({ nodes: new Map(), workflow: undefined }, first);
    const oneByOne = changes.reduce(applyRun, start);
    const merged = applyRun(start, changes.reduce(mergeRun));
    assert.deepEqual([sorted(merged.nodes), merged.workflow], [sorted(oneByOne.nodes), oneByOne.workflow]);
  }));
});

test('a large change in parts means what it meant whole, also with later ones merged into its rest', () => {
  fc.assert(fc.property(runChange, runChange, runChange, (first, change, later) => {
    const start = applyRun({ nodes: new Map(), workflow: undefined }, first);
    const [part, rest] = splitRun(change, 1);
    assert.ok(part.nodes.length <= 1);
    const whole = applyRun(applyRun(start, change), later);
    const parts = applyRun(applyRun(start, part), rest ? mergeRun(rest, later) : later);
    assert.deepEqual([sorted(parts.nodes), parts.workflow], [sorted(whole.nodes), whole.workflow]);
  }));
});

const unused = (): Promise<never> => Promise.reject(new Error('nothing may be asked of a cluster'));

test('a text that is not one workflow is refused with what to do', async () => {
  const submit = runHandlers({ engine: unused, startEngine: unused })['runs.submit'];
  const request = { contextId: 'local', namespace: 'default', parameters: {} };
  await assert.rejects(async () => submit({ ...request, text: 'a: [' }), (error: { code: string; cause: unknown[] }) => error.code === 'invalid' && Array.isArray(error.cause) && error.cause.length > 0);
  await assert.rejects(async () => submit({ ...request, text: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n' }), { code: 'invalid', message: /no workflow/ });
  await assert.rejects(async () => submit({ ...request, text: 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: a}\nspec: {entrypoint: missing, templates: []}\n' }), { code: 'invalid', message: /keep it from running|keeps it from running/ });
  await assert.rejects(async () => submit({ ...request, text: '' }), { code: 'invalid' });
  await assert.rejects(async () => submit({ ...request, text: 'kind: Workflow\n---\nkind: Workflow\n' }), { code: 'invalid', message: /2 workflows/ });
});

test('a log is not read on while the window is behind', async () => {
  let read = 0;
  async function* endless(): AsyncIterable<LogLine> {
    for (;;) {
      read += 1;
      yield { pod: 'p', container: 'main', nodeId: 'n', text: String(read) };
      await Promise.resolve();
    }
  }
  const stop = new AbortController();
  const source = runSources({ engine: () => Promise.resolve({ logs: endless } as unknown as Engine) }, realTimers)['runs.logs'];
  let pushed = 0;
  let release: () => void = () => undefined;
  const sink = { push: (item: StreamItems['runs.logs']) => { pushed += item.lines.length; }, fail: () => undefined, drained: () => new Promise<void>((resolve) => { release = resolve; }) };
  const done = source.open({ contextId: 'c', namespace: 'n', name: 'r', follow: true }, sink, stop.signal);
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(pushed, 1000);
  assert.equal(read, 1000);
  release();
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(pushed, 2000);
  stop.abort();
  release();
  await done;
});
