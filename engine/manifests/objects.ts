/** Manifests as texts → Kubernetes objects, each with the text it was written as. */
import { stringify } from 'yaml';
import type { KubeObject } from '../spec/kubernetes.ts';
import { positionAt } from '../spec/lint.ts';
import { readDocuments } from '../spec/yaml.ts';
import type { YamlDocument } from '../spec/yaml.ts';

export interface ManifestText {
  /** Path below the folder that was chosen, with forward slashes. */
  file: string;
  text: string;
}

/** Something a person should know of the source; an error keeps the workflow from being made. */
export interface ManifestNotice {
  severity: 'error' | 'warning';
  /** `deployment.yaml:12`, or empty when it concerns the whole. */
  place: string;
  message: string;
  hint?: string;
}

export interface ManifestObject {
  file: string;
  line: number;
  /** The first folder below the chosen one; empty for files that stand in it. */
  group: string;
  /** One YAML document, comments and order as they were written. */
  text: string;
  value: KubeObject;
}

const MARKER = /^(?:%[^\n]*\n)*---[^\n]*\n?|^\.\.\.[ \t]*$/gm;

/** @returns every object of the texts in their order; Lists are taken apart, JSON is written as YAML */
export function readObjects(sources: readonly ManifestText[]): { objects: ManifestObject[]; notices: ManifestNotice[] } {
  const objects: ManifestObject[] = [];
  const notices: ManifestNotice[] = [];
  for (const source of sources) {
    const read = readDocuments(source.text);
    const lineOf = (offset: number): number => positionAt(source.text, offset).line;
    for (const { severity, message, range, hint } of read.diagnostics) {
      if (severity === 'info') continue;
      notices.push({ severity, place: `${source.file}:${lineOf(range?.start ?? 0)}`, message, ...(hint === undefined ? {} : { hint }) });
    }
    for (const document of read.documents) {
      if (document.value === undefined) continue;
      const line = lineOf(document.firstLine(document.range).start);
      objects.push(...objectsOf(source, document, line, notices));
    }
  }
  return { objects, notices };
}

function objectsOf(source: ManifestText, document: YamlDocument, line: number, notices: ManifestNotice[]): ManifestObject[] {
  const { file, text } = source;
  const value = document.value as Partial<KubeObject> & { items?: unknown };
  const place = `${file}:${line}`;
  const group = file.includes('/') ? file.slice(0, file.indexOf('/')) : '';
  if (Array.isArray(value) || (typeof value.kind === 'string' && value.kind.endsWith('List') && Array.isArray(value.items))) {
    const items = Array.isArray(value) ? value : value.items as unknown[];
    return items.flatMap((item) => checked({ file, line, group, text: stringify(item, { lineWidth: 0, indentSeq: false }), value: item as KubeObject }, place, notices));
  }
  const written = text.slice(document.range.start, document.range.end).replaceAll(MARKER, '').replaceAll('\r\n', '\n').replace(/[ \t]+$/gm, '');
  const isJson = written.trimStart().startsWith('{');
  return checked({ file, line, group, text: isJson ? stringify(value, { lineWidth: 0, indentSeq: false }) : `${written.replace(/^\n+/, '').trimEnd()}\n`, value: value as KubeObject }, place, notices);
}

function checked(object: ManifestObject, place: string, notices: ManifestNotice[]): ManifestObject[] {
  const value = object.value as Partial<KubeObject> | null;
  const missing = typeof value !== 'object' || value === null ? 'is no Kubernetes object'
    : typeof value.apiVersion !== 'string' || typeof value.kind !== 'string' ? 'has no apiVersion and kind'
      : typeof value.metadata?.name !== 'string' || value.metadata.name === '' ? 'has no metadata.name' : undefined;
  if (missing === undefined) return [object];
  notices.push({ severity: 'warning', place, message: `This document ${missing}: it is left out.`, hint: 'What is applied needs apiVersion, kind and metadata.name.' });
  return [];
}
