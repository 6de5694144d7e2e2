/**
 * Carries out one call of a template: finds it, fills it in, asks whether it may start, wraps it in a retry node when it has
 * a strategy, and hands it to the executor of its type. Argo: executeTemplate
 */
import type { Arguments, NodeStatus, RetryStrategy, Template } from '../spec/types.ts';
import { processTemplate, substituteTemplate } from './arguments.ts';
import { executeDag } from './dag.ts';
import { DEPTH, Fault, TIMEOUT, attempt } from './fault.ts';
import { executeEngineTask } from './engine-task.ts';
import { executeHttp } from './http.ts';
import { executePlugin, executePod, executeSuspend } from './leaf.ts';
import { consultCache } from './memoize.ts';
import { countedTemplate } from './metrics.ts';
import { isFailed, phaseFulfilled, isFulfilled, setMessage } from './nodes.ts';
import { checkParallelism } from './parallelism.ts';
import { isPodType, scopeOf, templateType, type Call, type Place, type TemplateType } from './resolve.ts';
import { attemptDeadline, lastRetryValues, processRetries, retriedChildren } from './retry.ts';
import type { ExecuteOptions, Executed, Run } from './run.ts';
import { descendantsFulfilled, executeSteps } from './steps.ts';
import { applyTemplateDefaults } from './defaults.ts';
import { timeoutOf } from './timeouts.ts';
import { createNode, nodeTypeOf, openNode, type Task } from './task.ts';

export type Executor = (run: Run, task: Task) => Executed;

/** Every type of template has its executor; a new type does not compile without one. */
const EXECUTORS: Record<TemplateType, Executor> = {
  container: executePod,
  containerSet: executePod,
  script: executePod,
  resource: executeEngineTask,
  data: executeEngineTask,
  steps: executeSteps,
  dag: executeDag,
  suspend: executeSuspend,
  http: executeHttp,
  plugin: executePlugin,
};

const MAX_DEPTH = 100;
const DISPLAY_NAME = /^[a-zA-Z0-9][a-zA-Z0-9-.]{0,61}[a-zA-Z0-9]$/;

export function execute(run: Run, name: string, call: Call, place: Place, args: Arguments, options: ExecuteOptions): Executed {
  run.depth++;
  try {
    return executeHere(run, name, call, place, args, options);
  } finally {
    run.depth--;
  }
}

function executeHere(run: Run, name: string, call: Call, place: Place, args: Arguments, options: ExecuteOptions): Executed {
  const node = run.nodes.byName(name);
  const scope = scopeOf(place);
  const fail = (fault: Fault): Executed => ({ node: run.failNode(run.nodes.byName(name), name, scope, call, options, fault.message), fault });
  if (run.depth >= MAX_DEPTH) return fail(DEPTH);

  const prepared = attempt(() => prepare(run, name, call, place, args, options));
  if (prepared.fault) return fail(prepared.fault);
  const { template, inner } = prepared.value;
  const displayName = template.annotations?.['workflows.argoproj.io/display-name'];
  if (node && displayName) {
    if (!DISPLAY_NAME.test(displayName)) return fail(new Fault('error', `displayName must match the regex ${DISPLAY_NAME.source}`));
    if (node.displayName !== displayName) run.nodes.edit(node.id).displayName = displayName;
  }
  if (node && phaseFulfilled(node)) return { node };

  const task: Task = { name, template, call, scope, place: inner, options };
  const late = attempt(() => timeoutOf(run, template, node));
  if (late.fault) return node ? { node: run.nodes.mark(node.id, 'Failed', late.fault.message), fault: late.fault } : fail(late.fault);
  const limited = checkParallelism(run, template, node, options.boundaryID);
  if (limited) return { node, fault: limited };

  const gate = attempt(() => passGates(run, task, node));
  if (gate.fault) return fail(gate.fault);
  if (gate.value.stop) return { node: gate.value.node };
  const current = gate.value.node;
  if (current && phaseFulfilled(current)) return { node: current };

  return run.retryStrategy(template) ? executeWithRetries(run, task, args, place) : dispatch(run, task);
}

/** Locks, then the cache. */
function passGates(run: Run, task: Task, node: NodeStatus | undefined): { node: NodeStatus | undefined; stop: boolean } {
  const { template } = task;
  let current = node;
  let unlocked = false;
  if (template.synchronization) {
    const id = run.nodes.id(task.name);
    const answer = run.locks.acquire(run, id, template.synchronization);
    if (!answer.acquired) {
      current ??= createNode(run, task, nodeTypeOf(run, template), 'Pending', answer.message);
      if (current.synchronizationStatus?.waiting !== answer.lock || current.message !== answer.message) {
        current = run.nodes.edit(current.id);
        current.synchronizationStatus = { waiting: answer.lock };
        setMessage(current, answer.message);
      }
      return { node: current, stop: true };
    }
    if (current?.synchronizationStatus) {
      current = run.nodes.edit(current.id);
      delete current.synchronizationStatus;
      delete current.message;
    }
    unlocked = true;
  }
  if (template.memoize && (!current || unlocked)) {
    current = consultCache(run, task, current, () => createNode(run, task, nodeTypeOf(run, template), 'Pending'));
  }
  return { node: current, stop: false };
}

function prepare(run: Run, name: string, call: Call, place: Place, args: Arguments, options: ExecuteOptions): { template: Template; inner: Place } {
  const { template: written, place: inner } = run.resolver.resolve(place, call);
  const whole = applyTemplateDefaults(written, run.spec.templateDefaults);
  const locals = new Map<string, string>([['node.name', name]]);
  if (isPodType(whole) && !run.retryStrategy(whole)) locals.set('pod.name', run.podName({ name, template: whole.name ?? '' }));
  locals.set(`${options.caller?.kind ?? 'steps'}.name`, options.caller?.name ?? '');
  return { template: processTemplate(whole, args, run.globals, locals, run.observed.configMaps), inner };
}

/** Hands the template to its executor; a fault of its own errors the node. */
function dispatch(run: Run, task: Task): Executed {
  const type = templateType(task.template);
  if (!type) return { node: run.failNode(run.nodes.byName(task.name), task.name, task.scope, task.call, task.options, `Template '${task.template.name ?? ''}' missing specification`) };
  const id = run.nodes.id(task.name);
  run.templates.set(id, task.template);
  const done = EXECUTORS[type](run, task);
  if (!done.fault) return done;
  const node = run.nodes.byName(task.name);
  if (done.fault.kind === 'wait') return { node };
  if (done.fault === TIMEOUT) return { node, fault: TIMEOUT };
  return { node: run.failNode(node, task.name, task.scope, task.call, task.options, done.fault.message), fault: done.fault };
}

/** The retry node stands for the step; its attempts are its children, one after the other. */
function executeWithRetries(run: Run, task: Task, args: Arguments, place: Place): Executed {
  const strategy = run.retryStrategy(task.template);
  if (!strategy) return dispatch(run, task);
  const parent = openRetry(run, task);
  const judged = attempt(() => processRetries(run, parent.id, strategy));
  if (judged.fault) return { node: run.nodes.mark(parent.id, 'Error', judged.fault.message), fault: judged.fault };
  if (judged.value.wait) return { node: run.nodes.get(parent.id) };
  const current = run.nodes.get(parent.id);
  if (!current) return {};
  const attempts = retriedChildren(run, current);
  const last = attempts.at(-1);
  // Argo: a retry node that is over but has something open below it (a hook; in a memoized run an older attempt) tries once more.
  if (isFulfilled(current) && phaseFulfilled(current) && (descendantsFulfilled(run, current) || (current.daemoned === true && isFailed(current)))) {
    if (last?.outputs && current.outputs !== last.outputs) run.nodes.edit(current.id).outputs = last.outputs;
    return { node: run.nodes.get(current.id) };
  }

  const counted: Task = { ...task, template: countedTemplate(run, task.template, last) };
  const tried = nextAttempt(run, counted, attempts, strategy);
  if (tried.fault) return { node: run.failNode(run.nodes.byName(tried.name), tried.name, task.scope, task.call, tried.options, tried.fault.message), fault: tried.fault };
  const done = dispatch(run, tried);
  const child = run.nodes.byName(tried.name);
  if (child) run.nodes.link(parent.id, child.id);
  if (done.fault && !retriesErrors(strategy)) return { node: child, fault: done.fault };
  return settleAttempt(run, task, args, place, parent.id, child);
}

/** The retry node, running. */
function openRetry(run: Run, task: Task): NodeStatus {
  const parent = openNode(run, task, 'Retry', 'Running');
  // Argo keeps one flag for a hook's retry node and its attempts.
  if (parent.nodeFlag?.hooked && !parent.nodeFlag.retried) run.nodes.edit(parent.id).nodeFlag = { ...parent.nodeFlag, retried: true };
  return parent.phase === 'Pending' ? run.nodes.mark(parent.id, 'Running') : parent;
}

/** The attempt that is under way, or the next one. */
function nextAttempt(run: Run, task: Task, attempts: readonly NodeStatus[], strategy: RetryStrategy): Task & { fault?: Fault | undefined } {
  const last = attempts.at(-1);
  const goesOn = last !== undefined && !phaseFulfilled(last);
  const number = goesOn ? attempts.length - 1 : attempts.length;
  const name = goesOn ? last.name : `${task.name}(${number})`;
  const locals = new Map<string, string>([['retries', String(number)], ...lastRetryValues(last)]);
  if (isPodType(task.template)) locals.set('pod.name', run.podName({ name, template: task.template.name ?? '' }));
  const filled = attempt(() => substituteTemplate(task.template, run.globals, locals));
  const deadline = number === 0 ? undefined : attempt(() => attemptDeadline(strategy, attempts)).value;
  const options: ExecuteOptions = { ...task.options, flag: { ...task.options.flag, retried: true }, deadline };
  return { ...task, name, options, template: filled.value ?? task.template, fault: filled.fault };
}

/** Looks at the retry node again once its attempt is over. */
function settleAttempt(run: Run, task: Task, args: Arguments, place: Place, parentId: string, child: NodeStatus | undefined): Executed {
  const retry = run.nodes.get(parentId);
  if (child && retry && !phaseFulfilled(retry) && phaseFulfilled(child)) {
    const again = run.execute(run, task.name, task.call, place, args, task.options);
    if (again.fault) return { node: run.nodes.mark(child.id, 'Error', again.fault.message), fault: again.fault };
    return again;
  }
  if (child?.daemoned && !phaseFulfilled(child) && retry && child.phase) {
    run.nodes.mark(parentId, child.phase);
    if (!run.nodes.get(parentId)?.daemoned) run.nodes.edit(parentId).daemoned = true;
  }
  return { node: run.nodes.get(parentId) };
}

function retriesErrors(strategy: { retryPolicy?: string; expression?: string }): boolean {
  const policy = strategy.retryPolicy || (strategy.expression ? 'Always' : 'OnFailure');
  return policy === 'Always' || policy === 'OnError' || policy === 'OnTransientError';
}
