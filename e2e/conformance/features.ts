/** What the engine does not do yet, found in the manifests; and single cases that may differ, with their reasons. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Template, WorkflowSpec } from '../../engine/spec/types.ts';
import type { Case } from './cases.ts';

export const exceptions = JSON.parse(readFileSync(path.join(import.meta.dirname, 'exceptions.json'), 'utf8')) as { cases: Record<string, string>; controller: Record<string, string>; vectors: Record<string, string> };

const TYPES = ['resource', 'data', 'http', 'plugin'] as const;

function templates(played: Case): Template[] {
  return played.manifests.flatMap((manifest) => inlined((manifest['spec'] as WorkflowSpec | undefined)?.templates ?? []));
}

function inlined(list: readonly Template[]): Template[] {
  return list.flatMap((template) => {
    const calls = Array.isArray(template.steps) ? template.steps.flat() : template.dag?.tasks ?? [];
    return [template, ...inlined(calls.flatMap(({ inline }) => inline ?? []))];
  });
}

/** @returns the part of the language that the case needs and the engine lacks */
export function missingFeature(played: Case): string | undefined {
  const type = TYPES.find((name) => templates(played).some((template) => template[name] !== undefined));
  return type && `${type} templates are not built yet`;
}
