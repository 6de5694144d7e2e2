/**
 * The contract between the window and the main process: types and schemas only. Every verb has a request and a response;
 * every stream a request and items that follow until it is closed. preload.ts bridges them all without knowing any.
 */
import { z } from 'zod';
import type { ArtifactInfo, ArtifactPreview, ArtifactSize, DefinitionChange, DefinitionKind, EngineHolder, FieldClaim, LogLine, LogSource, ManifestGroup, ManifestNotice, ManifestParameter, RunAction, RunChange, RunListChange, RunStore, SimulationItem } from '../../engine/index.ts';
import type { WatchState } from '../../engine/index.ts';
import type { Diagnostic } from '../../engine/spec/diagnostic.ts';
import type { KubeObject } from '../../engine/spec/kubernetes.ts';
import type { Workflow } from '../../engine/spec/types.ts';

// Zod's fast path compiles with `new Function`, which the window's policy forbids.
z.config({ jitless: true });

const name = z.string().min(1).max(253);
const text = z.string().max(16 * 1024 * 1024);
const parameters = z.record(z.string().max(256), z.string().max(1024 * 1024));
/** A context of the kubeconfig, by opaque id; `local` is the embedded cluster. */
const place = z.object({ contextId: name, namespace: name });
const run = place.extend({ name });
const definitionKind = z.enum(['CronWorkflow', 'WorkflowTemplate', 'ClusterWorkflowTemplate']);
const definition = run.extend({ kind: definitionKind });

const runAction = z.discriminatedUnion('action', [
  z.object({ action: z.enum(['terminate', 'suspend', 'delete']), message: z.string().max(4096).optional() }),
  z.object({ action: z.literal('stop'), message: z.string().max(4096).optional(), nodeFieldSelector: z.string().max(4096).optional() }),
  z.object({ action: z.literal('set'), nodeFieldSelector: z.string().min(1).max(4096), outputs: parameters.optional(), phase: z.enum(['Succeeded', 'Failed', 'Error']).optional(), message: z.string().max(4096).optional() }),
  z.object({ action: z.literal('resume'), nodeId: name.optional(), nodeFieldSelector: z.string().max(4096).optional(), outputs: parameters.optional(), message: z.string().max(4096).optional() }),
  z.object({ action: z.literal('retry'), restartSuccessful: z.boolean().optional(), nodeFieldSelector: z.string().max(4096).optional(), parameters: parameters.optional() }),
  z.object({ action: z.literal('resubmit'), memoized: z.boolean().optional(), parameters: parameters.optional() }),
]);

const fieldPath = z.array(z.union([z.string().max(1024), z.number().int().min(0)])).min(1).max(100);

/** What a file becomes, if it is still the version that the text was made from. */
const rewrite = z.object({ handle: name, text, over: z.string().max(128) });

const seconds = z.number().min(0).max(31 * 86_400);
const stepRule = z.object({
  node: z.string().min(1).max(1024), outcome: z.enum(['Succeeded', 'Failed', 'Error']).exactOptional(), failures: z.number().int().min(0).max(1000).exactOptional(), exitCode: z.number().int().min(0).max(255).exactOptional(),
  message: z.string().max(4096).exactOptional(), duration: seconds.exactOptional(), result: z.string().max(1024 * 1024).exactOptional(), parameters: parameters.exactOptional(),
});

const artifactRef = z.object({ nodeId: name, name: z.string().min(1).max(256), direction: z.enum(['input', 'output']).exactOptional() });
/** Within an artifact that is a folder or an archive. */
const artifactFile = z.string().min(1).max(4096).exactOptional();

/** Requests that are answered once: `bridge.invoke(verb, request)`. */
export const VERBS = {
  'app.info': z.void(),
  'app.openExternal': z.object({ url: z.url({ protocol: /^https$/ }).max(2048) }),
  'contexts.list': z.void(),
  /** Start (or retry) the connection of a context; its state follows on the stream `contexts`. */
  'contexts.connect': z.object({ contextId: name }),
  'contexts.namespaces': z.object({ contextId: name }),
  /** Take over what runs the engine in this namespace, and say who does. */
  'contexts.startEngine': place,
  'contexts.installCrds': z.object({ contextId: name }),
  'contexts.permissions': place,
  'runs.submit': place.extend({ text, parameters, name: z.string().max(63).optional() }),
  /** What the server would refuse of the run and its Pods; paths are the workflow's. */
  'runs.dryRun': place.extend({ text, parameters }),
  'runs.act': run.extend({ request: runAction }),
  'runs.get': run,
  'runs.pod': run.extend({ nodeId: name }),
  'runs.events': run.extend({ nodeId: name.optional() }),
  'artifacts.list': run.extend({ nodeId: name.exactOptional() }),
  'artifacts.sizes': run.extend({ refs: z.array(artifactRef).max(64) }),
  /** A link that carries the right to read one artifact; keys stay behind. */
  'artifacts.link': run.extend({ ref: artifactRef, file: artifactFile, seconds: z.number().int().min(1).max(7 * 86_400) }),
  /** A CronWorkflow or template as YAML, without what the server keeps for itself. */
  'definitions.text': definition,
  /** Save an object of a text by server-side apply; nothing is written where something stands against it. */
  'definitions.apply': place.extend({
    text,
    /** Index of the document in the text; without it the text holds one object. */
    part: z.number().int().min(0).max(10_000).exactOptional(),
    version: z.string().max(64).exactOptional(),
    /** The text of the cluster that the change was made from. */
    base: text.exactOptional(),
    force: z.boolean().exactOptional(),
    remove: z.array(fieldPath).max(500).exactOptional(),
  }),
  'definitions.remove': definition,
  'definitions.suspend': run.extend({ suspended: z.boolean() }),
  /** Make a run of it now. */
  'definitions.run': definition.extend({ parameters, runName: z.string().max(63).optional() }),
  'samples.list': z.void(),
  'files.open': z.void(),
  'files.read': z.object({ handle: name }),
  /** Ask for a folder, or open one again that was open before. */
  'files.openFolder': z.object({ handle: name.exactOptional() }),
  'files.recentFolders': z.void(),
  /** Make a file in a folder, at a path below it. */
  'files.create': z.object({ folder: name, path: z.string().min(1).max(1024), text }),
  /** Write several files, or none when one of them is another version by now. */
  'files.rewrite': z.object({ files: z.array(rewrite).min(1).max(2000) }),
  /** Save to the file behind a handle; without one, ask where. `over`: the version on disk that the person has seen and lets go. */
  'files.save': z.object({ handle: name.optional(), text, suggestedName: z.string().max(255).optional(), over: z.string().max(128).optional() }),
  /** Write a picture or a text made here to a place that the person chooses. */
  'files.export': z.object({ suggestedName: z.string().min(1).max(255), base64: z.base64().max(48 * 1024 * 1024) }),
  /** Keep what is being written, so that a crash loses nothing. */
  'files.saveDraft': z.object({ id: name, title: z.string().max(255), text, handle: name.optional() }),
  'files.drafts': z.void(),
  'files.removeDraft': z.object({ id: name }),
  /** A workflow of the manifests in a folder: asks for one, or takes the one behind a handle again. */
  'manifests.generate': z.object({ handle: name.exactOptional(), createNamespaces: z.boolean() }),
  'settings.get': z.void(),
  'settings.set': z.object({ key: z.string().max(128), value: z.json() }),
  /** The artifact repository of a context's namespaces that name none, as YAML; an empty text takes it away. */
  'settings.repository': z.object({ contextId: name, text: z.string().max(64 * 1024) }),
  /** What the logs take that are kept on this machine. */
  'logs.use': z.void(),
  'logs.clear': z.void(),
} as const satisfies Record<string, z.ZodType>;

/** Subscriptions: `bridge.subscribe(stream, request, onItem)` until closed. */
export const STREAMS = {
  contexts: z.void(),
  'runs.list': place,
  'runs.run': run,
  'definitions.list': place.extend({ kind: definitionKind }),
  /** As definitions.list, each with its whole text. */
  'definitions.texts': place.extend({ kind: definitionKind }),
  /** A run that never happens: its frames as fast as they can be computed, the planned Pods at the end. */
  'runs.simulate': place.extend({ text, parameters, rules: z.array(stepRule).max(2000), duration: seconds }),
  'runs.logs': run.extend({ nodeId: name.optional(), container: z.string().max(63).optional(), follow: z.boolean(), tailLines: z.number().int().positive().max(200_000).optional() }),
  /** What can be shown of an artifact or of a file in it, once; closing it ends the reading. */
  'artifacts.preview': run.extend({ ref: artifactRef, file: artifactFile }),
  /** Asks for a place and writes there: a file as it is kept, or all files unpacked. Closing it before the end leaves nothing behind. */
  'artifacts.download': run.extend({ ref: artifactRef, file: artifactFile, unpack: z.boolean() }),
  /** The YAML files below a folder, and what becomes of them. */
  'files.folder': z.object({ handle: name }),
  /** What another program makes of an opened file. */
  'files.watch': z.object({ handle: name }),
  /** Commands from the menu, the palette's accelerators and opened files. */
  commands: z.void(),
} as const satisfies Record<string, z.ZodType>;

export type Verb = keyof typeof VERBS;
export type Stream = keyof typeof STREAMS;
export type VerbRequest<V extends Verb> = z.infer<(typeof VERBS)[V]>;
export type StreamRequest<S extends Stream> = z.infer<(typeof STREAMS)[S]>;

/** How a context is, in one word and one sentence. */
export interface ContextState {
  state: 'idle' | 'connecting' | 'online' | 'degraded' | 'offline' | 'auth-needed' | 'no-rights';
  /** What happened and what to do next. */
  message?: string;
  /** Milliseconds of the last round trip. */
  latencyMs?: number;
  serverVersion?: string;
}

export interface ContextSummary {
  id: string;
  name: string;
  /** Two letters for the badge. */
  initials: string;
  /** A hue of the token palette, 0–11, chosen by the user or from the name. */
  hue: number;
  production: boolean;
  /** The context's own namespace, or `default`. */
  namespace: string;
  /** The file it came from, shortened with ~. */
  origin?: string;
  kind: 'kubeconfig' | 'local';
  /** For `local`: how Pods run there (`Docker`, `Podman`, `processes: images are not used`). */
  note?: string;
  state: ContextState;
}

export interface NamespaceList {
  namespaces: string[];
  /** The user may not list them: the picker takes what is typed. */
  forbidden: boolean;
}

export interface Permissions {
  /** `create pods`, `list workflows`, …: whether the user may. */
  may: Record<string, boolean>;
  crds: boolean;
  store: RunStore;
  storeReason?: string;
}

export interface Sample {
  id: string;
  title: string;
  description: string;
  text: string;
  /** Phase the run ends in, when it fails on purpose. */
  expect?: string;
  /** It is one of several workflows over a folder of manifests. */
  folder?: { name: string; manifests: number };
}

export interface OpenedFile {
  handle: string;
  /** Name without folder. */
  name: string;
  text: string;
}

export interface OpenedFolder {
  handle: string;
  /** Its own name. */
  name: string;
  /** The whole path for people, shortened with ~. */
  where: string;
}

/** A YAML file of a folder. */
export interface FolderFile {
  handle: string;
  /** Below the folder, with slashes. */
  path: string;
  /** Of the file on disk. */
  version: string;
  /** Undefined when it could not be read; `problem` says why. */
  text?: string;
  problem?: string;
}

export interface FolderChange {
  upserts: FolderFile[];
  /** Paths. */
  removed: string[];
  /** The list begins anew. */
  reset: boolean;
  /** All that is there has been told. */
  complete: boolean;
  /** There are more files than are listed. */
  more: boolean;
}

export type Rewrite = z.infer<typeof rewrite>;

/** A file as it is on disk now. */
export interface OnDisk {
  /** Tells this state of the file from others; 'gone' when there is no file. */
  version: string;
  /** Undefined when it is gone, or no text any more. */
  text?: string;
}

export interface Draft {
  id: string;
  title: string;
  text: string;
  handle?: string;
  savedAt: string;
}

/** Saved: `text` is what the cluster has now. */
export interface AppliedDefinition {
  kind: DefinitionKind;
  name: string;
  created: boolean;
  text: string;
  version?: string;
}

/** Not saved: what the cluster has now, and what stands against it. */
export interface UnappliedDefinition {
  kind: DefinitionKind;
  name: string;
  current: { text: string; version?: string };
  /** It is another version than the change was made from. */
  changed: boolean;
  /** Others own these and the text would change them. */
  conflicts: FieldClaim[];
  /** Others own these and they would stay, though the text has them no more. */
  kept: FieldClaim[];
}

/** A CronWorkflow or template of a cluster as it is edited. */
export interface DefinitionText {
  name: string;
  text: string;
}

/** What was made of a folder of manifests; without text where an error keeps it from being made. */
export interface FromManifests {
  handle: string;
  /** Of the folder. */
  name: string;
  kind: 'files' | 'helm' | 'kustomize' | 'jsonnet' | 'ksonnet';
  text: string;
  groups: ManifestGroup[];
  parameters: ManifestParameter[];
  notices: ManifestNotice[];
}

export interface AppInfo {
  version: string;
  platform: string;
  electron: string;
  dataDir: string;
}

export type AppCommand = { command: string } | { command: 'open-file'; file: OpenedFile } | { command: 'open-folder'; folder: OpenedFolder };

export interface VerbResponses {
  'app.info': AppInfo;
  'app.openExternal': undefined;
  'contexts.list': ContextSummary[];
  'contexts.connect': ContextSummary;
  'contexts.namespaces': NamespaceList;
  'contexts.startEngine': EngineHolder;
  'contexts.installCrds': undefined;
  'contexts.permissions': Permissions;
  'runs.submit': { name: string };
  'runs.dryRun': Diagnostic[];
  'runs.act': { name?: string };
  'runs.get': Workflow;
  'runs.pod': { pod?: KubeObject };
  'runs.events': KubeObject[];
  'artifacts.list': ArtifactInfo[];
  'artifacts.sizes': ArtifactSize[];
  /** `local`: it leads to a port of this machine, while the app runs. */
  'artifacts.link': { url: string; expiresAt: string; local: boolean };
  'definitions.text': { text: string; version?: string };
  'definitions.apply': AppliedDefinition | UnappliedDefinition;
  'definitions.remove': undefined;
  'definitions.suspend': undefined;
  'definitions.run': { name: string };
  'samples.list': Sample[];
  'files.open': OpenedFile | undefined;
  'files.read': OpenedFile;
  'files.openFolder': OpenedFolder | undefined;
  'files.recentFolders': OpenedFolder[];
  'files.create': OpenedFile & { path: string };
  /** The versions now, in the order of the request; `changed`: handles of those that kept all from being written. */
  'files.rewrite': { written: string[] } | { changed: string[] };
  /** `changed`: nothing was written, since another program has changed the file. */
  'files.save': { handle: string; name: string } | { changed: OnDisk } | undefined;
  'files.export': { name: string } | undefined;
  'files.saveDraft': undefined;
  'files.drafts': Draft[];
  'files.removeDraft': undefined;
  'manifests.generate': FromManifests | undefined;
  'settings.get': Record<string, unknown>;
  'settings.set': undefined;
  'settings.repository': undefined;
  /** Bytes; `limit` is for each context. */
  'logs.use': { files: number; bytes: number; limit: number };
  'logs.clear': undefined;
}

export interface StreamItems {
  contexts: ContextSummary[];
  'runs.list': { change?: RunListChange; watch?: WatchState; holder?: EngineHolder };
  'runs.run': { change?: RunChange; watch?: WatchState };
  'definitions.list': { change?: DefinitionChange; watch?: WatchState };
  'definitions.texts': { change?: { upserts: DefinitionText[]; /** Names. */ removed: string[]; reset: boolean }; watch?: WatchState };
  'runs.simulate': SimulationItem;
  /** Lines in batches; `source` says where they come from; `end` when no more follow. */
  'runs.logs': { lines: LogLine[]; source?: LogSource; end?: boolean };
  'artifacts.preview': ArtifactPreview;
  /** `end` without a name: the person gave up. */
  'artifacts.download': { bytes: number; of?: number; end?: { name?: string; files?: number; left?: number } };
  'files.folder': FolderChange;
  'files.watch': OnDisk;
  commands: AppCommand;
}

/** An error as it crosses: no stack, no secrets. */
export interface WireError {
  code: string;
  message: string;
  hint?: string;
  retryable: boolean;
  /** Diagnostics of an `invalid` document. */
  diagnostics?: unknown[];
}

export type WireResult<T> = { ok: true; value: T } | { ok: false; error: WireError };

/** What preload puts on `window.tiphys`. */
export interface Bridge {
  invoke<V extends Verb>(verb: V, request: VerbRequest<V>): Promise<WireResult<VerbResponses[V]>>;
  /** @returns what closes the stream */
  subscribe<S extends Stream>(stream: S, request: StreamRequest<S>, onItem: (item: WireResult<StreamItems[S]>) => void): () => void;
}

export type { ManifestGroup, ManifestNotice, ManifestParameter, RunAction };
