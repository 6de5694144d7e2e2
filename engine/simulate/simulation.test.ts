import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { readManifests } from '../spec/read.ts';
import type { NodeStatus, Workflow, WorkflowSpec } from '../spec/types.ts';
import { Simulation } from './simulation.ts';
import type { SimulationFrame } from './simulation.ts';
import type { StepRule } from './script.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');

interface Played {
  frames: SimulationFrame[];
  nodes: Record<string, NodeStatus>;
  phase: string;
  pods: string[];
  seconds: number;
}

function play(spec: WorkflowSpec, rules: StepRule[] = [], duration = 10): Played {
  return playRun({ metadata: { name: 'wf', namespace: 'ns', uid: 'u' }, spec }, rules, duration);
}

function playRun(workflow: Workflow, rules: StepRule[] = [], duration = 10): Played {
  const simulation = new Simulation({ workflow, rules, duration, now: NOW });
  const frames: SimulationFrame[] = [];
  for (let frame = simulation.next(); frame; frame = simulation.next()) frames.push(frame);
  const nodes = Object.fromEntries(frames.flatMap((frame) => frame.nodes).map((node) => [node.name, node]));
  return { frames, nodes, phase: frames.at(-1)?.phase ?? '', pods: simulation.pods.map(({ nodeName }) => nodeName), seconds: (frames.at(-1)?.atMs ?? 0) / 1000 };
}

const container = (name: string, more: object = {}) => ({ name, container: { image: 'busybox', command: ['true'] }, ...more });
const diamond: WorkflowSpec = {
  entrypoint: 'main',
  templates: [
    { name: 'main', dag: { tasks: [{ name: 'a', template: 'work' }, { name: 'b', template: 'work', dependencies: ['a'] }, { name: 'c', template: 'work', dependencies: ['a'] }, { name: 'd', template: 'work', dependencies: ['b', 'c'] }] } },
    container('work'),
  ],
};

test('steps take the time they are given, and what is parallel takes it together', () => {
  const { phase, pods, seconds } = play(diamond, [{ node: 'wf.b', duration: 60 }]);
  assert.equal(phase, 'Succeeded');
  assert.deepEqual(pods, ['wf.a', 'wf.b', 'wf.c', 'wf.d']);
  assert.equal(seconds, 10 + 60 + 10);
});

test('a step fails as the user says, and what depends on it is omitted', () => {
  const { phase, nodes } = play(diamond, [{ node: 'wf.b', outcome: 'Failed', exitCode: 3, message: 'no disk' }]);
  assert.equal(phase, 'Failed');
  assert.equal(nodes['wf.b']?.outputs?.exitCode, '3');
  assert.match(nodes['wf.b'].message ?? '', /no disk/);
  assert.equal(nodes['wf.d']?.phase, 'Omitted');
});

test('what a step did cannot be brought home: an error', () => {
  const { nodes } = play(diamond, [{ node: 'wf.a', outcome: 'Error', message: 'no bucket' }]);
  assert.equal(nodes['wf.a']?.phase, 'Error');
  assert.equal(nodes['wf.a'].message, 'no bucket');
});

test('first attempts fail, a later one succeeds, after its backoff', () => {
  const { phase, pods, seconds } = play({ entrypoint: 'work', templates: [container('work', { retryStrategy: { limit: 3, backoff: { duration: '30' } } })] }, [{ node: 'wf', failures: 2 }]);
  assert.equal(phase, 'Succeeded');
  assert.deepEqual(pods, ['wf(0)', 'wf(1)', 'wf(2)']);
  assert.ok(seconds >= 30 + 30 + 30, `waited for the backoff: ${seconds}`);
});

test('a loop over an output that nobody gave goes over a sample; one that was given goes over it', () => {
  const spec: WorkflowSpec = {
    entrypoint: 'main',
    templates: [
      { name: 'main', steps: [[{ name: 'list', template: 'script' }], [{ name: 'each', template: 'work', arguments: { parameters: [{ name: 'x', value: '{{item}}' }] }, withParam: '{{steps.list.outputs.result}}' }]] },
      { name: 'script', script: { image: 'busybox', command: ['sh'], source: 'echo' } },
      container('work', { inputs: { parameters: [{ name: 'x' }] } }),
    ],
  };
  assert.equal(play(spec).pods.length, 1 + 3);
  const given = play(spec, [{ node: 'wf[0].list', result: '[1,2]' }]);
  assert.deepEqual(given.pods.slice(1), ['wf[1].each(0:1)', 'wf[1].each(1:2)']);
});

test('a condition sees the value that the user gave', () => {
  const spec: WorkflowSpec = {
    entrypoint: 'main',
    templates: [
      { name: 'main', steps: [[{ name: 'flip', template: 'flip' }], [{ name: 'heads', template: 'work', when: '{{steps.flip.outputs.result}} == heads' }, { name: 'tails', template: 'work', when: '{{steps.flip.outputs.result}} == tails' }]] },
      { name: 'flip', script: { image: 'busybox', command: ['sh'], source: 'echo' } }, container('work'),
    ],
  };
  const { nodes } = play(spec, [{ node: 'wf[0].flip', result: 'tails' }]);
  assert.equal(nodes['wf[1].heads']?.phase, 'Skipped');
  assert.equal(nodes['wf[1].tails']?.phase, 'Succeeded');
});

test('somebody answers what waits for a person; what has a duration ends by itself', () => {
  const spec: WorkflowSpec = {
    entrypoint: 'main',
    templates: [
      { name: 'main', steps: [[{ name: 'approve', template: 'ask' }], [{ name: 'pause', template: 'pause' }]] },
      { name: 'ask', suspend: {}, outputs: { parameters: [{ name: 'answer', valueFrom: { supplied: {} } }] } }, { name: 'pause', suspend: { duration: '90' } },
    ],
  };
  const { nodes, phase, seconds } = play(spec, [{ node: 'wf[0].approve', duration: 5, parameters: { answer: 'yes' } }]);
  assert.equal(phase, 'Succeeded');
  assert.equal(nodes['wf[0].approve']?.outputs?.parameters?.[0]?.value, 'yes');
  assert.ok(seconds >= 95 && seconds < 100, String(seconds));
  assert.equal(play(spec, [{ node: 'wf[0].approve', outcome: 'Failed' }]).phase, 'Failed');
});

test('a recursion without end ends as it does in a cluster; a run that is too large is refused', () => {
  const spec: WorkflowSpec = { entrypoint: 'main', templates: [{ name: 'main', steps: [[{ name: 'work', template: 'work' }], [{ name: 'again', template: 'main' }]] }, container('work')] };
  assert.equal(play(spec).phase, 'Failed');
  const wide: WorkflowSpec = { entrypoint: 'main', templates: [{ name: 'main', steps: [[{ name: 'work', template: 'work', withSequence: { count: 3500 } }]] }, container('work')] };
  assert.throws(() => play(wide), /beyond 3000 steps/);
});

test('the same request gives the same frames, and frames hold only what changed', () => {
  const first = play(diamond, [{ node: 'wf.c', outcome: 'Failed' }]);
  assert.deepEqual(first.frames, play(diamond, [{ node: 'wf.c', outcome: 'Failed' }]).frames);
  const sent = first.frames.flatMap(({ nodes }) => nodes.map((node) => JSON.stringify(node)));
  assert.equal(new Set(sent).size, sent.length);
});

const samples = path.resolve(import.meta.dirname, '../../assets/samples');
test('every sample comes to an end', () => {
  for (const file of readdirSync(samples).filter((name) => name.endsWith('.yaml'))) {
    for (const manifest of readManifests(readFileSync(path.join(samples, file), 'utf8')).manifests) {
      if (manifest.kind !== 'Workflow') continue;
      // The coin of a recursion falls on its end.
      const rules = file.includes('coinflip') ? [{ node: 'wf', result: 'heads' }] : [];
      const { phase } = playRun({ ...manifest.object, metadata: { ...manifest.object.metadata, name: 'wf', namespace: 'ns', uid: 'u' } }, rules);
      assert.match(phase, /^(Succeeded|Failed|Error)$/, file);
    }
  }
});
