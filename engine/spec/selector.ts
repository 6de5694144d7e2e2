/** Label selectors as Kubernetes reads them. Argo: metav1.LabelSelectorAsSelector */

const NAME = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)$/;
const PREFIX = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const NEEDS_VALUES: Readonly<Record<string, boolean>> = { In: true, NotIn: true, Exists: false, DoesNotExist: false };

/** @returns what is wrong with a selector, undefined when nothing is */
export function checkSelector(selector: Record<string, unknown> | undefined): string | undefined {
  const labels = (selector?.matchLabels ?? {}) as Record<string, string>;
  for (const [key, value] of Object.entries(labels)) {
    const fault = keyProblem(key) ?? valueProblem(value);
    if (fault !== undefined) return fault;
  }
  for (const { key = '', operator = '', values = [] } of (selector?.matchExpressions ?? []) as { key?: string; operator?: string; values?: string[] }[]) {
    const needsValues = NEEDS_VALUES[operator];
    if (needsValues === undefined) return `${JSON.stringify(operator)} is not a valid label selector operator`;
    const fault = keyProblem(key) ?? values.map(valueProblem).find((problem) => problem !== undefined);
    if (fault !== undefined) return fault;
    if (needsValues && values.length === 0) return "for 'in', 'notin' operators, values set can't be empty";
    if (!needsValues && values.length > 0) return 'values set must be empty for exists and does not exist';
  }
  return undefined;
}

/** @returns whether labels fit a selector; none at all fits all */
export function selectorMatches(selector: Record<string, unknown> | undefined, labels: Readonly<Record<string, string>>): boolean {
  const equal = Object.entries((selector?.matchLabels ?? {}) as Record<string, string>);
  const expressions = (selector?.matchExpressions ?? []) as { key?: string; operator?: string; values?: string[] }[];
  return equal.every(([key, value]) => labels[key] === value) && expressions.every(({ key = '', operator, values = [] }) => {
    const value = labels[key];
    switch (operator) {
      case 'In': return value !== undefined && values.includes(value);
      case 'NotIn': return value === undefined || !values.includes(value);
      case 'Exists': return value !== undefined;
      default: return value === undefined;
    }
  });
}

function keyProblem(key: string): string | undefined {
  const slash = key.indexOf('/');
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const valid = NAME.test(key.slice(slash + 1)) && (prefix === undefined || (prefix.length <= 253 && PREFIX.test(prefix)));
  return valid ? undefined : `key: Invalid value: ${JSON.stringify(key)}`;
}

function valueProblem(value: string): string | undefined {
  return value === '' || NAME.test(value) ? undefined : `values: Invalid value: ${JSON.stringify(value)}`;
}
