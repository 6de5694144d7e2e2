/**
 * Resolves the calls of steps and tasks: references to what other steps left behind, then the turns of loops. A turn is
 * resolved only when somebody needs it: most of a long loop stands already.
 */
import type { Arguments, TemplateCall } from '../spec/types.ts';
import { expandItems, shouldExpand, type ExpandedItem } from '../template/items.ts';
import { Fault, asFault, attempt } from './fault.ts';
import { joined, shouldRun, substitute, substituteJson } from './language.ts';
import { omit } from './omit.ts';
import { resolveArtifact } from './outputs.ts';
import type { Run } from './run.ts';
import type { Scope } from './scope.ts';

/** One step or task to be carried out; of a loop, one turn. */
export interface Turn {
  /** `name`, or `name(0:item)`. */
  name: string;
  /** As written: its hooks and what it continues on. */
  written: TemplateCall;
  /** With all its tags replaced. Throws Fault. */
  call(): TemplateCall;
}

/**
 * Replaces references in a call; hooks are left for when they run. A call whose `when` is false already stays as it is.
 * Throws Fault; kind `wait` when something referred to is not there yet.
 */
export function resolveCall(run: Run, written: TemplateCall, scope: Scope, strictOptional: boolean): TemplateCall {
  const { hooks, ...rest } = written;
  const values = scope.over(run.globals);
  run.volumes = substitute(run.volumes, new Map([...scope.values].filter(([, value]) => value !== null)), 'loose');
  const when = substitute(rest.when, values, 'references');
  const verdict = attempt(() => shouldRun(when));
  if (verdict.fault && !shouldExpand(written)) throw verdict.fault;
  if (verdict.value === false) return when === undefined ? written : { ...written, when };
  const marked = rest.arguments ? { ...rest, arguments: scope.markAbsent(rest.arguments) } : rest;
  const resolved: TemplateCall = substitute(marked, values, 'references');
  if (resolved.arguments?.artifacts) {
    resolved.arguments = { ...resolved.arguments, artifacts: resolveArtifacts(resolved.arguments, scope, strictOptional) };
  }
  return hooks ? { ...resolved, hooks } : resolved;
}

function resolveArtifacts(args: Arguments, scope: Scope, strictOptional: boolean): NonNullable<Arguments['artifacts']> {
  return (args.artifacts ?? []).flatMap((artifact) => {
    if (!artifact.from && !artifact.fromExpression) return artifact;
    try {
      const found = resolveArtifact(artifact, scope);
      return found ? { ...found, name: artifact.name } : [];
    } catch (error) {
      const fault = asFault(error);
      if (artifact.optional && (!strictOptional || fault.message.includes('Unable to resolve'))) return [];
      throw fault;
    }
  });
}

interface Expanded {
  key: string;
  items: ExpandedItem[];
}

const expanded = new WeakMap<TemplateCall, Expanded>();

/** The items of a loop, kept as long as what they come from is the same. */
function itemsOf(written: TemplateCall, resolved: TemplateCall): ExpandedItem[] {
  const { name, when, withItems, withParam, withSequence } = resolved;
  const key = JSON.stringify([name, when, withItems, withParam, withSequence]);
  let known = expanded.get(written);
  if (known?.key !== key) expanded.set(written, known = { key, items: expandItems(resolved) });
  return known.items;
}

/**
 * The turns of a resolved call: itself, or those of its loop. With `check` every turn is resolved once, so that a fault in one
 * of them comes before any of them starts. Throws Fault.
 */
export function turnsOf(run: Run, written: TemplateCall, resolved: TemplateCall, check: boolean): Turn[] {
  if (!shouldExpand(written)) return [{ name: resolved.name ?? '', written, call: () => resolved }];
  const items = itemsOf(written, resolved);
  const { hooks, ...rest } = omit(resolved, 'withItems', 'withParam', 'withSequence');
  const json = JSON.stringify(rest);
  const verdict = attempt(() => shouldRun(resolved.when));
  const mode = verdict.value === false ? 'loose' : 'strict';
  const turns = items.map(({ name, values }): Turn => {
    let call: TemplateCall | undefined;
    return {
      name, written,
      call: () => call ??= {
        ...(json.includes('{{') ? substituteJson(json, joined(json, run.globals, values), mode).value as TemplateCall : rest),
        name,
        ...(resolved.template === undefined ? {} : { template: resolved.template }),
        ...(hooks ? { hooks: substitute(hooks, values, 'loose') } : {}),
      },
    };
  });
  if (check) {
    for (const turn of turns) {
      const tried = attempt(() => turn.call());
      if (tried.fault) throw new Fault('error', tried.fault.message);
    }
  }
  return turns;
}

