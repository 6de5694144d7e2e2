/** A folder of files and the templates of a cluster for the scripted bridge. */
import type { DefinitionText, FolderChange, FolderFile, OpenedFile, OpenedFolder } from '../../main/ipc/contract.ts';

export const FOLDER: OpenedFolder = { handle: 'folder', name: 'pipelines', where: '~/work/pipelines' };

const MAIN = `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  generateName: nightly-
spec:
  entrypoint: main
  templates:
  - name: main
    dag:
      tasks:
      - name: fetch
        templateRef: {name: lib, template: fetch}
        arguments:
          parameters:
          - {name: url, value: "https://example.com"}
      - name: check
        templateRef: {name: lib, template: check}
        depends: fetch
      - name: publish
        templateRef: {name: release, template: ship}
        depends: check
        arguments:
          parameters:
          - {name: service, value: shop}
`;

const LIB = `apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: lib
spec:
  templates:
  - name: fetch
    inputs:
      parameters:
      - name: url
    container:
      image: curlimages/curl
      args: ["{{inputs.parameters.url}}"]
  - name: check
    script:
      image: python:3.12
      command: [python]
      source: print("ok")
`;

const CRON = `apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata:
  name: weekly-report
spec:
  schedules: ["0 7 * * 1"]
  workflowSpec:
    workflowTemplateRef: {name: lib}
`;

const SHIP = `apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: release
spec:
  entrypoint: ship
  templates:
  - name: ship
    inputs:
      parameters:
      - name: service
      - name: channel
        value: beta
    dag:
      tasks:
      - name: build
        template: build
      - name: approve
        template: approve
        depends: build
      - name: deploy
        template: build
        depends: approve
  - name: build
    container: {image: busybox, command: [echo]}
  - name: approve
    suspend: {}
`;

const texts: Record<string, string> = { 'nightly.yaml': MAIN, 'lib/templates.yaml': LIB, 'reports/weekly.yaml': CRON, 'broken.yaml': MAIN.replace('dag:', 'dag: ['), 'reports/monthly.yaml': MAIN.replace('name: check\n', 'name: chek\n').replace('          - {name: url, value: "https://example.com"}', '          - {name: address, value: x}') };

/** @returns the files that a scene's folder has */
function filesOf(scene: string): FolderFile[] {
  const all = scene === 'folder-empty' ? {} : { ...texts };
  if (scene === 'folder-many') for (let i = 0; i < 295; i++) all[`team-${String.fromCharCode(97 + (i % 12))}/${i % 3 === 0 ? 'jobs' : 'templates'}/step-${String(i).padStart(3, '0')}${i === 17 ? '-load-the-partition-of-the-day-into-the-warehouse-and-verify-it' : ''}.yaml`] = LIB.replace('name: lib', `name: lib-${i}`);
  return Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, text]) => ({ handle: path, path, version: 'v1', text }));
}

export function folderChange(scene: string): FolderChange {
  return { upserts: filesOf(scene), removed: [], reset: true, complete: true, more: false };
}

export function readPath(path: string): OpenedFile {
  return { handle: path, name: path.slice(path.lastIndexOf('/') + 1), text: texts[path] ?? LIB };
}

export function clusterTexts(kind: string): DefinitionText[] {
  return kind === 'WorkflowTemplate' ? [{ name: 'release', text: SHIP }] : kind === 'ClusterWorkflowTemplate' ? [{ name: 'quality-gates', text: SHIP.replace('kind: WorkflowTemplate', 'kind: ClusterWorkflowTemplate').replace('name: release', 'name: quality-gates') }] : [];
}
