import type { ResourceType } from './port.ts';

export interface NamedType {
  type: ResourceType;
  /** Kind, plural, singular, short names. */
  names: readonly string[];
}

/** What people type for kinds of a store, which has no discovery to ask. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  pods: 'po', services: 'svc', configmaps: 'cm', namespaces: 'ns', serviceaccounts: 'sa', persistentvolumeclaims: 'pvc', persistentvolumes: 'pv',
  deployments: 'deploy', statefulsets: 'sts', daemonsets: 'ds', cronjobs: 'cj', workflows: 'wf', workflowtemplates: 'wftmpl', events: 'ev',
};

/** @returns the names of a kind that nothing else names */
export function namesOf(type: ResourceType): NamedType {
  const short = SHORT_NAMES[type.plural];
  return { type, names: [type.kind, type.plural, ...(short === undefined ? [] : [short])] };
}

/**
 * @param types the earlier ones count first
 * @param name as kubectl takes it: `deploy`, `Deployment`, `deployments.apps`, `deployments.v1.apps`
 * @returns the first type of that name
 */
export function findNamed(types: readonly NamedType[], name: string): ResourceType | undefined {
  const [first = '', ...rest] = name.toLowerCase().split('.');
  const group = rest.join('.');
  return types.find(({ type, names }) => names.some((each) => each.toLowerCase() === first)
    && (group === '' || group === type.group || group === `${type.version}.${type.group}`))?.type;
}
