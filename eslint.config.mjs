import tseslint from 'typescript-eslint';

const PURE = ['engine/spec/**/*.ts', 'engine/template/**/*.ts', 'engine/pod/**/*.ts', 'engine/operate/**/*.ts', 'engine/simulate/**/*.ts', 'engine/manifests/**/*.ts', 'renderer/document/**/*.ts'];
const TESTS = ['**/*.test.ts', '**/*.test.tsx', 'e2e/**/*.ts'];
const clock = 'Pure code reads no clock: take `now` (ms since the epoch) as an argument.';

export default tseslint.config(
  { ignores: ['node_modules/**', 'out/**', 'dist/**', '.cache/**', 'assets/**'] },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: [] }, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-dynamic-delete': 'off',
      '@typescript-eslint/no-non-null-assertion': 'error',
      'no-eval': 'error',
      'no-implied-eval': 'off',
      '@typescript-eslint/no-implied-eval': 'error',
      'no-new-func': 'error',
      complexity: ['error', 20],
      'max-lines': ['error', { max: 700, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': ['error',
        { selector: 'JSXAttribute[name.name="dangerouslySetInnerHTML"]', message: 'Contents of clusters and files are data, never HTML.' },
        { selector: 'AssignmentExpression[left.property.name=/^(innerHTML|outerHTML)$/]', message: 'Contents of clusters and files are data, never HTML.' },
        { selector: 'Property[key.name="nodeIntegration"][value.value=true], Property[key.name="contextIsolation"][value.value=false], Property[key.name="sandbox"][value.value=false], Property[key.name="webSecurity"][value.value=false], Property[key.name="webviewTag"][value.value=true]', message: 'The renderer is untrusted.' },
      ],
    },
  },
  {
    files: PURE, ignores: TESTS,
    rules: {
      'no-restricted-globals': ['error', 'setTimeout', 'setInterval', 'performance', 'crypto', 'fetch', 'process', 'window', 'document'],
      'no-restricted-properties': ['error',
        { object: 'Date', property: 'now', message: clock },
        { object: 'Math', property: 'random', message: 'Pure code has no random source: take it as an argument.' }],
      'no-restricted-syntax': ['error',
        { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: clock },
        { selector: 'CallExpression[callee.name="Date"]', message: clock }],
    },
  },
  {
    // Tests assert on what they know to be there.
    files: TESTS,
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-floating-promises': ['error', { allowForKnownSafeCalls: [{ from: 'package', name: ['test', 'it', 'describe', 'suite'], package: 'node:test' }] }],
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      'max-lines': 'off',
      complexity: 'off',
    },
  },
);
