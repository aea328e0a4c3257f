/** What happens to live sessions when the user changes the environment or what may be done there. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { EnvironmentChoice } from '../../../src/environment/environmentChoice';
import type { ControlledExecutor } from '../../support/controlHarness';
import { startControlled } from '../../support/controlHarness';
import { startServer } from '../../support/execServerHarness';
import { HttpPeer } from '../../support/httpPeer';
import { TcpRelay } from '../../support/tcpRelay';
import type { WireMessage } from '../../support/wireClient';
import { WireClient, startParams } from '../../support/wireClient';

const switchTo = (server: ControlledExecutor, mode: 'local' | 'disabled'): Promise<unknown> =>
  server.control.setEnvironment({ mode } satisfies EnvironmentChoice, 'keep');

function allow(server: ControlledExecutor, exec: boolean, filesystem: boolean): void {
  server.control.options.applySettings({
    ...server.settings,
    execEnabled: exec,
    filesystemEnabled: filesystem,
  });
}

const named = (method: string) => (message: WireMessage) => message['method'] === method;

const told = (client: WireClient): unknown[] =>
  client.received.filter(named('environment/changed')).map(({ params }) => params);

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe.skipIf(process.platform === 'win32')('a change of the environment', () => {
  it('is told to every agent that is ready, with what environment/info answers', async () => {
    const server = await startControlled();
    const agent = await WireClient.open(server.url);
    const other = await WireClient.open(server.url);
    const early = await WireClient.connect(server.url);
    await early.request('initialize', { clientName: 'early', resumeSessionId: null });
    const before = await agent.request('environment/info');
    await switchTo(server, 'disabled');
    const off = await agent.request('environment/info');
    await switchTo(server, 'local');
    allow(server, true, false);
    const limited = await agent.request('environment/info');
    // Setting what is set already changes nothing.
    await switchTo(server, 'local');
    allow(server, true, false);
    await Promise.all([other, early].map((client) => client.call('environment/status')));
    expect([told(agent), told(other), told(early)]).toEqual([
      [off, before, limited],
      [off, before, limited],
      [],
    ]);
  });

  it('is told to an agent that had its answer to initialize and was not ready yet', async () => {
    const server = await startControlled();
    const agent = await WireClient.connect(server.url);
    await agent.request('initialize', { clientName: 'early', resumeSessionId: null });
    await switchTo(server, 'disabled');
    await switchTo(server, 'local');
    allow(server, true, false);
    agent.notify('initialized');
    const limited = await agent.request('environment/info');
    expect(told(agent)).toEqual([limited]);
  });

  it('leaves processes with their session, and ends what belongs to the place', async () => {
    const peer = await HttpPeer.start((_request, response) => {
      response.write('part');
    });
    const server = await startControlled();
    const inWorkspace = (name: string): string => join(server.workspace, name);
    await writeFile(inWorkspace('open'), 'content');
    const agent = await WireClient.open(server.url);
    await agent.request('process/start', startParams('p', ['/bin/cat'], { pipeStdin: true }));
    await agent.request('fs/open', { handleId: 'h', path: inWorkspace('open') });
    await agent.request('fs/watchMissing', { watchId: 7, missing: [inWorkspace('missing')] });
    const get = { method: 'GET', url: peer.url, streamResponse: true };
    await agent.request('http/request', { ...get, requestId: 'r' });
    await agent.next(named('http/request/bodyDelta'));

    await switchTo(server, 'disabled');
    await switchTo(server, 'local');
    await agent.next(
      (message) => (message['params'] as { done?: boolean } | undefined)?.done === true,
    );
    await agent.next(named('fs/missingChanged'));
    const read = await agent.call('fs/readBlock', { handleId: 'h', offset: 0, len: 1 });
    await agent.request('fs/open', { handleId: 'h', path: inWorkspace('open') });
    await agent.request('process/write', { processId: 'p', chunk: base64('still here\n') });
    await agent.request('process/closeStdin', { processId: 'p' });
    expect({
      read,
      again: await agent.call('fs/readBlock', { handleId: 'h', offset: 0, len: 7 }),
      last: agent.received.filter(named('http/request/bodyDelta')).at(-1)?.['params'],
      watch: agent.received.filter(named('fs/missingChanged')).map(({ params }) => params),
      output: (await agent.outputOf('p')).toString(),
    }).toEqual({
      read: { error: { code: -32004, message: 'unknown file handle `h`' } },
      again: { result: { chunk: base64('content'), eof: false } },
      last: {
        requestId: 'r',
        seq: 2,
        deltaBase64: '',
        done: true,
        error: 'exec is disabled: the user switched Exec Server off',
      },
      watch: [{ watchId: 7 }],
      output: 'still here\n',
    });
  });

  it('ends with a capability what needs it, and nothing else', async () => {
    const server = await startControlled();
    const path = join(server.workspace, 'written');
    const agent = await WireClient.open(server.url);
    await agent.request('process/start', startParams('p', ['/bin/cat'], { pipeStdin: true }));
    await agent.request('fs/open', { handleId: 'h', path, mode: 'replace' });
    const poll = agent.call('process/read', { processId: 'p', waitMs: 60_000 });
    await agent.request('environment/status');
    allow(server, false, true);
    const ended = await poll;
    const write = await agent.call('fs/writeBlock', {
      handleId: 'h',
      offset: 0,
      chunk: base64('kept'),
    });
    allow(server, true, false);
    const echo = await agent.call('process/write', { processId: 'p', chunk: base64('x') });
    allow(server, true, true);
    expect({
      ended,
      write,
      echo,
      handle: await agent.call('fs/readBlock', { handleId: 'h', offset: 0, len: 1 }),
      content: await readFile(path, 'utf8'),
    }).toEqual({
      ended: {
        error: {
          code: -32012,
          message:
            'exec is disabled: the user switched it off (setting execServer.capabilities.exec)',
        },
      },
      write: { result: {} },
      echo: { result: { status: 'accepted' } },
      handle: { error: { code: -32004, message: 'unknown file handle `h`' } },
      content: 'kept',
    });
  });

  it('is told when a remote that was out of reach has been reached', async () => {
    const there = await startServer();
    const relay = await TcpRelay.start(there.port, () => ({
      fromClient: () => undefined,
      fromServer: () => undefined,
    }));
    relay.pull();
    const url = `ws://127.0.0.1:${relay.port}/`;
    const remote = { name: 'box', endpoint: { url, token: there.token } };
    const server = await startControlled({
      environment: { mode: 'remote', remote },
      limits: { environmentInfoMs: 200 },
    });
    const agent = await WireClient.connect(server.url);
    const hello = await agent.request('initialize', { clientName: 'a', resumeSessionId: null });
    agent.notify('initialized', {});
    const unknown = await agent.call('environment/info');
    relay.putBack();
    await agent.next(named('environment/changed'));
    const known = await agent.request('environment/info');
    await switchTo(server, 'local');
    const local = await agent.request('environment/info');
    expect({ hello, unknown, known, told: told(agent) }).toEqual({
      hello: { sessionId: expect.any(String) },
      unknown: {
        error: {
          code: -32015,
          message: expect.stringMatching(/^the remote environment box cannot be reached: /),
        },
      },
      known: expect.objectContaining({ cwd: pathToFileURL(there.workspace).href }),
      told: [known, local],
    });
  });

  it('shows the owner a program that could not be started', async () => {
    const server = await startControlled();
    const agent = await WireClient.open(server.url);
    const reply = await agent.call('process/start', startParams('p', ['/no/such/program']));
    expect([reply, server.control.state.snapshot().processes]).toEqual([
      { error: { code: -32603, message: 'No such file or directory (os error 2)' } },
      [
        expect.objectContaining({
          processId: 'p',
          state: 'closed',
          failure: 'No such file or directory (os error 2)',
        }),
      ],
    ]);
  });
});
