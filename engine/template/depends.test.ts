import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DAGTask, NodePhase } from '../spec/types.ts';
import { ancestry, DependsError, evaluateDepends, parseDepends, validateTaskResults, type TaskState } from './depends.ts';

const tasks: DAGTask[] = [{ name: 'a' }, { name: 'b-1', continueOn: { failed: true } }, { name: 'c' }];
const taskOf = (name: string): DAGTask | undefined => tasks.find((task) => task.name === name);
const state = (phase: NodePhase, more: Partial<TaskState> = {}): TaskState => ({ phase, type: 'Pod', daemoned: false, fulfilled: phase !== 'Running', children: [], ...more });

function verdict(depends: string, states: Record<string, TaskState>): { proceed: boolean; execute: boolean } {
  return evaluateDepends(parseDepends({ name: 'x', depends }, taskOf), (name) => states[name]);
}

test('bare names stand for what counts as done', () => {
  const { logic, dependencies } = parseDepends({ name: 'x', depends: 'a && !b-1.Failed' }, taskOf);
  assert.equal(logic, '(a.Succeeded || a.Skipped || a.Daemoned) && !b-1.Failed');
  assert.deepEqual([...dependencies], [['a', 'task'], ['b-1', 'task']]);
  assert.equal(parseDepends({ name: 'x', dependencies: ['b-1'] }, taskOf).logic, '(b-1.Succeeded || b-1.Skipped || b-1.Daemoned || b-1.Failed)');
});

test('a task waits until all it names are done, and then runs or not', () => {
  assert.deepEqual(verdict('a || c', { a: state('Succeeded'), c: state('Running') }), { proceed: false, execute: false });
  assert.deepEqual(verdict('a || c', { a: state('Failed'), c: state('Succeeded') }), { proceed: true, execute: true });
  assert.deepEqual(verdict('a && c', { a: state('Failed'), c: state('Succeeded') }), { proceed: true, execute: false });
  assert.deepEqual(verdict('b-1.Failed && !(a.Failed || a.Errored)', { 'b-1': state('Failed'), a: state('Skipped') }), { proceed: true, execute: true });
});

test('groups are judged by their children', () => {
  const group = (children: (NodePhase | undefined)[]): Record<string, TaskState> => ({ a: state('Failed', { type: 'TaskGroup', children }) });
  assert.equal(verdict('a.AnySucceeded', group(['Failed', 'Succeeded'])).execute, true);
  assert.equal(verdict('a.AllFailed', group(['Failed', 'Failed'])).execute, true);
  assert.equal(verdict('a.AllFailed', group(['Failed', undefined])).execute, false);
  assert.equal(verdict('a.AllFailed', group([])).execute, false);
});

test('the whole expression language is there', () => {
  assert.equal(verdict('a.Succeeded == c.Succeeded', { a: state('Failed'), c: state('Failed') }).execute, true);
  assert.equal(verdict('a ? c : b-1', { a: state('Succeeded'), c: state('Failed'), 'b-1': state('Succeeded') }).execute, false);
});

test('what cannot be read says so', () => {
  assert.throws(() => parseDepends({ name: 'x', depends: 'a && nobody' }, taskOf), /target nobody does not exist/);
  assert.throws(() => verdict('a &&', { a: state('Succeeded') }), (error) => error instanceof DependsError && /unexpected token EOF/.test(error.message));
  assert.throws(() => verdict('a.Done', { a: state('Succeeded') }), /has no field Done/);
  assert.equal(validateTaskResults({ name: 'x', depends: 'a.Done' }), "task result 'Done' for task 'a' is invalid");
});

test('ancestors come in the order they ended, and a circle does not hang', () => {
  const before: Record<string, string[]> = { d: ['b', 'c'], b: ['a'], c: ['a'], a: ['d'] };
  const ends: Record<string, number> = { a: 1, b: 3, c: 2 };
  assert.deepEqual(ancestry('d', (task) => before[task] ?? [], (task) => ends[task]), ['a', 'c', 'b']);
});
