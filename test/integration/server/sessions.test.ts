import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ServerUnderTest } from '../../support/execServerHarness';
import { startServer } from '../../support/execServerHarness';
import { HeldTimers } from '../../support/heldTimers';
import { createRandom } from '../../support/seededRandom';
import type { OpenedClient, WireMessage, WireReply } from '../../support/wireClient';
import { WireClient, paramsOf, startParams } from '../../support/wireClient';
import { failOnLeaks, isRunning, until } from '../../support/wireLeaks';

failOnLeaks();

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const refused = (code: number, message: string): WireReply => ({ error: { code, message } });

const initialize = (client: WireClient, resumeSessionId: string): Promise<WireReply> =>
  client.call('initialize', { clientName: 'wire-test', resumeSessionId });

/** The session's processes by their pids, as the server knows them. */
function pids({ executor }: ServerUnderTest): number[] {
  return [...executor.server.sessions.all].flatMap(({ processes }) =>
    [...processes].map(({ process }) => process.pid ?? 0),
  );
}

const attachedCount = ({ executor }: ServerUnderTest): number =>
  [...executor.server.sessions.all].filter(
    ({ currentAttachment }) => currentAttachment !== undefined,
  ).length;

describe('a lost connection', () => {
  it('leaves processes running; their output is numbered, kept and read after the resume', async () => {
    const server = await startServer();
    const client = await WireClient.open(server.url);
    await client.request(
      'process/start',
      startParams(
        'p',
        'echo one; while [ ! -e go ]; do sleep 0.01; done; echo two; read x; echo three',
        { pipeStdin: true, cwd: server.workspace },
      ),
    );
    await client.next(({ method }) => method === 'process/output');
    client.cut();
    await until(() => attachedCount(server) === 0, 'the session is detached');
    const helper = await WireClient.open(server.url);
    await helper.request('fs/writeFile', { path: join(server.workspace, 'go'), dataBase64: '' });
    await helper.close();
    const [session] = server.executor.server.sessions.all;
    await until(() => session?.process('p').process.state.nextSeq === 3, 'there is more output');
    const next = await WireClient.open(server.url, client.sessionId);
    const missed = await next.request('process/read', { processId: 'p', afterSeq: 1 });
    const taken = await next.call('process/start', startParams('p', 'true'));
    await next.request('process/write', { processId: 'p', chunk: 'Cg==', writeId: '1' });
    await next.outputOf('p');
    const events = next.eventsOf('p').map(({ method, params }) => [method, params.seq]);
    await next.close();
    expect({ sameId: next.sessionId === client.sessionId, missed, taken, events }).toEqual({
      sameId: true,
      missed: {
        chunks: [{ seq: 2, stream: 'stdout', chunk: base64('two\n') }],
        nextSeq: 3,
        exited: false,
        exitCode: null,
        closed: false,
        failure: null,
        sandboxDenied: false,
      },
      taken: refused(-32600, 'process p already exists'),
      events: [
        ['process/output', 3],
        ['process/exited', 4],
        ['process/closed', 5],
      ],
    });
  });

  it('keeps an exit that happened meanwhile', async () => {
    const server = await startServer();
    const client = await WireClient.open(server.url);
    await client.request('process/start', startParams('p', 'read x; exit 3', { pipeStdin: true }));
    const [session] = server.executor.server.sessions.all;
    client.cut();
    await until(() => attachedCount(server) === 0, 'the session is detached');
    await session?.process('p').process.write(Buffer.from('\n'));
    await until(
      () => session?.process('p').process.state.closed === true,
      'the process has closed',
    );
    const next = await WireClient.open(server.url, client.sessionId);
    const read = await next.request('process/read', { processId: 'p' });
    await next.close();
    expect(read).toMatchObject({ chunks: [], nextSeq: 3, exited: true, exitCode: 3, closed: true });
  });

  it('wants initialize and initialized again on the next one', async () => {
    const { url } = await startServer();
    const client = await WireClient.open(url);
    await client.close();
    const next = await WireClient.connect(url);
    const resumed = await initialize(next, client.sessionId);
    const early = await next.call('environment/status');
    await next.close();
    expect({ resumed, early }).toEqual({
      resumed: { result: expect.objectContaining({ sessionId: client.sessionId }) },
      early: refused(
        -32600,
        'client must send initialized before using environment status methods',
      ),
    });
  });

  it('ends the session with the TTL, and what ignores every polite signal', async () => {
    const server = await startServer({
      settings: { detachedSessionTtlSeconds: 0.2 },
      limits: { terminateGraceMs: 100 },
    });
    const client = await WireClient.open(server.url);
    await client.request(
      'process/start',
      startParams('p', 'trap "" TERM HUP INT; echo rdy; while :; do sleep 0.05; done'),
    );
    await client.next(({ method }) => method === 'process/output');
    const running = pids(server);
    const before = running.map(isRunning);
    client.cut();
    await until(() => running.every((pid) => !isRunning(pid)), 'the program is killed');
    const next = await WireClient.connect(server.url);
    const resumed = await initialize(next, client.sessionId);
    await next.close();
    expect({ before, resumed }).toEqual({
      before: [true],
      resumed: refused(-32600, `unknown session id ${client.sessionId}`),
    });
  });
});

describe('taking over', () => {
  it('is refused while the holder answers, and possible once it is gone', async () => {
    // The holder answers as soon as it is given the processor.
    const { url } = await startServer({ limits: { takeoverPingMs: 30_000 } });
    const holder = await WireClient.open(url);
    const other = await WireClient.connect(url);
    const refusal = await initialize(other, holder.sessionId);
    const held = await holder.call('environment/status');
    holder.cut();
    const resumed = await initialize(other, holder.sessionId);
    await other.close();
    expect({ refusal, held, resumed }).toEqual({
      refusal: refused(
        -32010,
        `session ${holder.sessionId} is already attached to another connection`,
      ),
      held: { result: { status: 'ready' } },
      resumed: { result: expect.objectContaining({ sessionId: holder.sessionId }) },
    });
  });

  it('from a silent holder rejects its long poll, tells it why it ends, and moves the notifications', async () => {
    const server = await startServer({ limits: { takeoverPingMs: 100 } });
    const holder = await WireClient.open(server.url);
    await holder.request('process/start', startParams('p', 'cat', { pipeStdin: true }));
    const poll = holder.call('process/read', { processId: 'p', waitMs: 60_000 });
    await holder.call('environment/status');
    holder.setPaused(true);
    const other = await WireClient.open(server.url, holder.sessionId);
    await other.request('process/write', { processId: 'p', chunk: base64('x'), writeId: '1' });
    await other.next(({ method }) => method === 'process/output');
    holder.setPaused(false);
    const ended = { poll: await poll, closed: await holder.closed };
    await other.close();
    expect({ ...ended, notified: holder.eventsOf('p') }).toEqual({
      poll: refused(-32600, 'read cancelled: the session was resumed by another connection'),
      closed: { code: 1008, reason: 'the session was resumed by another connection' },
      notified: [],
    });
  });

  it('leaves what the evicted holder still sends without effect', async () => {
    const server = await startServer({ limits: { takeoverPingMs: 50, closeHandshakeMs: 200 } });
    const holder = await WireClient.open(server.url);
    holder.setPaused(true);
    const other = await WireClient.open(server.url, holder.sessionId);
    holder.sendRaw(
      JSON.stringify({
        id: 1,
        method: 'fs/writeFile',
        params: { path: join(server.workspace, 'late'), dataBase64: '' },
      }),
    );
    await until(() => server.executor.server.connectionCount === 1, 'the holder is cut');
    const files = await readdir(server.workspace);
    holder.cut();
    await other.close();
    expect(files).toEqual([]);
  });

  it('by a connection that ends while it waits gives the session to nobody', async () => {
    const server = await startServer({ limits: { takeoverPingMs: 300 } });
    const holder = await WireClient.open(server.url);
    holder.setPaused(true);
    const hasty = await WireClient.connect(server.url);
    hasty.sendRaw(
      JSON.stringify({
        id: 1,
        method: 'initialize',
        params: { clientName: 'x', resumeSessionId: holder.sessionId },
      }),
    );
    hasty.cut();
    await until(() => server.executor.server.connectionCount === 1, 'the hasty one is gone');
    const patient = await WireClient.open(server.url, holder.sessionId);
    holder.cut();
    const status = await patient.call('environment/status');
    await patient.close();
    expect(status).toEqual({ result: { status: 'ready' } });
  });

  it('by ten connections at once succeeds for one', async () => {
    const takeoverPingMs = 12_345;
    const time = new HeldTimers(takeoverPingMs);
    const server = await startServer({ limits: { takeoverPingMs } });
    const holder = await WireClient.open(server.url);
    holder.setPaused(true);
    const rivals = await Promise.all(
      Array.from({ length: 10 }, () => WireClient.connect(server.url)),
    );
    const replies = rivals.map((rival) => initialize(rival, holder.sessionId));
    // One that asks after the first has won finds another holder, who answers.
    await until(() => time.count === 10, 'all of them wait for the holder');
    time.expire();
    const outcomes = await Promise.all(replies);
    holder.cut();
    for (const rival of rivals) await rival.close();
    const codes = outcomes.map((outcome) => ('error' in outcome ? outcome.error.code : 'resumed'));
    expect(codes.sort()).toEqual([...Array<number>(9).fill(-32010), 'resumed']);
  });
});

describe('a session ended by the user', () => {
  it('answers its waiting requests, says why, and nothing sent after has an effect', async () => {
    const server = await startServer({ limits: { closeHandshakeMs: 200 } });
    const client = await WireClient.open(server.url);
    await client.request('process/start', startParams('p', 'cat', { pipeStdin: true }));
    const poll = client.call('process/read', { processId: 'p', waitMs: 60_000 });
    await client.call('environment/status');
    const [session] = server.executor.server.sessions.all;
    client.setPaused(true);
    if (session !== undefined) await server.executor.server.sessions.end(session, 'user');
    client.sendRaw(
      JSON.stringify({
        id: 1,
        method: 'fs/writeFile',
        params: { path: join(server.workspace, 'late'), dataBase64: '' },
      }),
    );
    await until(() => server.executor.server.connectionCount === 0, 'the connection is gone');
    client.setPaused(false);
    expect({
      poll: await poll,
      closed: await client.closed,
      files: await readdir(server.workspace),
    }).toEqual({
      poll: refused(-32600, 'read cancelled: the session has ended'),
      closed: { code: 1001, reason: 'session ended by the user' },
      files: [],
    });
  });
});

describe('limits', () => {
  it('refuse a session too many and make room among those that are idle and detached', async () => {
    const server = await startServer({ limits: { maxSessions: 2 } });
    const { url } = server;
    const first = await WireClient.open(url);
    const second = await WireClient.open(url);
    const third = await WireClient.connect(url);
    const full = await third.call('initialize', { clientName: 'x' });
    await first.close();
    await until(() => attachedCount(server) === 1, 'the first is detached');
    const { sessionId } = await third.initialize();
    const gone = await WireClient.connect(url);
    const resumed = await initialize(gone, first.sessionId);
    for (const client of [second, third, gone]) await client.close();
    expect({ full, made: sessionId.length, resumed }).toEqual({
      full: refused(-32013, 'limit reached: at most 2 sessions'),
      made: 36,
      resumed: refused(-32600, `unknown session id ${first.sessionId}`),
    });
  });
});

/** A client of one `cat` that survives cuts: repeats unanswered writes and reads what it missed. */
class SurvivingClient {
  private client: (WireClient & OpenedClient) | undefined;
  private readonly chunks = new Map<number, string>();
  private readonly unanswered = new Map<string, string>();
  private lastWriteId = 0;
  private examined = 0;
  readonly faults: string[] = [];

  constructor(private readonly url: string) {}

  async open(): Promise<void> {
    this.client = await WireClient.open(this.url);
    await this.client.request('process/start', startParams('p', 'cat', { pipeStdin: true }));
  }

  write(line: string): void {
    this.lastWriteId += 1;
    const writeId = `${this.lastWriteId}`;
    this.unanswered.set(writeId, line);
    this.send(writeId, line);
  }

  /** Waits for some more messages, so that cuts fall at every state of a conversation. */
  async receive(messages: number): Promise<void> {
    const { client } = this;
    if (client === undefined) return;
    // Two replies of the handshake and one for every write are certain to come on this connection.
    const certain = 2 + this.unanswered.size;
    const goal = Math.min(client.received.length + messages, certain);
    if (goal > client.received.length) await client.next(() => client.received.length >= goal);
  }

  /** Cuts the connection without a word and takes the session up again on another. */
  async cutAndResume(): Promise<void> {
    const { client } = this;
    if (client === undefined) return;
    client.cut();
    this.collect();
    this.client = await WireClient.open(this.url, client.sessionId);
    this.examined = 0;
    await this.catchUp();
    for (const [writeId, line] of this.unanswered) this.send(writeId, line);
  }

  /** Waits for every answer, ends the program and gives back everything it ever wrote. */
  async finish(): Promise<string> {
    const { client } = this;
    if (client === undefined) return '';
    for (const writeId of this.unanswered.keys()) await client.next(({ id }) => id === writeId);
    await client.request('process/closeStdin', { processId: 'p' });
    await client.outputOf('p');
    this.collect();
    await this.catchUp();
    await client.close();
    const seqs = [...this.chunks.keys()].sort((left, right) => left - right);
    if (seqs.some((seq, index) => seq !== index + 1)) this.faults.push(`a hole in ${seqs.join()}`);
    return seqs.map((seq) => Buffer.from(this.chunks.get(seq) ?? '', 'base64').toString()).join('');
  }

  private send(writeId: string, line: string): void {
    this.client?.sendRaw(
      JSON.stringify({
        id: writeId,
        method: 'process/write',
        params: { processId: 'p', chunk: base64(line), writeId },
      }),
    );
  }

  private async catchUp(): Promise<void> {
    let afterSeq = 0;
    while (this.chunks.has(afterSeq + 1)) afterSeq += 1;
    const read = (await this.client?.request('process/read', { processId: 'p', afterSeq })) as {
      chunks: { seq: number; chunk: string }[];
    };
    for (const { seq, chunk } of read.chunks) this.keep(seq, chunk);
  }

  private collect(): void {
    for (const message of this.client?.received.slice(this.examined) ?? []) this.note(message);
    this.examined = this.client?.received.length ?? 0;
  }

  private note(message: WireMessage): void {
    if (message['method'] === 'process/output') {
      const { seq, chunk = '' } = paramsOf(message);
      this.keep(seq, chunk);
    } else if (typeof message['id'] === 'string') {
      this.unanswered.delete(message['id']);
      const result = JSON.stringify(message['result']);
      if (result !== '{"status":"accepted"}') this.faults.push(`write ${message['id']}: ${result}`);
    }
  }

  private keep(seq: number, chunk: string): void {
    const known = this.chunks.get(seq);
    if (known !== undefined && known !== chunk) this.faults.push(`two outputs numbered ${seq}`);
    this.chunks.set(seq, chunk);
  }
}

describe('a hundred cuts', () => {
  it.each([1, 20_240_229, 987_654_321])('lose and double nothing, seed %i', async (seed) => {
    const random = createRandom(seed);
    const { url } = await startServer();
    const client = new SurvivingClient(url);
    await client.open();
    const lines: string[] = [];
    for (let cut = 0; cut < 100; cut += 1) {
      for (let count = random(12); count >= 0; count -= 1) {
        const line = `${lines.length} ${'x'.repeat(random(400))}\n`;
        lines.push(line);
        client.write(line);
      }
      await client.receive(random(16));
      await client.cutAndResume();
    }
    const output = await client.finish();
    expect({ output, faults: client.faults }).toEqual({ output: lines.join(''), faults: [] });
  });
});
