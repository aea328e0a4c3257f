import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Deferred } from '../../../../src/base/deferred';
import type { EnvironmentHealth } from '../../../../src/environment/environmentSource';
import type { RemoteEnvironment } from '../../../../src/environment/remote/remoteEnvironment';
import { startCodexExecServer } from '../../../support/codexExecServer';
import { remoteTo } from '../../../support/environments';
import { occupyPort, useExecutorBundle } from '../../../support/executorProcess';
import type { OurExecServer } from '../../../support/ourExecServer';
import { startOurExecServer } from '../../../support/ourExecServer';
import { ProcessWatch, printedPids, script, terminal } from '../../../support/processFixtures';
import { TcpRelay } from '../../../support/tcpRelay';
import { temporaryFolder } from '../../../support/temporaryFolder';
import { follow, refusal } from '../local/fileSystemFixture';

const bundle = useExecutorBundle();

async function startOurs(folder: string, port?: number): Promise<OurExecServer> {
  const options = { script: bundle.script(), folder };
  const server = await startOurExecServer(port === undefined ? options : { ...options, port });
  // Politely, so that it ends what was started there.
  onTestFinished(() => server.stop());
  return server;
}

function open(...args: Parameters<typeof remoteTo>): RemoteEnvironment {
  const remote = remoteTo(...args);
  onTestFinished(() => {
    remote.dispose();
  });
  return remote;
}

/** Resolves when the environment is in a state of health, at once if it is. */
async function untilHealth(
  remote: RemoteEnvironment,
  kind: EnvironmentHealth['kind'],
): Promise<EnvironmentHealth> {
  if (remote.health.kind === kind) return remote.health;
  return new Promise((resolve) => {
    const subscription = remote.onDidChangeHealth((health) => {
      if (health.kind !== kind) return;
      subscription.dispose();
      resolve(health);
    });
  });
}

/** Follows the health, each kind once in a row. */
function followHealth(remote: RemoteEnvironment): EnvironmentHealth['kind'][] {
  const kinds = [remote.health.kind];
  remote.onDidChangeHealth(({ kind }) => {
    if (kinds.at(-1) !== kind) kinds.push(kind);
  });
  return kinds;
}

const ignored = { fromClient: () => undefined, fromServer: () => undefined };

it('a remote that is killed fails its processes, and serves again when it is back', async () => {
  const folder = await temporaryFolder();
  // Nobody else may be given the port while the server is away.
  const { port, release } = await occupyPort();
  await release();
  const server = await startOurs(folder, port);
  const remote = open(server.url);
  const kinds = followHealth(remote);
  const piped = new ProcessWatch(
    await remote.processes.start(script('echo "pid $$"; exec sleep 1000')),
  );
  const inTerminal = new ProcessWatch(
    await remote.processes.start(script('echo on; exec sleep 1000', { terminal })),
  );
  await piped.untilText(/pid \d+\n/);
  const [survivor = 0] = printedPids(piped.text, 'pid');
  onTestFinished(() => {
    process.kill(survivor, 'SIGKILL');
  });
  await inTerminal.untilText('on\r\n');
  await server.stop('SIGKILL');
  await untilHealth(remote, 'recovering');
  await startOurs(folder, port);
  await Promise.all([piped.closed(), inTerminal.closed()]);
  await writeFile(join(folder, 'file'), 'again');
  const text = (await remote.fileSystem.readFile(join(folder, 'file'), follow)).toString();
  const fresh = await new ProcessWatch(await remote.processes.start(script('echo fresh'))).closed();
  const failure = expect.stringMatching(/^the process on builder was lost: .*unknown session/);
  expect({
    state: piped.process.state,
    said: piped.bytes('stderr').toString(),
    saidInTerminal: inTerminal.text,
    events: piped.events.map(({ seq, type }) => `${seq} ${type}`),
    write: [
      await piped.process.write(Buffer.from('x')),
      await inTerminal.process.write(Buffer.from('x')),
    ],
    text,
    fresh: fresh.text,
    kinds: kinds.filter((kind) => kind !== 'unreachable'),
  }).toEqual({
    state: { exited: true, exitCode: 255, closed: true, failure, nextSeq: 5 },
    said: `${piped.process.state.failure ?? ''}\n`,
    saidInTerminal: `on\r\n\r\n${inTerminal.process.state.failure ?? ''}\r\n`,
    events: ['1 output', '2 output', '3 exited', '4 closed'],
    write: ['stdinClosed', 'accepted'],
    text: 'again',
    fresh: 'fresh\n',
    kinds: ['connecting', 'ready', 'recovering', 'ready'],
  });
});

describe.each(['ours', 'the real peer'] as const)('a connection to %s that is cut', (make) => {
  async function openOverRelay(): Promise<{
    remote: RemoteEnvironment;
    relay: TcpRelay;
    folder: string;
  }> {
    const folder = await temporaryFolder();
    const server =
      make === 'ours' ? await startOurs(folder) : await startCodexExecServer({ cwd: folder });
    if (!('port' in server)) onTestFinished(() => server.kill());
    const relay = await TcpRelay.start(Number(new URL(server.url).port), () => ignored);
    const remote = open(`ws://127.0.0.1:${relay.port}`);
    await untilHealth(remote, 'ready');
    return { remote, relay, folder };
  }

  it('loses nothing of a process and costs only what belongs to the connection', async () => {
    const { remote, relay, folder } = await openOverRelay();
    const kinds = followHealth(remote);
    await writeFile(join(folder, 'open'), 'text');
    const lines = 400;
    const count = `for i in $(seq ${lines}); do echo "line $i"; sleep 0.002; done; read -r x; echo "$x"`;
    const watch = new ProcessWatch(
      await remote.processes.start(script(count, { pipeStdin: true })),
    );
    const file = await remote.fileSystem.open(join(folder, 'open'), 'read');
    const told = new Deferred<void>();
    const missing = [join(folder, 'soon')];
    const held = await remote.fileSystem.watchMissing({ missing }, () => told.resolve());
    await watch.untilText('line 50\n');
    relay.pull();
    await untilHealth(remote, 'recovering');
    const written = watch.process.write(Buffer.from('said\n'));
    const metadata = remote.fileSystem.getMetadata(folder, follow);
    relay.putBack();
    await told.promise;
    await watch.closed();
    const expected = Array.from({ length: lines }, (_, index) => `line ${index + 1}\n`);
    expect({
      text: watch.text,
      seqs: watch.events.map(({ seq }) => seq),
      state: watch.process.state,
      written: await written,
      isDirectory: (await metadata).isDirectory,
      held: held !== undefined,
      file: await refusal(file.readBlock(0, 4)),
      closed: await refusal(file.close()),
      kinds,
    }).toEqual({
      text: `${expected.join('')}said\n`,
      seqs: watch.events.map((_, index) => index + 1),
      state: expect.objectContaining({ exited: true, exitCode: 0, closed: true }),
      written: 'accepted',
      isDirectory: true,
      held: true,
      file: '-32004 the file is not open any more, because the connection to the remote environment builder was lost; open it again',
      closed: 'no failure',
      kinds: ['ready', 'recovering', 'ready'],
    });
  });
});

it('a remote that is not there is unreachable, with the reason, and ready once it is', async () => {
  const folder = await temporaryFolder();
  const { port, release } = await occupyPort();
  await release();
  const remote = open(`ws://127.0.0.1:${port}/?token=secret`);
  const kinds = followHealth(remote);
  const refused = await refusal(remote.fileSystem.getMetadata(folder, follow));
  const info = await refusal(Promise.resolve(remote.info()));
  const start = await refusal(remote.processes.start(script('true')));
  await startOurs(folder, port);
  await remote.reconnect();
  const { cwd, platformOs } = await remote.info();
  const reason = `-32015 the remote environment builder cannot be reached: `;
  expect({
    refused: refused.startsWith(reason),
    sameReason: [info, start].every((text) => text === refused),
    hasNoSecret: !refused.includes('secret'),
    kinds,
    known: [cwd, remote.cwd, remote.pathStyle, platformOs],
  }).toEqual({
    refused: true,
    sameReason: true,
    hasNoSecret: true,
    kinds: ['connecting', 'unreachable', 'ready'],
    known: [folder, folder, 'posix', 'linux'],
  });
});

it('a retired environment starts nothing and lets its processes end', async () => {
  const server = await startOurs(await temporaryFolder());
  const remote = open(server.url);
  const watch = new ProcessWatch(
    await remote.processes.start(
      script('echo on; read -r line; echo "$line"', { pipeStdin: true }),
    ),
  );
  await watch.untilText('on\n');
  let isRetired = false;
  const retired = remote.retire().then(() => (isRetired = true));
  const refused = await refusal(remote.processes.start(script('true')));
  const wasRetired = isRetired;
  await watch.process.write(Buffer.from('still here\n'));
  await watch.closed();
  await retired;
  expect({ text: watch.text, failure: watch.process.state.failure, refused, wasRetired }).toEqual({
    text: 'on\nstill here\n',
    failure: undefined,
    refused:
      '-32015 the remote environment builder cannot be reached: the environment was switched',
    wasRetired: false,
  });
});

it('a disposed environment fails what still runs', async () => {
  const server = await startOurs(await temporaryFolder());
  const remote = open(server.url);
  const watch = new ProcessWatch(await remote.processes.start(script('exec sleep 1000')));
  const retired = remote.retire();
  remote.dispose();
  await watch.closed();
  await retired;
  expect(watch.process.state.failure).toBe(
    'the process on builder was lost: the environment was switched',
  );
});
