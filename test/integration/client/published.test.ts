import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { createServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { runNpm } from '../../host/npm.mjs';
import { bundleExecutor } from '../../support/executorBundle';
import { startServer } from '../../support/execServerHarness';
import { makeFolder } from '../../support/temporaryFolder';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const tls = (name: string): string => join(root, 'test/fixtures/tls', name);

/** A project of somebody else's, with nothing in it but the package. */
let project: { readonly path: string; readonly remove: () => Promise<void> } | undefined;
const inProject = (...names: string[]): string => join(project?.path ?? '', ...names);

beforeAll(async () => {
  project = await makeFolder();
  const bundle = await bundleExecutor();
  try {
    const client = join(dirname(bundle.script), 'client');
    const tarball = inProject('exec-server-client.tgz');
    await run(process.execPath, ['build/clientTypes.mjs', client], { cwd: root });
    await run(process.execPath, ['build/npmPackage.mjs', tarball, client], { cwd: root });
  } finally {
    await bundle.remove();
  }
  await writeFile(inProject('package.json'), '{ "private": true }\n');
  const offline = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  await runNpm(['install', ...offline, './exec-server-client.tgz'], project.path);
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const [, example = ''] = /```js\n(\/\/ drive\.mjs\n.*?)```/s.exec(readme) ?? [];
  await writeFile(inProject('drive.mjs'), example);
}, 180_000);
afterAll(() => project?.remove());

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
}

function drive(env: Readonly<Record<string, string>>): Promise<Outcome> {
  const surroundings = { PATH: process.env['PATH'], ...env };
  return run(process.execPath, ['drive.mjs'], { cwd: inProject(), env: surroundings }).catch(
    (error: unknown) => error as Outcome,
  );
}

const printed = 'Hello, workspace\nIt ended with 3.\nThe file says: Hello, workspace\n';

/** TLS in front of a server on this machine, with a certificate that nobody trusts by himself. */
async function secureDoorTo(port: number): Promise<number> {
  const sockets = new Set<Socket>();
  const door = createServer(
    { key: readFileSync(tls('localhost.key')), cert: readFileSync(tls('localhost.pem')) },
    (socket) => {
      const server = connect(port, '127.0.0.1');
      for (const end of [socket, server]) {
        sockets.add(end);
        end.on('error', () => undefined);
      }
      socket.pipe(server).pipe(socket);
    },
  );
  door.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => door.close(resolve));
  });
  const address = door.address();
  if (address === null || typeof address === 'string') throw new Error('The door has no port');
  return address.port;
}

describe('the published client', () => {
  it('runs the example of the README as printed', async () => {
    const server = await startServer();
    expect(await drive({ EXEC_SERVER_URL: server.url })).toEqual({ stdout: printed, stderr: '' });
  });

  it('connects by TLS, and checks the certificate and the name in it', async () => {
    const server = await startServer({ settings: { allowedHosts: ['localhost'] } });
    const port = await secureDoorTo(server.port);
    const url = (host: string): string => `wss://${host}:${port}/?token=${server.token}`;
    const trusted = { NODE_EXTRA_CA_CERTS: tls('localhost.pem') };
    const [named, unknown, misnamed] = await Promise.all([
      drive({ ...trusted, EXEC_SERVER_URL: url('localhost') }),
      drive({ EXEC_SERVER_URL: url('localhost') }),
      drive({ ...trusted, EXEC_SERVER_URL: url('127.0.0.1') }),
    ]);
    const failed = 'Failed to connect to';
    expect({ ...named, unknown: unknown.stderr, misnamed: misnamed.stderr }).toEqual({
      stdout: printed,
      stderr: '',
      unknown: expect.stringContaining(`${failed} localhost:${port}: self-signed certificate`),
      misnamed: expect.stringContaining(`${failed} 127.0.0.1:${port}: Hostname/IP does not match`),
    });
  });

  it('has types that a strict program compiles against, and that need nothing else', async () => {
    await writeFile(
      inProject('consumer.mts'),
      `import { connectExecServer, ExecServerError, RpcError } from 'exec-server-vscode/client';
       import type { CallResult, ClientProcessEvent, ClientState } from 'exec-server-vscode/client';
       const client = await connectExecServer({ endpoint: { program: 'ssh' }, clientName: 'c' });
       const file: CallResult<'fs/readFile'> = await client.request('fs/readFile', { path: '/x' });
       const events: ClientProcessEvent[] = [];
       const state: ClientState = client.state;
       const code: string | number = new RpcError(1, file.dataBase64).code;
       // @ts-expect-error -- a path is text
       await client.request('fs/readFile', { path: 1 });
       // @ts-expect-error -- starts have a method of their own
       await client.request('process/start', {});
       export { ExecServerError, code, events, state };`,
    );
    const strict = [
      '--strict',
      '--noEmit',
      '--exactOptionalPropertyTypes',
      '--skipLibCheck',
      'false',
    ];
    const modules = ['--module', 'nodenext', '--target', 'es2023', '--types', 'node'];
    const scripts = ['--allowJs', '--checkJs', '--typeRoots', join(root, 'node_modules/@types')];
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const files = ['drive.mjs', 'consumer.mts'];
    const compiled = await run(
      process.execPath,
      [tsc, ...strict, ...modules, ...scripts, ...files],
      {
        cwd: inProject(),
      },
    ).catch((error: unknown) => error as Outcome);
    const types = await readFile(
      inProject('node_modules/exec-server-vscode/dist/client/client.d.ts'),
      'utf8',
    );
    expect({ compiled: compiled.stdout, imports: /^import/m.test(types) }).toEqual({
      compiled: '',
      imports: false,
    });
    expect(types).not.toContain(root);
  }, 180_000);
});
