/** Simulations of the scripted bridge: the engine's own, computed in the page. */
import { Simulation } from '../../engine/simulate/simulation.ts';
import { readManifests } from '../../engine/spec/read.ts';
import type { StreamItems, StreamRequest } from '../../main/ipc/contract.ts';

/** @returns what the stream `runs.simulate` tells of a text that holds a Workflow, in one item */
export function simulateText({ text, namespace, rules, duration }: StreamRequest<'runs.simulate'>): StreamItems['runs.simulate'] {
  const manifest = readManifests(text).manifests.find(({ kind }) => kind === 'Workflow');
  if (manifest?.kind !== 'Workflow') return { frames: [] };
  const { metadata } = manifest.object;
  const simulation = new Simulation({ workflow: { ...manifest.object, metadata: { ...metadata, name: metadata.name ?? metadata.generateName ?? 'workflow', namespace, uid: 'simulated' } }, rules, duration, now: Date.now() });
  const frames: StreamItems['runs.simulate']['frames'] = [];
  for (let frame = simulation.next(); frame; frame = simulation.next()) frames.push(frame);
  const plans = simulation.pods.map(({ nodeName, name, template, spec, labels, annotations }) => ({ nodeName, template, manifest: { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels, annotations }, spec } }));
  return { frames, end: { pods: plans.length, plans, workflow: { ...simulation.workflow, status: { ...simulation.workflow.status, nodes: {} } } } };
}
