import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { toError } from '../../../../src/base/errors';
import { startCodexExecServer } from '../../../support/codexExecServer';
import { remoteTo } from '../../../support/environments';
import { ProcessWatch, script, terminal } from '../../../support/processFixtures';
import { temporaryFolder } from '../../../support/temporaryFolder';
import { useCodex } from '../../../support/useCodex';
import { follow, refusal } from '../local/fileSystemFixture';

/** One release for each way the wire has been, from the first on. */
const releases = [
  { version: '0.125.0', knows: { platform: false, size: false, walk: false, sandbox: false } },
  { version: '0.131.0', knows: { platform: false, size: false, walk: false, sandbox: false } },
  { version: '0.140.0', knows: { platform: false, size: true, walk: false, sandbox: false } },
  { version: '0.150.0', knows: { platform: false, size: true, walk: true, sandbox: true } },
  { version: '0.169.0', knows: { platform: true, size: true, walk: true, sandbox: true } },
];

/** What came of a call: its answer, or the failure as it would go over the wire. */
async function outcome<T>(call: Promise<T>): Promise<T | string> {
  try {
    return await call;
  } catch (error) {
    return refusal(Promise.reject(toError(error)));
  }
}

describe.each(releases)('a remote of release $version', ({ version, knows }) => {
  useCodex(version);

  it('runs programs and keeps files under the paths it has', async () => {
    const root = await temporaryFolder();
    const folder = join(root, 'with space %25');
    await mkdir(folder);
    const server = await startCodexExecServer({ cwd: folder, version });
    onTestFinished(() => server.kill());
    const remote = remoteTo(server.url);
    onTestFinished(() => {
      remote.dispose();
    });
    const { processes, fileSystem: files } = remote;
    const file = join(folder, 'ä');
    const ran = new ProcessWatch(
      await processes.start(script('pwd; read -r x; echo "$x"', { cwd: folder, pipeStdin: true })),
    );
    await ran.process.write(Buffer.from('said\n'));
    await ran.closed();
    const inTerminal = new ProcessWatch(
      await processes.start(script('pwd; exec cat', { cwd: folder, terminal })),
    );
    await inTerminal.untilText(folder);
    inTerminal.process.resize({ rows: 5, cols: 5 });
    await inTerminal.process.closeStdin();
    await inTerminal.closed();
    await files.writeFile(file, Buffer.from('text'), follow);
    const { size } = await files.getMetadata(file, follow);
    const info = await remote.info();
    const walk = { maxDepth: 1, maxDirectories: 9, maxEntries: 9, followDirectorySymlinks: false };
    expect({
      ran: [ran.text, ran.process.state.exitCode],
      inTerminal: [inTerminal.text, inTerminal.process.state.exitCode],
      onDisk: await readFile(file, 'utf8'),
      read: (await files.readFile(file, follow)).toString(),
      absent: await refusal(files.readFile(join(folder, 'nope'), follow)),
      size,
      listed: await files.readDirectory(folder),
      walked: await outcome(files.walk(folder, walk).then(({ entries }) => entries)),
      info: [info.executorVersion, info.cwd, info.platformOs],
      style: remote.pathStyle,
    }).toEqual({
      ran: [`${folder}\nsaid\n`, 0],
      inTerminal: [`${folder}\r\n`, 0],
      onDisk: 'text',
      read: 'text',
      absent: expect.stringMatching(/No such file or directory \(os error 2\)$/),
      size: knows.size ? 4 : 0,
      listed: [{ fileName: 'ä', isDirectory: false, isFile: true }],
      walked: knows.walk ? [{ path: file, kind: 'file' }] : expect.stringMatching(/^-32601 /),
      info: [knows.platform ? version : undefined, knows.sandbox ? folder : undefined, 'linux'],
      style: 'posix',
    });
  });

  it('never passes a sandbox over', async () => {
    const folder = await temporaryFolder();
    const server = await startCodexExecServer({ cwd: folder, version });
    onTestFinished(() => server.kill());
    const remote = remoteTo(server.url);
    onTestFinished(() => {
      remote.dispose();
    });
    const readOnly = {
      files: [{ place: { kind: 'path', path: '/' }, access: 'read' }],
      network: 'restricted',
    } as const;
    const file = join(folder, 'file');
    await writeFile(file, 'kept');
    const program = script(`echo changed > '${file}'`, { sandbox: readOnly });
    const run = async (): Promise<unknown> => {
      const watch = new ProcessWatch(await remote.processes.start(program));
      return (await watch.closed()).process.state.exitCode;
    };
    const started = await outcome(run());
    const written = await refusal(
      remote.confinedFileSystem(readOnly).writeFile(file, Buffer.from('changed'), follow),
    );
    const cannot = expect.stringMatching(/^-32600 the remote environment cannot enforce a sandbox/);
    expect({ started, written, text: await readFile(file, 'utf8') }).toEqual({
      started: knows.sandbox ? expect.anything() : cannot,
      written: knows.sandbox ? expect.stringMatching(/^-326/) : cannot,
      text: 'kept',
    });
  });
});
