/**
 * Writes `client.d.ts` into `dist/client`, or into the folder it is told: the types of what `src/client/published.ts` exports, in one file that imports
 * nothing. What the sources derive from schemas is written out, so that whoever compiles against it needs
 * neither the schemas nor the library they are made with.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = path.join(root, 'src');
const target = path.resolve(root, process.argv[2] ?? 'dist/client', 'client.d.ts');

/** Declarations that are taken over as they are, by their file. */
const taken = {
  'base/lifecycle.ts': ['Disposable'],
  'base/event.ts': ['Event'],
  'base/errors.ts': ['ExecServerErrorCode', 'ExecServerError'],
  'protocol/errorCodes.ts': ['RpcError'],
  'client/clientProcess.ts': ['ClientProcessEvent', 'ClientProcessState', 'ClientProcess'],
  'client/execServerClient.ts': [
    'ExecServerEndpoint',
    'AddressEndpoint',
    'ProgramEndpoint',
    'ClientState',
    'PlainMethod',
    'ServerFacts',
    'ExecServerClient',
    'ClientHttpResponse',
  ],
  'client/published.ts': ['ConnectExecServerOptions', 'connectExecServer'],
};

/** Types derived from schemas, by the file that exports them. */
const derived = {
  'protocol/environmentMessages': ['EnvironmentInfoResponse'],
  'protocol/processMessages': ['OutputStream', 'ProcessSignal', 'SandboxType', 'WriteStatus'],
};

const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(path.join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file)).config,
  ts.sys,
  root,
);
const probe = path.join(sources, 'client', 'probe.ts');

/**
 * @param {readonly string[]} methods
 * @returns {ts.Program}
 */
function programWith(methods) {
  const host = ts.createCompilerHost(options);
  const readFile = host.getSourceFile.bind(host);
  const calls = methods.map(
    (method) =>
      `'${method}': { params: CallParams<'${method}'>; result: CallResult<'${method}'> };`,
  );
  const text = `import type { CallParams, CallResult } from './execServerClient';
    ${Object.entries(derived)
      .map(([file, names]) => `import type { ${names.join(', ')} } from '../${file}';`)
      .join('\n')}
    export interface Calls { ${calls.join('\n')} }
    export interface Derived { ${Object.values(derived)
      .flat()
      .map((name) => `${name}: ${name};`)
      .join('\n')} }`;
  host.getSourceFile = (file, ...rest) =>
    file === probe
      ? ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
      : readFile(file, ...rest);
  const exists = host.fileExists.bind(host);
  host.fileExists = (file) => file === probe || exists(file);
  const emitting = { ...options, noEmit: false, declaration: true, emitDeclarationOnly: true };
  return ts.createProgram([probe, path.join(sources, 'client', 'published.ts')], emitting, host);
}

/** @param {ts.Program} program */
function methodsOf(program) {
  const file = program.getSourceFile(path.join(sources, 'protocol', 'methods.ts'));
  const checker = program.getTypeChecker();
  const symbol = file === undefined ? undefined : checker.getSymbolAtLocation(file);
  const table =
    symbol && checker.getExportsOfModule(symbol).find(({ name }) => name === 'requests');
  if (table === undefined) throw new Error('Failed to find the table of requests');
  return checker.getPropertiesOfType(checker.getTypeOfSymbol(table)).map(({ name }) => name);
}

/**
 * Members of an interface of the probe, their types written out.
 *
 * @param {ts.Program} program
 * @param {string} name
 * @returns {[string, string][]}
 */
function writtenOut(program, name) {
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(probe);
  const declaration = file?.statements.find(
    (statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === name,
  );
  if (declaration === undefined) throw new Error(`Failed to find ${name}`);
  // Nothing is shortened, and no name is used that only the sources know.
  const { NoTruncation, InTypeAlias, UseStructuralFallback } = ts.TypeFormatFlags;
  /** @type {ts.TypeFormatFlags} */
  const flags = NoTruncation | InTypeAlias | UseStructuralFallback;
  return checker
    .getPropertiesOfType(checker.getTypeAtLocation(declaration))
    .map((member) => [
      member.name,
      checker.typeToString(checker.getTypeOfSymbol(member), undefined, flags),
    ]);
}

/**
 * @param {ts.Program} program
 * @returns {Map<string, string>} declarations by the path of their source below `src`
 */
function declarationsOf(program) {
  /** @type {Map<string, string>} */
  const texts = new Map();
  program.emit(undefined, (_path, text, _mark, _error, from) => {
    const [file] = from ?? [];
    if (file !== undefined) texts.set(path.relative(sources, file.fileName), text);
  });
  return texts;
}

/**
 * @param {string} text
 * @param {readonly string[]} names
 */
function pick(text, names) {
  const file = ts.createSourceFile('picked.d.ts', text, ts.ScriptTarget.Latest, true);
  return names.map((name) => {
    const statement = file.statements.find(
      (candidate) =>
        (ts.isInterfaceDeclaration(candidate) ||
          ts.isTypeAliasDeclaration(candidate) ||
          ts.isClassDeclaration(candidate) ||
          ts.isFunctionDeclaration(candidate)) &&
        candidate.name?.text === name,
    );
    if (statement === undefined) throw new Error(`Failed to find the declaration of ${name}`);
    return statement.getFullText(file).trim();
  });
}

const methods = methodsOf(programWith([]));
const program = programWith(methods);
const failures = ts.getPreEmitDiagnostics(program, program.getSourceFile(probe));
if (failures.length > 0) throw new Error(ts.formatDiagnostics(failures, ts.createCompilerHost({})));
const texts = declarationsOf(program);
const parts = [
  '/** Every method with what it takes and what it answers. */',
  `export interface Calls { ${writtenOut(program, 'Calls')
    .map(([name, type]) => `'${name}': ${type};`)
    .join('\n')} }`,
  'export type RequestMethod = keyof Calls;',
  "export type CallParams<M extends RequestMethod> = Calls[M]['params'];",
  "export type CallResult<M extends RequestMethod> = Calls[M]['result'];",
  ...writtenOut(program, 'Derived').map(([name, type]) => `export type ${name} = ${type};`),
  ...Object.entries(taken).flatMap(([file, names]) =>
    pick(texts.get(path.normalize(file)) ?? '', names),
  ),
];
const written = await format(`/// <reference types="node" />\n\n${parts.join('\n\n')}\n`, {
  parser: 'typescript',
  printWidth: 100,
  singleQuote: true,
});
mkdirSync(path.dirname(target), { recursive: true });
writeFileSync(target, written);
