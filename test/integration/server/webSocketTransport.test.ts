import type { IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { defaultLimits } from '../../../src/base/limits';
import { SlabPool } from '../../../src/rpc/frameWriter';
import { WebSocketTransport } from '../../../src/rpc/webSocketTransport';
import { FakeClock } from '../../support/fakeClock';
import { WireClient } from '../../support/wireClient';
import { failOnLeaks, until } from '../../support/wireLeaks';

failOnLeaks();

const { pingIntervalMs, deadConnectionMs } = defaultLimits;

interface ConnectedTransport {
  readonly transport: WebSocketTransport;
  readonly client: WireClient;
  readonly clock: FakeClock;
  /** Messages received and the end, in order. */
  readonly facts: unknown[];
}

/** What a client must say to speak to the server by hand. */
const upgradeRequest = [
  'GET / HTTP/1.1',
  'Host: 127.0.0.1',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`,
  '\r\n',
].join('\r\n');

/** The serving end of a connection whose client answers nothing and writes what a test says. */
async function connectedByHand(): Promise<{
  readonly transport: WebSocketTransport;
  readonly client: Socket;
  readonly clock: FakeClock;
  readonly received: () => number;
}> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', closeTimeout: 100 } as object);
  await new Promise((resolve) => server.once('listening', resolve));
  const accepted = new Promise<[WebSocket, IncomingMessage]>((resolve) => {
    server.once('connection', (socket, request) => {
      resolve([socket, request]);
    });
  });
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => undefined);
  client.write(upgradeRequest);
  const [socket, { socket: raw }] = await accepted;
  const clock = new FakeClock();
  const received = (): number => raw.bytesRead;
  const transport = new WebSocketTransport({
    socket,
    peer: 'peer',
    limits: defaultLimits,
    clock,
    stream: { socket: raw, slabs: new SlabPool() },
  });
  onTestFinished(async () => {
    client.destroy();
    transport.dispose();
    await new Promise((resolve) => server.close(resolve));
  });
  return { transport, client, clock, received };
}

/** The serving end of a real connection, in a time of its own. A close handshake takes as long as it takes, unless a test bounds it. */
async function connected({
  closeTimeout = 50_000,
}: { closeTimeout?: number } = {}): Promise<ConnectedTransport> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', closeTimeout } as object);
  await new Promise((resolve) => server.once('listening', resolve));
  const accepted = new Promise<WebSocket>((resolve) => server.once('connection', resolve));
  const { port } = server.address() as AddressInfo;
  const client = await WireClient.connect(`ws://127.0.0.1:${port}`);
  const clock = new FakeClock();
  const socket = await accepted;
  const transport = new WebSocketTransport({ socket, peer: 'peer', limits: defaultLimits, clock });
  const facts: unknown[] = [];
  transport.onDidReceive((data) => facts.push(data.toString()));
  transport.onDidEnd((end) => facts.push(end));
  onTestFinished(async () => {
    client.cut();
    transport.dispose();
    await new Promise((resolve) => server.close(resolve));
  });
  return { transport, client, clock, facts };
}

/** Sends until something waits: what the system takes at once differs from machine to machine. */
function fill(transport: WebSocketTransport): void {
  do transport.send('x'.repeat(8 * 1024 * 1024));
  while (transport.queuedBytes === 0);
}

describe('silence', () => {
  it('is counted in unanswered pings, until the connection is given up', async () => {
    const { client, clock, facts, transport } = await connected();
    client.setPaused(true);
    clock.advance(deadConnectionMs);
    const before = transport.isOpen;
    clock.advance(pingIntervalMs);
    await until(() => facts.length > 0, 'the connection has ended');
    expect({ before, facts, timers: clock.pendingTimers }).toEqual({
      before: true,
      facts: [{ code: 1006, reason: '' }],
      timers: 0,
    });
  });

  it('is not what a clock that jumped says', async () => {
    const { client, clock, facts, transport } = await connected();
    clock.jump(10 * 60_000);
    clock.advance(pingIntervalMs);
    client.sendRaw('here');
    await until(() => facts.length > 0, 'the message is there');
    expect({ open: transport.isOpen, facts }).toEqual({ open: true, facts: ['here'] });
  });

  it('is not that of a client we do not listen to', async () => {
    const { clock, transport } = await connected();
    transport.setReceivingPaused(true);
    clock.advance(10 * deadConnectionMs);
    expect({ open: transport.isOpen, alive: await transport.isAlive(1) }).toEqual({
      open: true,
      alive: true,
    });
  });
});

describe('a slow connection', () => {
  it('is not silent while a long answer leaves', async () => {
    const { transport, client, clock } = await connectedByHand();
    client.resume();
    for (let ping = 0; ping < 6; ping += 1) {
      fill(transport);
      clock.advance(pingIntervalMs);
      await until(() => transport.queuedBytes === 0, 'the client has taken it');
    }
    const whileTaking = transport.isOpen;
    client.pause();
    fill(transport);
    await until(() => {
      // The system takes what it has room for, one piece now and then: that is progress until it is full.
      clock.advance(pingIntervalMs);
      return !transport.isOpen;
    }, 'the connection is given up');
    expect(whileTaking).toBe(true);
  });

  it('is not silent while a long message arrives', async () => {
    const { transport, client, clock, received } = await connectedByHand();
    // One masked text frame of a mebibyte, of which only single bytes ever come.
    const head = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0]);
    client.write(head);
    for (let ping = 0; ping < 6; ping += 1) {
      const before = received();
      client.write('x');
      await until(() => received() > before, 'the byte is there');
      clock.advance(pingIntervalMs);
    }
    const whileArriving = transport.isOpen;
    clock.advance(deadConnectionMs);
    await until(() => !transport.isOpen, 'the connection is given up');
    expect(whileArriving).toBe(true);
  });

  it('is alive for who asks while a long answer leaves', async () => {
    const { transport, client, clock } = await connectedByHand();
    client.resume();
    fill(transport);
    const alive = transport.isAlive(1000);
    await until(() => transport.queuedBytes === 0, 'the client has taken it');
    clock.advance(1000);
    expect(await alive).toBe(true);
  });
});

describe('isAlive', () => {
  it('is true as soon as the ping is answered', async () => {
    const { clock, transport } = await connected();
    const timers = clock.pendingTimers;
    const alive = await transport.isAlive(1000);
    expect({ alive, timers: clock.pendingTimers }).toEqual({ alive: true, timers });
  });

  it('is false when the time is up, when the connection ends meanwhile, and after', async () => {
    const { client, clock, transport } = await connected();
    client.setPaused(true);
    const silent = transport.isAlive(1000);
    clock.advance(1000);
    const answers = [await silent];
    const cut = transport.isAlive(1000);
    client.cut();
    answers.push(await cut, await transport.isAlive(1000));
    expect(answers).toEqual([false, false, false]);
  });
});

describe('close', () => {
  it('is told once with the first reason, and what comes after has no effect', async () => {
    const { client, facts, transport } = await connected();
    client.setPaused(true);
    transport.close(1008, 'first');
    transport.close(1001, 'second');
    transport.send('"late"');
    client.sendRaw('late');
    client.setPaused(false);
    const closed = await client.closed;
    await until(() => facts.length > 0, 'the connection has ended');
    expect({ closed, received: client.received, facts, open: transport.isOpen }).toEqual({
      closed: { code: 1008, reason: 'first' },
      received: [],
      facts: [{ code: 1008, reason: 'first' }],
      open: false,
    });
  });

  it('is not waited for beyond the bound', async () => {
    const { client, facts, transport } = await connected({ closeTimeout: 100 });
    client.setPaused(true);
    transport.close(1000, 'bye');
    await until(() => facts.length > 0, 'the connection is cut');
    expect(facts).toEqual([{ code: 1006, reason: '' }]);
  });
});

describe('congestion', () => {
  it('begins above the high mark and is over below the low one', async () => {
    const { client, transport } = await connected();
    const changes: boolean[] = [];
    transport.onDidChangeCongestion((congested) => changes.push(congested));
    client.setPaused(true);
    const message = JSON.stringify('x'.repeat(1024 * 1024));
    for (let count = 0; count < 16; count += 1) transport.send(message);
    const full = { congested: transport.isCongested, above: transport.queuedBytes > 512 * 1024 };
    client.setPaused(false);
    await until(() => !transport.isCongested, 'the queue is drained');
    expect({ full, changes }).toEqual({
      full: { congested: true, above: true },
      changes: [true, false],
    });
  });
});
