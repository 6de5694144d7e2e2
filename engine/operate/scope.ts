/**
 * The variables that one steps or dag template sees: its inputs and what its children left behind. A value of `null` is an
 * output that a skipped child would have had (Argo: an absent optional): expressions see nil, plain tags fail.
 */
import type { Arguments, Artifact, NodeStatus, Outputs, Parameter, Template } from '../spec/types.ts';
import type { Values } from './language.ts';

/** Stands for an argument that refers to an absent optional until the called template decides. Argo: AbsentOptionalArgumentValue */
export const ABSENT = '__argo-internal.absent-optional-output__';

export class Scope {
  readonly values = new Map<string, string | null>();
  readonly artifacts = new Map<string, Artifact>();
  readonly template: Template | undefined;

  constructor(template?: Template) {
    this.template = template;
    for (const parameter of template?.inputs?.parameters ?? []) {
      const value = parameter.value ?? parameter.default;
      if (value !== undefined) this.values.set(`inputs.parameters.${parameter.name}`, value);
    }
    for (const artifact of template?.inputs?.artifacts ?? []) this.artifacts.set(`inputs.artifacts.${artifact.name}`, artifact);
  }

  /** Over the globals, for tags. */
  over(globals: Values): Map<string, string | null> {
    return new Map([...globals, ...this.values]);
  }

  /** Everything, artifacts too, for expressions. */
  environment(): Map<string, unknown> {
    return new Map<string, unknown>([...this.values, ...this.artifacts]);
  }

  /** Adds what a node left behind. Argo: buildLocalScope */
  addNode(prefix: string, node: NodeStatus): void {
    const set = (key: string, value: string | null | undefined): void => {
      if (value) this.values.set(`${prefix}.${key}`, value);
    };
    set('id', node.id);
    set('startedAt', node.startedAt);
    set('finishedAt', node.finishedAt);
    set('ip', node.podIP);
    set('status', node.phase);
    set('hostNodeName', node.hostNodeName);
    this.addOutputs(prefix, node.outputs);
  }

  addOutputs(prefix: string, outputs: Outputs | undefined): void {
    if (!outputs) return;
    if (prefix !== 'workflow') {
      if (outputs.result !== undefined) this.values.set(`${prefix}.outputs.result`, outputs.result);
      if (outputs.exitCode !== undefined) this.values.set(`${prefix}.exitCode`, outputs.exitCode);
    }
    for (const parameter of outputs.parameters ?? []) {
      if (parameter.value !== undefined) this.values.set(`${prefix}.outputs.parameters.${parameter.name}`, parameter.value);
    }
    for (const artifact of outputs.artifacts ?? []) this.artifacts.set(`${prefix}.outputs.artifacts.${artifact.name}`, artifact);
  }

  /**
   * Adds the outputs that a skipped or omitted child declares: their defaults, or null. Steps also see empty artifacts.
   * Argo: addSkippedNodeOutputsToScope
   */
  addSkipped(prefix: string, node: NodeStatus, template: Template | undefined, artifacts: boolean): void {
    if (!template || node.outputs || (node.phase !== 'Skipped' && node.phase !== 'Omitted')) return;
    for (const parameter of template.outputs?.parameters ?? []) {
      this.values.set(`${prefix}.outputs.parameters.${parameter.name}`, parameter.valueFrom?.default ?? null);
    }
    if (artifacts) {
      for (const artifact of template.outputs?.artifacts ?? []) this.artifacts.set(`${prefix}.outputs.artifacts.${artifact.name}`, { name: '' });
    }
    if (template.outputs?.result !== undefined) this.values.set(`${prefix}.outputs.result`, null);
  }

  /** @returns the key when the text is one plain tag, `{{key}}` */
  static pureTag(text: string): string | undefined {
    const inner = text.startsWith('{{') && text.endsWith('}}') ? text.slice(2, -2) : undefined;
    return inner === undefined || inner.includes('{{') || inner.includes('}}') ? undefined : inner.trim();
  }

  isAbsent(key: string): boolean {
    return this.values.get(key) === null;
  }

  /** Marks arguments that are nothing but a reference to an absent optional. Argo: markAbsentOptionalArgs */
  markAbsent(args: Arguments): Arguments {
    if (![...this.values.values()].includes(null)) return args;
    const marked = (parameter: Parameter): Parameter => {
      const key = parameter.value === undefined ? undefined : Scope.pureTag(parameter.value);
      return key !== undefined && this.isAbsent(key) ? { ...parameter, value: ABSENT } : parameter;
    };
    return args.parameters ? { ...args, parameters: args.parameters.map(marked) } : args;
  }
}
