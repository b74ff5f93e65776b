import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import { defineConfig, globalIgnores } from 'eslint/config';
import ts from 'typescript-eslint';
import svelteConfig from './www/svelte.config.js';

const typed = {
  projectService: { allowDefaultProject: ['*.ts', '*.js', 'www/svelte.config.js'] },
  tsconfigRootDir: import.meta.dirname,
  extraFileExtensions: ['.svelte'],
};

export default defineConfig(
  globalIgnores(['target', 'pkg/dist', 'pkg/lib', 'www/dist', 'www/public', 'test-results', 'playwright-report']),
  js.configs.recommended,
  ts.configs.strict,
  svelte.configs.recommended,
  // TypeScript knows better which names there are.
  { rules: { 'no-undef': 'off' } },
  {
    files: ['**/*.ts', '**/*.svelte'],
    languageOptions: { parserOptions: typed },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/only-throw-error': 'error',
    },
  },
  {
    // The engine throws plain objects, and so do its stand-ins.
    files: ['**/*.test.ts', '**/tests/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/only-throw-error': 'off',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
  },
);
