/** What a user says about the steps of a simulation, and what is taken where they say nothing. */
import type { Outputs, Parameter, Template, TemplateCall, Workflow, WorkflowTemplate } from '../spec/types.ts';

/** How one step goes. */
export interface StepRule {
  /** Name of its node in the run (`build.test`, `build[0].lint`); items of a loop and attempts below it are meant too. The longest name that fits counts. */
  node: string;
  outcome?: 'Succeeded' | 'Failed' | 'Error';
  /** This many attempts fail before the outcome, where the step is retried. */
  failures?: number;
  exitCode?: number;
  message?: string;
  /** Seconds that it takes. */
  duration?: number;
  result?: string;
  /** Values of output parameters by name. */
  parameters?: Record<string, string>;
}

/** A rule with everything that it leaves open filled in. */
export interface StepScript extends Pick<StepRule, 'message' | 'result' | 'parameters'> {
  outcome: 'Succeeded' | 'Failed' | 'Error';
  exitCode: number;
  /** Seconds. */
  duration: number;
  /** Whether the user said anything about it. */
  scripted: boolean;
  /** @returns a value for an output (`result` or a parameter) that nobody gave */
  sample: (output: string) => string;
}

const LISTED = /\{\{\s*(?:tasks|steps)\.([\w-]+)\.outputs\.(?:parameters\.)?([\w-]+)\s*\}\}/;
/** What a loop over an output that nobody gave goes over. */
const SAMPLE_LIST = '["one","two","three"]';

export class Script {
  readonly #rules: readonly StepRule[];
  readonly #duration: number;
  /** `step.output` of the outputs that a loop goes over. */
  readonly #lists: ReadonlySet<string>;

  /** @param duration seconds of a step that no rule speaks of */
  constructor(rules: readonly StepRule[], duration: number, lists: ReadonlySet<string>) {
    this.#rules = rules;
    this.#duration = duration;
    this.#lists = lists;
  }

  /** @returns how the step of this node goes */
  stepOf(nodeName: string): StepScript {
    const rule = this.#ruleOf(nodeName);
    const attempt = Number(/\((\d+)\)$/.exec(nodeName)?.[1] ?? 0);
    const failsFirst = attempt < (rule?.failures ?? 0);
    const outcome = failsFirst ? 'Failed' : rule?.outcome ?? 'Succeeded';
    return {
      outcome, scripted: rule !== undefined, duration: rule?.duration ?? this.#duration,
      exitCode: outcome === 'Succeeded' ? 0 : rule?.exitCode || 1,
      ...(rule?.message !== undefined && outcome !== 'Succeeded' && { message: rule.message }),
      ...(rule?.result !== undefined && { result: rule.result }), ...(rule?.parameters && { parameters: rule.parameters }),
      sample: (output) => this.#sample(nodeName, output),
    };
  }

  #ruleOf(nodeName: string): StepRule | undefined {
    const fits = this.#rules.filter(({ node }) => nodeName === node || nodeName.startsWith(`${node}(`) || nodeName.startsWith(`${node}.`));
    return fits.reduce<StepRule | undefined>((best, rule) => (best && best.node.length >= rule.node.length ? best : rule), undefined);
  }

  #sample(nodeName: string, output: string): string {
    const step = /([\w-]+)(?:\([^)]*\))*$/.exec(nodeName)?.[1] ?? nodeName;
    return this.#lists.has(`${step}.${output}`) ? SAMPLE_LIST : `${output} of ${step}`;
  }
}

/** @returns `step.output` of every output that a loop of these templates goes over: its stand-in has to be a list */
export function listedOutputs(workflow: Workflow, templates: Iterable<WorkflowTemplate>): Set<string> {
  const found = new Set<string>();
  for (const { spec } of [workflow, ...templates]) for (const template of spec.templates ?? []) for (const call of callsOf(template)) {
    const [, step, output] = LISTED.exec(call.withParam ?? '') ?? [];
    if (step !== undefined && output !== undefined) found.add(`${step}.${output}`);
  }
  return found;
}

function callsOf(template: Template): readonly TemplateCall[] {
  return [...(template.dag?.tasks ?? []), ...(template.steps ?? []).flat()];
}

/** @returns the value of an output parameter */
export function valueOf(step: StepScript, parameter: Parameter): string {
  return step.parameters?.[parameter.name] ?? step.sample(parameter.name);
}

/** @returns the parameters of outputs that have a value, or are to be supplied */
export function suppliedOf(outputs: Outputs | undefined): Parameter[] {
  return (outputs?.parameters ?? []).filter(({ value, valueFrom }) => value === undefined && valueFrom?.supplied !== undefined);
}
