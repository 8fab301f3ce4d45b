import {defineConfig} from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  {ignores: ['dist/', 'node_modules/', 'test/fixtures/']},
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: {allowDefaultProject: ['vitest.config.ts']},
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      // Numbers and booleans in messages are plain text here; objects still are refused.
      '@typescript-eslint/restrict-template-expressions': ['error', {allowNumber: true, allowBoolean: true}],
      // A method of an interface that has nothing to wait for still returns a promise.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', {ignoreArrowShorthand: true}],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', {considerDefaultExhaustiveForUnions: true}],
      // To name a property is how it is left out of the rest.
      '@typescript-eslint/no-unused-vars': ['error', {ignoreRestSiblings: true}],
      'no-console': 'error',
    },
  },
  {
    files: ['test/**', 'bench/**', 'notebooks/**', 'kernel/cli.ts'],
    rules: {'no-console': 'off', '@typescript-eslint/no-non-null-assertion': 'off'},
  },
  {
    // `expect.any(…)` and its like stand where a value is expected, and are `any`.
    files: ['test/**'],
    rules: {'@typescript-eslint/no-unsafe-assignment': 'off'},
  },
  {
    // The scripts that run before anything is built are plain JavaScript, without types to check.
    files: ['**/*.js'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {parserOptions: {projectService: false}},
    rules: {
      'no-console': 'off',
      'no-undef': 'error',
      '@typescript-eslint/no-unused-expressions': ['error', {allowShortCircuit: true}],
    },
  },
  {
    files: ['**/*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        ['console', 'process', 'performance', 'Buffer', 'setTimeout', 'clearTimeout', 'URL'].map(name => [
          name,
          'readonly',
        ]),
      ),
    },
  },
);
