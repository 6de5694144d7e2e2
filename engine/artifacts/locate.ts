/** Which artifacts a run has, and where each of them is. */
import type { ArtifactInfo, ArtifactRef } from '../api.ts';
import { Resolver } from '../operate/resolve.ts';
import { locationKey, locationKind, relocated, repositoryLocation } from '../pod/artifacts.ts';
import { AppError } from '../spec/error.ts';
import type { Artifact, ArtifactLocation, NodeStatus, Workflow } from '../spec/types.ts';

/** An artifact and its whole location: settings of the repository and key. */
export interface Located {
  artifact: Artifact;
  location: ArtifactLocation;
}

type Direction = ArtifactInfo['direction'];

/** @returns the artifacts of one node, or of all, outputs before inputs, as a list shows them */
export function artifactsOf(workflow: Workflow, nodeId?: string): ArtifactInfo[] {
  const nodes = Object.values(workflow.status?.nodes ?? {}).filter((node) => nodeId === undefined || node.id === nodeId);
  return nodes.flatMap((node) => (['output', 'input'] as const).flatMap((direction) => listed(node, direction).map((artifact) => info(workflow, node, artifact, direction))));
}

function listed(node: NodeStatus, direction: Direction): Artifact[] {
  return (direction === 'output' ? node.outputs : node.inputs)?.artifacts ?? [];
}

function info(workflow: Workflow, node: NodeStatus, artifact: Artifact, direction: Direction): ArtifactInfo {
  const location = wholeLocation(workflow, node, artifact);
  const { name, path } = artifact;
  return {
    nodeId: node.id, name, direction, kind: locationKind(location) ?? 'none', key: locationKey(location), archive: archiveOf(artifact, locationKey(location)),
    deleted: artifact.deleted ?? false, ...(path === undefined ? {} : { path }),
  };
}

function archiveOf({ archive }: Artifact, key: string): ArtifactInfo['archive'] {
  if (archive?.none) return 'none';
  if (archive?.zip ?? key.endsWith('.zip')) return 'zip';
  return archive?.tar ?? /\.(tgz|tar\.gz)$/.test(key) ? 'tar' : 'none';
}

/** @returns the artifact that `ref` means. Throws AppError `not-found`; `gone` when it was deleted. */
export function locateArtifact(workflow: Workflow, ref: ArtifactRef): Located {
  const node = workflow.status?.nodes?.[ref.nodeId];
  const directions: Direction[] = ref.direction ? [ref.direction] : ['output', 'input'];
  const artifact = node && directions.flatMap((direction) => listed(node, direction)).find(({ name }) => name === ref.name);
  if (!artifact) throw new AppError('not-found', `The step has no artifact "${ref.name}".`);
  if (artifact.deleted) throw new AppError('gone', `The artifact "${ref.name}" was deleted when the run's artifacts were cleaned up.`);
  return { artifact, location: wholeLocation(workflow, node, artifact) };
}

/** Argo: the artifact's own location, else its key in the template's archive location, else in the run's repository. */
function wholeLocation(workflow: Workflow, node: NodeStatus, artifact: Artifact): ArtifactLocation {
  return relocated(artifact, templateArchive(workflow, node) ?? runRepository(workflow));
}

function runRepository(workflow: Workflow): ArtifactLocation | undefined {
  const repository = workflow.status?.artifactRepositoryRef?.['artifactRepository'];
  return repository === undefined ? undefined : repositoryLocation(repository as Record<string, unknown>);
}

function templateArchive(workflow: Workflow, node: NodeStatus): ArtifactLocation | undefined {
  const spec = workflow.status?.storedWorkflowTemplateSpec ?? workflow.spec;
  const resolver = new Resolver({ kind: 'local', name: workflow.metadata.name ?? '', templates: spec.templates ?? [] }, workflow.status ?? {}, { pods: new Map(), reports: new Map() });
  const parent = node.boundaryID === undefined ? undefined : workflow.status?.nodes?.[node.boundaryID];
  const archive = resolver.ofNode(node, parent)?.archiveLocation;
  return locationKind(archive) === undefined ? undefined : archive;
}
