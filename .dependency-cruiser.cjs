// The walls between the rooms (ARCHITECTURE.md). A path here is a regular expression on files below the root.
const pure = '^(engine/(spec|template|pod|operate|simulate|manifests)|renderer/document)/';
const test = '\\.test\\.tsx?$';
/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', comment: 'A cycle hides which part is the lower one.',
      from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'engine-has-no-window', severity: 'error', comment: 'The engine runs in a terminal, a test and the main process.',
      from: { path: '^engine/' }, to: { path: '(^(main|renderer|e2e)/)|node_modules/(electron|react|react-dom|reactflow|monaco-editor)/' } },
    { name: 'engine-by-its-door', severity: 'error', comment: 'Only engine/index.ts is imported from outside the engine; renderer may use the pure spec and template.',
      from: { path: '^(main|renderer)/', pathNot: test }, to: { path: '^engine/', pathNot: '^engine/(index\\.ts$|spec/|template/)' } },
    { name: 'main-uses-types-of-spec', severity: 'error', comment: 'main speaks through the door.',
      from: { path: '^main/', pathNot: test }, to: { path: '^engine/template/' } },
    { name: 'renderer-knows-only-the-contract', severity: 'error', comment: 'The renderer is untrusted and has no Node.',
      from: { path: '^renderer/', pathNot: test }, to: { path: '^main/', pathNot: '^main/ipc/' } },
    { name: 'renderer-has-no-node', severity: 'error',
      from: { path: '^renderer/', pathNot: test }, to: { dependencyTypes: ['core'] } },
    { name: 'contract-is-types-and-schemas', severity: 'error',
      from: { path: '^main/ipc/', pathNot: test }, to: { path: '^(main/(?!ipc/)|renderer/)|node_modules/electron/' } },
    { name: 'pure-stays-pure', severity: 'error', comment: 'No Node, no shell room, from a pure room.',
      from: { path: pure, pathNot: test }, to: { dependencyTypes: ['core'] } },
    { name: 'pure-imports-pure', severity: 'error',
      from: { path: '^engine/(spec|template|pod|operate|simulate|manifests)/', pathNot: test }, to: { path: '^engine/', pathNot: '^engine/(spec|template|pod|operate|simulate|manifests)/' } },
    { name: 'spec-and-template-are-lowest', severity: 'error',
      from: { path: '^engine/(spec|template)/', pathNot: test }, to: { path: '^engine/(pod|operate|simulate)/' } },
    { name: 'document-has-no-react', severity: 'error',
      from: { path: '^renderer/document/' }, to: { path: 'node_modules/(react|react-dom|reactflow|zustand|monaco-editor)/|^renderer/(?!document/)' } },
    { name: 'nothing-imports-tests', severity: 'error', from: { pathNot: `${test}|^e2e/` }, to: { path: `${test}|^e2e/` } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(out|dist)/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'default', 'types'] },
  },
};
