/** Reads a folder of recorded runs (../shared/conformance/README.md says what they hold). */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { KubeObject, PodSpec } from '../../engine/spec/kubernetes.ts';
import type { NodeStatus, Template } from '../../engine/spec/types.ts';

/** How Pods behave: the first rule whose expression matches the node's name. */
export interface Rule {
  node: string;
  exitCode?: number;
  message?: string;
  result?: string;
  params?: Record<string, string>;
  /** Seconds that the Pod runs. */
  after?: number;
  phase?: string;
  reason?: string;
}

export interface Script {
  rules: Rule[];
}

export interface RecordedPod {
  node: string;
  name: string;
  phase: string;
  reason?: string;
  message?: string;
  created: number;
  ended?: number;
  containers?: { name: string; exitCode?: number; reason?: string; message?: string }[];
  template?: Template;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  spec?: PodSpec;
}

export interface Expected {
  phase?: string;
  message?: string;
  nodes: NodeStatus[];
  [key: string]: unknown;
}

export type PersonAction = { resume: string[] } | { at: number; cmd: string[] };

export interface Followup {
  cmd: string[];
  script?: Script;
  rc: number;
  err?: string;
  before: Expected;
  after?: Expected & { name: string; spec: Record<string, unknown> };
}

export interface Case {
  id: string;
  file: string;
  source: string;
  manifests: KubeObject[];
  name: string;
  creationTimestamp: string;
  script?: Script;
  actions?: PersonAction[];
  pods: RecordedPod[];
  expect: Expected;
  then?: Followup[];
}

const FILES = ['real', 'played', 'retried'];

function lines(file: string): string[] {
  return gunzipSync(readFileSync(file)).toString('utf8').split('\n').filter((line) => line !== '');
}

/** The cases of the folder, in the order in which they stand. */
export function readCases(directory: string): Case[] {
  return FILES.flatMap((name) => {
    const file = path.join(directory, `${name}.jsonl.gz`);
    return existsSync(file) ? lines(file).map((line) => ({ ...JSON.parse(line) as Case, file: name })) : [];
  });
}

/** The vector files of the folder: name, and their lines. */
export function readVectors(directory: string): { name: string; lines: string[] }[] {
  const folder = path.join(directory, 'vectors');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((file) => file.endsWith('.jsonl.gz')).sort()
    .map((file) => ({ name: file.slice(0, -'.jsonl.gz'.length), lines: lines(path.join(folder, file)) }));
}

/** The folder's own comparison, unchanged. */
export interface Comparison {
  normaliseStatus: (workflow: object) => Expected;
  differences: (expected: unknown, actual: unknown, path?: string) => string[];
  normalisePod: (pod: object, options?: object) => { labels: object; annotations: object; spec: object };
}

export async function loadComparison(directory: string): Promise<Comparison> {
  return await import(pathToFileURL(path.resolve(directory, 'compare.mjs')).href) as Comparison;
}
