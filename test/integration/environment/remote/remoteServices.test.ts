import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Deferred } from '../../../../src/base/deferred';
import type { RemoteEnvironment } from '../../../../src/environment/remote/remoteEnvironment';
import { collectGarbage } from '../../../support/collectGarbage';
import { useRemotes } from '../../../support/remotes';
import { HttpPeer } from '../../../support/httpPeer';
import {
  ProcessWatch,
  isAlive,
  printedPids,
  script,
  startRequest,
  until,
} from '../../../support/processFixtures';
import { follow, refusal } from '../local/fileSystemFixture';

const mebibyte = 1024 * 1024;

const { open, openProgram } = useRemotes();

describe.each(['ours', 'the real peer'] as const)('a remote that is %s', (make) => {
  it('sends requests from where it is and streams what comes back', async () => {
    const { remote } = await open(make);
    const part = Buffer.alloc(mebibyte, 'x');
    const web = await HttpPeer.start((request, response) => {
      if (request.url === '/stream') {
        for (let index = 0; index < 16; index += 1) response.write(part);
        response.end('end');
      } else response.writeHead(404, { 'x-answer': 'no' }).end('nothing');
    });
    const ask = (path: string) =>
      remote.http.request(
        {
          method: 'POST',
          url: `${web.url}${path}`,
          headers: [{ name: 'x-asked', value: 'yes' }],
          body: Buffer.from('body'),
          redirectPolicy: 'stop',
          timeoutMs: undefined,
        },
        new AbortController().signal,
      );
    const streamed = await ask('/stream');
    const body = streamed.body[Symbol.asyncIterator]();
    const first = await body.next();
    // Nobody asks for the next piece, and yet everything else goes on.
    const ran = await new ProcessWatch(await remote.processes.start(script('echo on'))).closed();
    let bytes = first.done === true ? 0 : first.value.length;
    for (let next = await body.next(); next.done !== true; next = await body.next()) {
      bytes += next.value.length;
    }
    const answer = await ask('/other');
    const text: Buffer[] = [];
    for await (const chunk of answer.body) text.push(chunk);
    expect({
      ran: ran.text,
      bytes,
      status: answer.status,
      header: answer.headers.find(({ name }) => name === 'x-answer')?.value,
      text: Buffer.concat(text).toString(),
      received: [web.received[1]?.body, web.lastHeader('x-asked')],
      refused: await refusal(
        remote.http.request(
          {
            method: 'GET',
            url: 'ftp://127.0.0.1/',
            headers: [],
            body: undefined,
            redirectPolicy: 'follow',
            timeoutMs: undefined,
          },
          new AbortController().signal,
        ),
      ),
    }).toEqual({
      ran: 'on\n',
      bytes: 16 * mebibyte + 3,
      status: 404,
      header: 'no',
      text: 'nothing',
      received: ['body', ['yes']],
      refused: expect.stringMatching(/^-32602 /),
    });
  });

  it('tells what it is, and passes on what works through us', async () => {
    const { remote, folder } = await open(make);
    const { cwd, executorVersion, platformOs, shell, features } = await remote.info();
    expect({
      cwd,
      executorVersion,
      platformOs,
      shell: shell.path.startsWith('/'),
      features,
    }).toEqual({
      cwd: folder,
      executorVersion: '0.169.0',
      platformOs: 'linux',
      shell: true,
      features: {
        capabilityDiscoveryV2: true,
        environmentConfigRead: true,
        fileWriteStreaming: true,
        fsWatchMissing: true,
        httpHeaderEnvVars: true,
        sandboxedFileStreaming: true,
        shellSnapshotV2: true,
      },
    });
  });

  it('reads its own configuration', async () => {
    const { remote, folder, codexHome } = await open(make);
    await writeFile(join(codexHome, 'config.toml'), '[mcp_servers.here]\ncommand = "true"\n');
    const found = await remote.configuration.read({
      cwd: join(folder, 'not', 'there'),
      configPaths: [['mcp_servers']],
      requirementsPaths: [],
    });
    expect({
      codexHomeDir: found.codexHomeDir,
      layers: found.config.layers.map(({ baseDir, toml }) => [baseDir, toml.trim()]),
      requirements: found.requirements,
    }).toEqual({
      codexHomeDir: codexHome,
      layers: [[codexHome, '[mcp_servers.here]\ncommand = "true"']],
      requirements: { layers: [], cloudInsertionIndex: expect.any(Number) },
    });
  });

  it('finds its own skills', async () => {
    const skill = '---\nname: greet\ndescription: Says hello.\n---\nHello.\n';
    const writeSkill = async (parent: string): Promise<void> => {
      await mkdir(join(parent, 'greet'), { recursive: true });
      await writeFile(join(parent, 'greet', 'SKILL.md'), skill);
    };
    const { remote, folder, codexHome } = await open(make, {
      fillHome: (home) => writeSkill(join(home, 'skills')),
    });
    await writeSkill(join(folder, 'root'));
    const { skills } = await remote.discovery.discoverInstalled();
    const [root, missing] = await remote.discovery.inspectRoots([
      join(folder, 'root'),
      join(folder, 'nope'),
    ]);
    expect({
      installed: skills.filter(({ name }) => name === 'greet').map(({ path }) => path),
      inspected: root?.skills.map(({ instructions }) => instructions),
      missing: missing?.skills,
    }).toEqual({
      installed: [join(codexHome, 'skills', 'greet', 'SKILL.md')],
      inspected: [{ path: join(folder, 'root', 'greet', 'SKILL.md'), contents: skill }],
      missing: [],
    });
  });

  it('tells all who watch, although it has one watch', async () => {
    const { remote, folder } = await open(make);
    const files = remote.fileSystem;
    const told = { one: new Deferred<void>(), other: new Deferred<void>() };
    const watches = [
      await files.watchMissing({ missing: [join(folder, 'one')] }, () => told.one.resolve()),
      await files.watchMissing({ missing: [join(folder, 'other')] }, () => told.other.resolve()),
      await files.watchMissing({ missing: [folder] }, () => undefined),
    ];
    await writeFile(join(folder, 'one'), '');
    await Promise.all([told.one.promise, told.other.promise]);
    expect(watches.map((watch) => watch !== undefined)).toEqual([true, true, false]);
  });

  it('keeps its output to itself while its reader is slow', async () => {
    const { remote, folder } = await open(make);
    const marker = join(folder, 'all-written');
    const bytes = 200 * mebibyte;
    const slow = new ProcessWatch(
      await remote.processes.start(
        script(`head -c ${bytes} /dev/zero; touch '${marker}'`, { readerId: 'slow' }),
      ),
    );
    slow.process.setOutputPaused(true);
    const before = memoryBytes();
    const others = await otherWork(remote);
    // What is collected is freed beside the program, some time later.
    await until(() => memoryBytes() - before < 32 * mebibyte, 'no more is held than there was');
    const unread = await refusal(remote.fileSystem.getMetadata(marker, follow));
    slow.process.terminate();
    slow.process.setOutputPaused(false);
    await slow.closed();
    expect({ others, unread }).toEqual({
      others: Array.from({ length: 5 }, () => 10 * mebibyte),
      unread: '-32004 No such file or directory (os error 2)',
    });
  });
});

it('a remote may be a program, which ends with the environment', async () => {
  const { remote, folder } = await openProgram();
  const shell = new ProcessWatch(
    await remote.processes.start(
      script('echo "server $PPID"; echo x > file; read -r x', {
        cwd: folder,
        pipeStdin: true,
      }),
    ),
  );
  await shell.untilText(/server \d+\n/);
  const text = (await remote.fileSystem.readFile(join(folder, 'file'), follow)).toString();
  const [server = 0] = printedPids(shell.text, 'server');
  const wasAlive = isAlive(server);
  remote.dispose();
  await until(() => !isAlive(server), 'the program is gone');
  expect([text, wasAlive, shell.process.state.failure]).toEqual([
    'x\n',
    true,
    'the process on builder was lost: the environment was switched',
  ]);
});

/** Bytes that quick readers get meanwhile. */
async function otherWork(remote: RemoteEnvironment): Promise<number[]> {
  const counts: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    let count = 0;
    const process = await remote.processes.start(
      startRequest(['head', '-c', String(10 * mebibyte), '/dev/zero'], { readerId: 'quick' }),
    );
    const closed = new Deferred<void>();
    process.onDidEmit((event) => {
      if (event.type === 'output') count += event.chunk.length;
      if (event.type === 'closed') closed.resolve();
    });
    await closed.promise;
    counts.push(count);
  }
  return counts;
}

function memoryBytes(): number {
  // What the quick readers were given is garbage by now, and may be more than what is looked for.
  collectGarbage();
  const { external, heapUsed } = process.memoryUsage();
  return external + heapUsed;
}
