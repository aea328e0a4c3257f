import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/**
 * Which folders of src a folder may import. A folder imports itself and what is named here, nothing else:
 * the floors of the house, from the top down.
 */
const allowedImports = {
  base: [],
  protocol: ['base'],
  rpc: ['base', 'protocol'],
  client: ['base', 'protocol', 'rpc'],
  environment: ['base', 'protocol'],
  'environment/local': ['base', 'protocol', 'environment'],
  'environment/remote': ['base', 'protocol', 'client', 'environment'],
  server: ['base', 'protocol', 'rpc', 'environment'],
  control: ['base', 'protocol', 'rpc', 'environment', 'server'],
  executor: [
    'base',
    'protocol',
    'rpc',
    'client',
    'environment',
    'environment/local',
    'environment/remote',
    'server',
    'control',
  ],
  extension: ['base', 'protocol', 'client', 'environment', 'control', 'executor'],
};

const zones = Object.entries(allowedImports).map(([floor, allowed]) => ({
  // The folders in `environment` are floors of their own.
  target: floor === 'environment' ? './src/environment/*' : `./src/${floor}/**/*`,
  from: './src',
  except: [floor, ...allowed].map((name) => `./${name}`),
  message: `src/${floor} may import only: ${allowed.join(', ') || 'itself'}.`,
}));
// `environment` contains its implementations; the folder itself must not reach into them.
for (const implementation of ['local', 'remote']) {
  zones.push({
    target: './src/{environment,server,control}/*',
    from: `./src/environment/${implementation}`,
    except: [],
    message: 'Only the executor wires an implementation of Environment.',
  });
}

/** Packages with one owner: the file or folder that may import them. */
const singleOwners = {
  vscode: ['src/extension.ts', 'src/extension/**'],
  'node-pty': ['src/environment/local/**'],
  ws: ['src/rpc/webSocketTransport.ts', 'src/rpc/connectWebSocket.ts', 'src/server/listener.ts'],
};
/**
 * @param {string[]} names
 * @returns {import('eslint').Linter.RulesRecord}
 */
const restricted = (names) => ({
  'no-restricted-imports': [
    'error',
    { paths: names.map((name) => ({ name, message: `${name} has one owner; see singleOwners.` })) },
  ],
});

export default defineConfig(
  { ignores: ['dist/', 'out/', 'node_modules/', '.vscode-test/', 'test/fixtures/'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [createTypeScriptImportResolver()],
      // Provided by the editor, so it is in no package.
      'import-x/core-modules': ['vscode'],
    },
    rules: {
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones }],
      'import-x/no-extraneous-dependencies': [
        'error',
        { devDependencies: ['test/**', 'build/**', '*.mjs'] },
      ],
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'separate-type-imports' },
      ],
      '@typescript-eslint/no-floating-promises': ['error', { checkThenables: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // Interfaces of methods read better; a function type in a table is still allowed.
      '@typescript-eslint/method-signature-style': 'off',
      // `() => void` callbacks that return nothing are the rule in event code.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  { files: ['src/**/*.ts'], rules: restricted(Object.keys(singleOwners)) },
  ...Object.entries(singleOwners).map(([name, files]) => ({
    files,
    rules: restricted(Object.keys(singleOwners).filter((other) => other !== name)),
  })),
  {
    files: ['**/*.mjs', '**/*.cjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', Buffer: 'readonly' } },
    rules: { 'no-console': 'off', 'no-undef': 'off' },
  },
  {
    // Assertions on recorded messages, results of library calls and parsed files would need a cast each.
    files: ['test/**/*', 'build/**/*'],
    rules: { '@typescript-eslint/no-unsafe-assignment': 'off' },
  },
);
