/** Workflows that pictures, tests and benchmarks open in the designer. */

const WIDE = 20;

/** @returns a workflow of one dag with as many tasks, each waiting for up to two of the layer above */
export function manyTasks(count: number): string {
  const tasks = Array.from({ length: count }, (_, i) => {
    const above = (Math.floor(i / WIDE) - 1) * WIDE;
    const needs = i < WIDE ? [] : [...new Set([above + ((i * 7) % WIDE), above + ((i * 13 + 5) % WIDE)])];
    return `      - name: task-${i}\n        template: work\n${needs.length ? `        dependencies: [${needs.map((n) => `task-${n}`).join(', ')}]\n` : ''}`;
  });
  return `apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata:\n  generateName: many-\nspec:\n  entrypoint: main\n  templates:\n  - name: main\n    dag:\n      tasks:\n${tasks.join('')}  - name: work\n    container:\n      image: busybox\n      command: [echo]\n      args: [hello]\n`;
}

/** A nightly run with one of everything: loop, retry, condition, approval, a hook, a template of another object, a mistake. */
export const NIGHTLY_FILE = `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  generateName: nightly-
spec:
  entrypoint: main
  onExit: notify
  templates:
  - name: main
    dag:
      tasks:
      - name: list-partitions  # one per day
        template: list-partitions
      - name: extract
        template: extract
        depends: list-partitions
        withParam: "{{tasks.list-partitions.outputs.result}}"
        arguments:
          parameters:
          - {name: partition, value: "{{item}}"}
      - name: validate
        templateRef: {name: lib-quality, template: validate}
        depends: list-partitions.Succeeded
        arguments:
          parameters:
          - {name: schema, value: "{{tasks.list-partitions.outputs.result}}"}
      - name: build-features
        template: build-feature
        depends: extract && validate.Succeeded
        when: "{{tasks.validate.status}} == Succeeded"
      - name: approve
        template: approve
        depends: build-features
        hooks:
          exit: {template: notify}
  - name: list-partitions
    script:
      image: python:3.12
      command: [python]
      source: |
        import json
        print(json.dumps(list(range(64))))
  - name: extract
    inputs:
      parameters:
      - name: partition
    retryStrategy: {limit: 2}
    synchronization: {mutexes: [{name: warehouse}]}
    container: {image: busybox, command: [echo], args: ["{{inputs.parameters.partition}}"]}
  - name: build-features
    script: {image: python:3.12, command: [python], source: "print(1)"}
  - name: approve
    suspend: {}
  - name: notify
    container: {image: busybox, command: [echo], args: [done]}
`;

/** Rows of steps. */
export const ROWS_FILE = `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  generateName: rows-
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - name: plan
        template: work
    - - name: load
        template: work
      - name: check
        template: work
        withItems: [a, b, c]
      - name: snapshot
        template: work
    - - name: publish
        template: work
        when: "{{steps.check.status}} == Succeeded"
        onExit: work
  - name: work
    container: {image: busybox, command: [echo], args: [hello]}
`;
