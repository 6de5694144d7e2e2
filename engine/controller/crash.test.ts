/**
 * Crash safety: the engine is killed between any two of its writes, before one or after one whose answer never came, and a
 * new one goes on. The run ends in the same state, and no step has run twice.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RESOURCE } from '../kube/port.ts';
import type { NodeStatus, Workflow, WorkflowSpec } from '../spec/types.ts';
import { container, killable, NS, withWorld, workflow } from './harness.test.ts';
import type { Rule } from './harness.test.ts';

interface Scenario {
  name: string;
  spec: WorkflowSpec;
  rules: Rule[];
  /** Done once, so many seconds after the submit. */
  stopAt?: number;
  /** Milliseconds that each save takes: what must not happen before it has the time to. */
  slowSaves?: number;
}

const echo = { name: 'echo', inputs: { parameters: [{ name: 'v' }] }, container: { image: 'i', command: ['echo', '{{inputs.parameters.v}}'] } };

const SCENARIOS: Scenario[] = [
  {
    name: 'steps with outputs, a loop and an exit handler', rules: [{ node: /gen$/, result: '["x","y","z"]' }],
    spec: {
      entrypoint: 'main', onExit: 'one',
      templates: [
        { name: 'main', steps: [[{ name: 'gen', template: 'gen' }], [{ name: 'each', template: 'echo', withParam: '{{steps.gen.outputs.result}}', arguments: { parameters: [{ name: 'v', value: '{{item}}' }] } }]] },
        { name: 'gen', script: { image: 'i', command: ['sh'], source: 'echo' } }, echo, container('one'),
      ],
    },
  },
  {
    name: 'retries with backoff in a dag, one branch failing for good',
    rules: [{ node: /flaky\(0\)$/, exitCode: 1 }, { node: /broken/, exitCode: 2 }],
    spec: {
      entrypoint: 'main',
      templates: [
        { name: 'main', dag: { failFast: false, tasks: [{ name: 'flaky', template: 'retried' }, { name: 'broken', template: 'retried' }, { name: 'after', template: 'one', dependencies: ['flaky'] }, { name: 'never', template: 'one', dependencies: ['broken'] }] } },
        container('retried', { retryStrategy: { limit: 2, retryPolicy: 'Always', backoff: { duration: '2', factor: 2 } } }), container('one'),
      ],
    },
  },
  {
    name: 'Pods collected as they end', rules: [], slowSaves: 300,
    spec: { entrypoint: 'main', podGC: { strategy: 'OnPodCompletion', deleteDelayDuration: '0s' }, templates: [{ name: 'main', steps: [[{ name: 'a', template: 'one' }, { name: 'b', template: 'one' }], [{ name: 'c', template: 'one' }]] }, container('one')] },
  },
  {
    name: 'stopped by a person', rules: [{ node: /long/, after: 1000 }], stopAt: 3,
    spec: { entrypoint: 'main', onExit: 'one', templates: [{ name: 'main', steps: [[{ name: 'long', template: 'one' }], [{ name: 'next', template: 'one' }]] }, container('one')] },
  },
];

interface Ending {
  phase: string;
  message: string;
  nodes: Record<string, [phase: string | undefined, outputs: unknown]>;
  made: string[];
}

/** Runs a scenario; the engine is killed before or after its k-th writes, each time another takes over. */
async function play(scenario: Scenario, kills: readonly number[], after: boolean): Promise<{ ending: Ending; writes: number }> {
  let ending: Ending | undefined;
  let writes = 0;
  await withWorld(scenario.rules, async (world) => {
    const { clock, cluster } = world;
    await cluster.create<Workflow>(RESOURCE.workflow, { ...workflow('run', scenario.spec), apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { name: 'run', namespace: NS, labels: { 'workflows.argoproj.io/controller-instanceid': 'tiphys' } } });
    if (scenario.slowSaves) cluster.fault({ verb: 'update', resource: 'workflows', delayMs: scenario.slowSaves, times: 1_000_000 });
    const submitted = clock.now();
    let stopped = scenario.stopAt === undefined;
    const life = async (killAt: number | undefined): Promise<boolean> => {
      const control = killable(cluster);
      let count = 0;
      const state = { killed: false };
      control.onWrite = (call) => {
        // The lease is not part of what a crash could harm here.
        if (call.endsWith('leases')) return;
        count += 1;
        writes += 1;
        if (count !== killAt) return;
        state.killed = true;
        if (after) setImmediate(() => control.kill());
        else control.kill();
      };
      const engine = world.engine({ cluster: control.cluster, identity: 'same' });
      // The dead engine's lease would hold the next one up for its duration only.
      await cluster.delete(RESOURCE.lease, NS, 'tiphys').catch(() => undefined);
      await engine.start(NS);
      await clock.until(() => {
        if (!stopped && clock.now() - submitted >= (scenario.stopAt ?? 0) * 1000) {
          stopped = true;
          void cluster.patch(RESOURCE.workflow, NS, 'run', { type: 'merge', body: { spec: { shutdown: 'Stop' } } });
        }
        return state.killed || world.run('run').metadata.labels?.['workflows.argoproj.io/completed'] === 'true';
      }, 120_000);
      // What had left before the kill arrives.
      if (!state.killed) {
        control.onWrite = () => undefined;
        return false;
      }
      world.abandon(engine);
      await clock.settle();
      return true;
    };
    // Killed at writes that never come: the engine that is there goes on.
    let killed = true;
    for (const kill of [...kills, undefined]) killed = killed && (await life(kill));
    const run = await world.finish('run');
    await clock.advance(10_000);
    const nodes = Object.values(run.status?.nodes ?? {}).map((node: NodeStatus): [string, [string | undefined, unknown]] => [node.name, [node.phase, node.outputs]]);
    ending = { phase: run.status?.phase ?? '', message: run.status?.message ?? '', nodes: Object.fromEntries(nodes.sort(([a], [b]) => (a < b ? -1 : 1))), made: [...world.made].sort() };
  });
  assert.ok(ending);
  return { ending, writes };
}

for (const scenario of SCENARIOS) {
  test(`killed at each single write: ${scenario.name}`, async () => {
    const { ending: expected, writes } = await play(scenario, [], false);
    assert.ok(writes > 4);
    for (const after of [false, true]) {
      for (let kill = 1; kill <= writes; kill++) {
        const { ending } = await play(scenario, [kill], after);
        assert.deepEqual(ending, expected, `killed ${after ? 'after' : 'before'} write ${kill}`);
      }
    }
  });
}

test('killed again and again at any writes', async () => {
  const expected = await Promise.all(SCENARIOS.map((scenario) => play(scenario, [], false)));
  await fc.assert(fc.asyncProperty(fc.nat(SCENARIOS.length - 1), fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 6 }), fc.boolean(), async (index, kills, after) => {
    const { ending } = await play(SCENARIOS[index]!, kills, after);
    assert.deepEqual(ending, expected[index]!.ending);
  }), { numRuns: 25 });
});
