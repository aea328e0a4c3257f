import { once } from 'node:events';
import { onTestFinished, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { defaultLimits } from '../../../src/base/limits';
import type { ClientState, ExecServerClient } from '../../../src/client/execServerClient';
import { connectExecServer } from '../../../src/client/connectExecServer';
import { AccessToken } from '../../../src/server/accessToken';
import { ProcessRecord, connectClient, serversToTry, startOf } from '../../support/clientServers';
import { FakeClock } from '../../support/fakeClock';
import { HttpPeer } from '../../support/httpPeer';
import { startServer } from '../../support/execServerHarness';
import { TcpRelay } from '../../support/tcpRelay';

const nobody = { fromClient: () => undefined, fromServer: () => undefined };

async function relayTo(
  url: string,
  observe: Partial<typeof nobody & Record<string, (bytes: Buffer) => void>> = {},
): Promise<{ relay: TcpRelay; url: string }> {
  const target = new URL(url);
  const relay = await TcpRelay.start(Number(target.port), () => ({ ...nobody, ...observe }));
  target.port = String(relay.port);
  return { relay, url: target.href };
}

function untilState(client: ExecServerClient, kind: ClientState['kind']): Promise<ClientState> {
  if (client.state.kind === kind) return Promise.resolve(client.state);
  return new Promise((resolve) => {
    const subscription = client.onDidChangeState((state) => {
      if (state.kind !== kind) return;
      subscription.dispose();
      resolve(state);
    });
  });
}

/** How a process ended that the client has no part in any more. */
async function endOf(
  client: ExecServerClient,
  processId: string,
): Promise<{ exited: boolean; exitCode: number | null }> {
  for (let afterSeq = 0; ;) {
    const params = { processId, afterSeq, waitMs: 5000 };
    const { exited, exitCode, nextSeq } = await client.request('process/read', params);
    if (exited) return { exited, exitCode };
    afterSeq = nextSeq - 1;
  }
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  );

describe.each(serversToTry)('a client that loses %s', (_name, serve) => {
  it('takes up its session: what was printed and what ended meanwhile is heard', async () => {
    const { url: serverUrl, cwd } = await serve();
    const { relay, url } = await relayTo(serverUrl);
    const client = await connectClient(url);
    const process = await client.startProcess(startOf(cwd, 'read l; echo "$l"; exit 4'));
    const record = new ProcessRecord(process);
    relay.pull();
    await untilState(client, 'recovering');
    const waiting = [
      process.write(Buffer.from('typed meanwhile\n')),
      client.request('environment/status', null),
    ];
    relay.putBack();
    const answers = await Promise.all(waiting);
    const state = await process.ended;
    expect({ answers, state, output: record.output.toString() }).toEqual({
      answers: ['accepted', { status: 'ready' }],
      state: { status: 'closed', exitCode: 4, failure: undefined, lastSeq: 3 },
      output: 'typed meanwhile\n',
    });
  });

  it('hears of a process that ran to its end while nobody was there', async () => {
    const { url: serverUrl, cwd } = await serve();
    const { relay, url } = await relayTo(serverUrl);
    const client = await connectClient(url);
    const process = await client.startProcess(
      startOf(cwd, 'echo $$ > pid; until [ -e go ]; do sleep 0.02; done; echo done; exit 5'),
    );
    const record = new ProcessRecord(process);
    relay.pull();
    await untilState(client, 'recovering');
    // Another client lets it run and sees its end: a process is there until its server has noticed.
    const other = await connectClient(serverUrl);
    const watcher = await other.startProcess(
      startOf(
        cwd,
        'until [ -s pid ]; do sleep 0.02; done; touch go; while kill -0 $(cat pid); do sleep 0.02; done',
        { pipeStdin: false },
      ),
    );
    await watcher.ended;
    relay.putBack();
    const state = await process.ended;
    // At the peer an exit may overtake output.
    const heard = record.shape.toSorted();
    expect({ state, output: record.output.toString(), heard }).toEqual({
      state: { status: 'closed', exitCode: 5, failure: undefined, lastSeq: 3 },
      output: 'done\n',
      heard: ['closed', 'exited', 'output'],
    });
  });

  it('says how much was lost when more was printed than the server keeps, and ends that process', async () => {
    const { url: serverUrl, cwd } = await serve();
    const { relay, url } = await relayTo(serverUrl);
    const client = await connectClient(url);
    const folder = new URL(cwd).pathname;
    const flood = await client.startProcess(
      startOf(
        cwd,
        `echo ready; until [ -e '${folder}/go' ]; do sleep 0.02; done; head -c 6000000 /dev/zero; touch '${folder}/done'; sleep 1000`,
        { processId: 'flood' },
      ),
    );
    const record = new ProcessRecord(flood);
    const calm = await client.startProcess(startOf(cwd, ['/bin/cat'], { processId: 'calm' }));
    await record.untilBytes(6);
    relay.pull();
    await untilState(client, 'recovering');
    const other = await connectClient(serverUrl);
    const watcher = await other.startProcess(
      startOf(cwd, `touch '${folder}/go'; until [ -e '${folder}/done' ]; do sleep 0.02; done`, {
        pipeStdin: false,
      }),
    );
    await watcher.ended;
    relay.putBack();
    const { status, failure: message } = await flood.ended;
    expect({ status, message, ...(await endOf(client, 'flood')), calm: calm.state.status }).toEqual(
      {
        status: 'failed',
        message: expect.stringMatching(
          /^\d+ events of output were lost: more came than the server keeps$/,
        ),
        exited: true,
        exitCode: 137,
        calm: 'running',
      },
    );
  });

  it('refuses a start whose answer was lost, and terminates what may have been started', async () => {
    const { url: serverUrl, cwd } = await serve();
    let cut: (() => void) | undefined;
    const { relay, url } = await relayTo(serverUrl, {
      fromServer: () => {
        cut?.();
      },
    });
    const client = await connectClient(url);
    cut = () => {
      cut = undefined;
      relay.pull();
    };
    const lost = await failure(client.startProcess(startOf(cwd, 'sleep 1000')));
    relay.putBack();
    await untilState(client, 'connected');
    expect({ lost, ...(await endOf(client, 'p')) }).toMatchObject({
      lost: {
        code: 'connectionClosed',
        message:
          'Failed to learn the outcome of process/start: the connection was lost; it may have taken effect',
      },
      exited: true,
      exitCode: 137,
    });
  });

  it('ends when its server is gone for longer than it waits, and fails its processes', async () => {
    const { url: serverUrl, cwd } = await serve();
    const { relay, url } = await relayTo(serverUrl);
    const client = await connectClient(url, { limits: { recoveryDeadlineMs: 300 } });
    const process = await client.startProcess(startOf(cwd, 'sleep 1000'));
    relay.pull();
    const waiting = failure(
      untilState(client, 'recovering').then(() => client.request('environment/status', null)),
    );
    const state = await untilState(client, 'ended');
    const { status, failure: message } = await process.ended;
    const reason = expect.stringMatching(/^the connection could not be restored within 0\.3 s: /);
    expect({ state, status, message, call: await waiting }).toMatchObject({
      state: { kind: 'ended', reason },
      status: 'failed',
      message: expect.stringContaining('could not be restored within 0.3 s'),
      call: { code: 'connectionClosed' },
    });
  });
});

describe('a client', () => {
  it('ends at once when its session is gone', async () => {
    const server = await startServer({ settings: { detachedSessionTtlSeconds: 0.05 } });
    const { relay, url } = await relayTo(server.url);
    const client = await connectClient(url);
    relay.pull();
    await untilState(client, 'recovering');
    await expect
      .poll(() => [...server.executor.server.sessions.all].length, { timeout: 10_000 })
      .toBe(0);
    relay.putBack();
    expect(await untilState(client, 'ended')).toEqual({
      kind: 'ended',
      reason: `unknown session id ${client.sessionId}`,
    });
  });

  it('notices a connection that is silently dead, and takes up its session over another', async () => {
    const server = await startServer();
    const { relay, url } = await relayTo(server.url);
    const clock = new FakeClock();
    const client = await connectClient(url, { clock });
    const process = await client.startProcess(startOf(`file://${server.workspace}`, ['/bin/cat']));
    const record = new ProcessRecord(process);
    relay.freeze();
    const written = process.write(Buffer.from('across'));
    clock.advance(defaultLimits.deadConnectionMs + defaultLimits.pingIntervalMs);
    await untilState(client, 'recovering');
    // The first attempt waits for nothing.
    clock.advance(0);
    await record.untilBytes(6);
    expect({ written: await written, output: record.output.toString() }).toEqual({
      written: 'accepted',
      output: 'across',
    });
  });

  it.each([
    ['a wrong token', (url: string) => url.replace(/token=.*/, 'token=wrong')],
    ['no token', (url: string) => url.replace(/\?.*/, '')],
  ])('is told that its token is refused: %s', async (_case, change) => {
    const server = await startServer();
    const error = await failure(
      connectExecServer({ endpoint: { url: change(server.url) }, clientName: 'test' }),
    );
    expect(error).toMatchObject({
      code: 'authenticationFailed',
      message: expect.stringMatching(
        /^Failed to connect to 127\.0\.0\.1:\d+: HTTP status 401 .*check the token of this exec-server$/,
      ),
    });
  });

  it('does not repeat a token that a refusal quotes', async () => {
    const peer = await HttpPeer.start((request, response) => {
      response.writeHead(404);
      response.end(`no ${request.url ?? ''} here for ${request.headers.authorization ?? ''}`);
    });
    const url = `${peer.url.replace('http', 'ws')}/exec?token=in-the-query`;
    const error = await failure(
      connectExecServer({ endpoint: { url, token: 'in-the-header' }, clientName: 'test' }),
    );
    expect(error).toMatchObject({
      code: 'connectionClosed',
      message: expect.stringContaining('(no /exec?token=*** here for Bearer ***)'),
    });
  });

  it('sends its token in the header', async () => {
    const token = AccessToken.random();
    const server = await startServer({ token });
    const client = await connectExecServer({
      endpoint: { url: `ws://127.0.0.1:${server.port}`, token: token.reveal() },
      clientName: 'test',
    });
    const status = await client.request('environment/status', null);
    await client.close();
    expect(status).toEqual({ status: 'ready' });
  });

  it.each([
    ['ws://192.0.2.1:80', 'secret'],
    ['ws://192.0.2.1:80/?token=secret', undefined],
    ['ws://someone:secret@exec.example', undefined],
  ])('sends no token unencrypted to another machine: %s', async (url, token) => {
    const error = await failure(
      connectExecServer({ endpoint: { url, token }, clientName: 'test' }),
    );
    expect(error).toMatchObject({
      code: 'invalidArguments',
      message: expect.stringMatching(/unencrypted\. Use wss:\/\/, or an SSH tunnel/),
    });
    expect(String(error)).not.toContain('secret');
  });

  it.each([
    ['garbage', 'no JSON at all'],
    ['a response with an unusable error', '{"id":1,"error":4}'],
    ['output that is cut off', Buffer.from([1, 0, 0])],
  ])('ends when the server sends %s', async (_case, message) => {
    const wss = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    onTestFinished(() => {
      for (const socket of wss.clients) socket.terminate();
      wss.close();
    });
    await once(wss, 'listening');
    wss.on('connection', (socket) => {
      socket.on('message', (data: Buffer) => {
        const { id, method } = JSON.parse(data.toString()) as { id?: number; method?: string };
        const environmentInfo = { shell: { name: 'bash', path: '/bin/bash' } };
        if (method === 'initialize') {
          socket.send(JSON.stringify({ id, result: { sessionId: 's', environmentInfo } }));
        } else if (id !== undefined) socket.send(message);
      });
    });
    const address = wss.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const client = await connectClient(`ws://127.0.0.1:${port}`);
    const call = await failure(client.request('environment/status', null));
    expect({ call, state: client.state }).toMatchObject({
      call: { code: 'connectionClosed' },
      state: {
        kind: 'ended',
        reason: expect.stringMatching(/^the server broke the protocol: /),
      },
    });
  });
});
