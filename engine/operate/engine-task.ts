/**
 * Templates that the engine carries out itself: `resource` acts on objects of the cluster, `data` lists artifacts. Their nodes
 * look as if a Pod had done it (type, messages, exit codes), since that is what Argo's are.
 */
import { archiveLocation } from '../pod/artifacts.ts';
import { recordedTemplate } from '../pod/plan.ts';
import type { NodeStatus, Outputs, Template } from '../spec/types.ts';
import type { TaskReport } from './types.ts';
import { Fault } from './fault.ts';
import { joined, substituteJson } from './language.ts';
import { saveToCache } from './memoize.ts';
import { phaseFulfilled, setMessage } from './nodes.ts';
import { isPartOfExitHandler, type Executed, type Run } from './run.ts';
import { openNode, type Task } from './task.ts';
import { milliseconds } from './time.ts';
import { timeoutOf } from './timeouts.ts';

/** The exit code of Argo's executor for anything that went wrong. */
const FAILED = 64;
const LATE = 'Pod was active on the node longer than the specified deadline';

/** @returns whether the node is one of these */
export function isEngineTask(run: Run, node: NodeStatus): boolean {
  const template = run.templateOf(node);
  return template?.resource !== undefined || template?.data !== undefined;
}

/** One node; asks for the work until its report says that it is over. */
export function executeEngineTask(run: Run, task: Task): Executed {
  const onExit = task.options.onExit ?? false;
  const node = openNode(run, task, 'Pod', 'Pending');
  if (node.phase !== 'Pending' && node.phase !== 'Running') return { node };
  if (!run.mayExecute(onExit)) return { node: run.nodes.mark(node.id, 'Failed', `workflow shutdown with strategy: ${run.shutdown}`) };
  const end = deadlineOf(run, task, node);
  // What was waited for helps more than that it took too long.
  if (end !== undefined && run.now > end) return { node: fail(run, node, node.message ? `${LATE}: ${node.message}` : LATE) };
  if (end !== undefined) run.wakeAt(end + 1);
  const template = filled(run, node, recordedTemplate(archiveLocation(task.template, run.spec, run.repository), run.spec));
  run.act({ type: 'engine-task', task: { nodeId: node.id, nodeName: node.name, template, startedAt: node.startedAt ?? run.stamp, acted: node.phase === 'Running' } });
  return { node: run.nodes.get(node.id) };
}

/** Some tags come from outside the template: the repository's keys. */
function filled(run: Run, node: NodeStatus, template: Template): Template {
  const text = JSON.stringify(template);
  return text.includes('{{') ? substituteJson(text, joined(text, run.globals, new Map([['pod.name', run.podNameOf(node)]])), 'loose').value as Template : template;
}

/** As for Pods: `timeout` counts before activeDeadlineSeconds, and nothing outlives the workflow or its retry strategy. Throws Fault. */
function deadlineOf(run: Run, task: Task, node: NodeStatus): number | undefined {
  const own = task.template.activeDeadlineSeconds;
  const seconds = own === undefined ? undefined : Number(own);
  if (seconds !== undefined && !Number.isInteger(seconds)) throw new Fault('error', `strconv.ParseInt: parsing ${JSON.stringify(String(own))}: invalid syntax`);
  const active = seconds === undefined ? undefined : milliseconds(node.startedAt) + seconds * 1000;
  const times = [timeoutOf(run, task.template, node) ?? active, task.options.onExit ? undefined : run.deadline, task.options.deadline];
  return times.reduce((first, time) => (first === undefined || (time !== undefined && time < first) ? time : first), undefined);
}

function fail(run: Run, node: NodeStatus, message: string): NodeStatus {
  run.nodes.edit(node.id).outputs = { ...node.outputs, exitCode: '143' };
  return run.nodes.mark(node.id, 'Failed', message);
}

/** What the reports say becomes phases, messages and outputs; then shutdowns and the workflow's deadline have their say. */
export function assessTasks(run: Run): void {
  for (const [id, report] of run.observed.tasks ?? []) {
    const node = run.nodes.get(id);
    if (node?.type === 'Pod' && !phaseFulfilled(node)) settle(run, node, report);
  }
  const late = run.deadline !== undefined && run.now > run.deadline;
  if (run.shutdown === '' && !late) return;
  for (const node of [...run.nodes.all()]) {
    if (node.type !== 'Pod' || node.phase !== 'Running' || !isEngineTask(run, node)) continue;
    const onExit = isPartOfExitHandler(run, node);
    // Argo: as for a running Pod, applyExecutionControl
    if (!run.mayExecute(onExit)) fail(run, node, `workflow shutdown with strategy:  ${run.shutdown}`);
    else if (late && !onExit) fail(run, node, 'Step exceeded its deadline');
  }
}

function settle(run: Run, node: NodeStatus, report: TaskReport): void {
  const { phase } = report;
  const message = phase === 'Failed' ? `main: Error (exit code ${FAILED}): ${report.message ?? ''}` : report.message ?? '';
  if (node.phase === phase && (node.message ?? '') === message) return;
  // What was acted on stays acted on, whatever a new engine says at first.
  if (phase === 'Pending' && node.phase === 'Running') return;
  const own = run.nodes.edit(node.id);
  own.progress ??= '0/1';
  own.phase = phase;
  setMessage(own, message);
  if (!phaseFulfilled(own)) return;
  own.finishedAt ??= run.stamp;
  const outputs: Outputs = { ...node.outputs, ...report.outputs, exitCode: phase === 'Succeeded' ? '0' : String(FAILED) };
  own.outputs = outputs;
  run.publish(outputs);
  if (phase === 'Succeeded') saveToCache(run, node.id);
}
