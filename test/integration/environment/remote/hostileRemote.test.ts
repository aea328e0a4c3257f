import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import type { RemoteEnvironment } from '../../../../src/environment/remote/remoteEnvironment';
import { remoteTo } from '../../../support/environments';
import { createRandom } from '../../../support/seededRandom';

/** How long such a remote is dealt with before it is given up. */
const PATIENCE_MS = 200;

const shell = { name: 'bash', path: '/bin/bash' };

/** Results of no method, of every method, and of some. */
const results: readonly unknown[] = [
  null,
  {},
  [],
  7,
  { processId: 'other', sandboxType: 'none' },
  { status: 'accepted' },
  { status: 200, headers: [], bodyBase64: '' },
  { path: 'http://nowhere/' },
  { path: 'file:///../..%00' },
  { dataBase64: 'not base64!' },
  {
    isDirectory: false,
    isFile: true,
    isSymlink: false,
    size: 1e300,
    createdAtMs: 0,
    modifiedAtMs: 0,
  },
  { handleId: 'other' },
  { chunk: 'eA==', eof: false },
  { chunks: [{ seq: -1, stream: 'stdout', chunk: 'eA==' }], nextSeq: 0.5, exited: true },
  {
    chunks: [{ seq: 2 ** 53 - 1, stream: 'pty', chunk: 'eA==' }],
    nextSeq: 2 ** 53 - 1,
    exited: true,
    exitCode: 1e9,
    closed: true,
    failure: null,
  },
  { watching: true },
  {
    entries: [{ fileName: '../../x', isDirectory: true, isFile: true }],
    errors: [],
    truncated: false,
  },
];

/** What nobody asked for. */
function surprises(processId: string): readonly unknown[] {
  return [
    { method: 'environment/changed', params: { shell, cwd: 'http://nowhere/' } },
    { method: 'environment/changed', params: { shell, platformOs: 'windows', cwd: 'file:///tmp' } },
    { method: 'environment/changed', params: { shell: 4 } },
    { method: 'process/output', params: { processId, seq: 1, stream: 'stdout', chunk: 'eA==' } },
    { method: 'process/output', params: { processId, seq: 1e300, stream: 'pty', chunk: 'eA==' } },
    { method: 'process/output', params: { processId, seq: 2, stream: 'stdout', chunk: '!' } },
    { method: 'process/exited', params: { processId, seq: 0, exitCode: 0.5 } },
    { method: 'process/exited', params: { processId, seq: 2, exitCode: -7 } },
    { method: 'process/closed', params: { processId, seq: 1 } },
    {
      method: 'http/request/bodyDelta',
      params: { requestId: 'http-1', seq: 9, deltaBase64: '', done: true, error: 'x' },
    },
    { method: 'fs/missingChanged', params: { watchId: 1 } },
    { method: 'toString', params: {} },
    { id: 1, method: 'network/policyRequest', params: {} },
    { id: 1, result: {} },
    { id: 'x', error: { code: 1, message: 'x' } },
  ];
}

/** A server that answers the handshake and else does whatever comes to its mind. */
async function startHostile(seed: number): Promise<string> {
  const random = createRandom(seed);
  const pick = <T>(items: readonly T[]): T | undefined => items[random(items.length)];
  const wss = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => {
    for (const socket of wss.clients) socket.terminate();
    wss.close();
  });
  const say = (socket: WebSocket, message: unknown): void => {
    socket.send(JSON.stringify(message));
  };
  wss.on('connection', (socket) => {
    let processId = 'p';
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      const { id, method, params } = JSON.parse(data.toString()) as {
        readonly id?: number;
        readonly method?: string;
        readonly params?: { readonly processId?: string };
      };
      processId = params?.processId ?? processId;
      if (method === 'initialize') {
        say(socket, {
          id,
          result: { sessionId: 's', environmentInfo: { shell, cwd: 'file:///w' } },
        });
        return;
      }
      for (let count = random(4); count > 0; count -= 1) say(socket, pick(surprises(processId)));
      const mood = random(20);
      if (mood === 0) socket.terminate();
      else if (mood === 1) socket.send(Buffer.from(Array.from({ length: 20 }, () => random(256))));
      else if (mood === 2) socket.send('{"nonsense"');
      else if (mood === 3)
        say(socket, { id, error: { code: -32602, message: 'x'.repeat(100_000) } });
      else if (mood === 4 && processId.length < 100) socket.send(outputFrame(processId, random));
      else if (mood > 5 && id !== undefined) say(socket, { id, result: pick(results) });
    });
  });
  await once(wss, 'listening');
  const address = wss.address();
  if (typeof address !== 'object' || address === null) throw new Error('It has no address');
  return `ws://127.0.0.1:${address.port}`;
}

/** Output in a binary message, with any number and stream. */
function outputFrame(processId: string, random: (below: number) => number): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt8(1, 0);
  head.writeUInt8(random(4), 1);
  head.writeUInt16BE(processId.length + (random(4) === 0 ? 500 : 0), 2);
  head.writeBigUInt64BE(random(2) === 0 ? 2n ** 64n - 1n : 1n, 4);
  return Buffer.concat([head, Buffer.from(processId), Buffer.alloc(random(100))]);
}

/** Every service once. */
function useEverything({
  processes,
  fileSystem,
  http,
  configuration,
  discovery,
}: RemoteEnvironment) {
  const links = { followSymlinks: true };
  const get = { method: 'GET', url: 'http://h/', headers: [], body: undefined } as const;
  const fetchBody = async (): Promise<void> => {
    const request = { ...get, redirectPolicy: 'follow', timeoutMs: undefined } as const;
    const { body } = await http.request(request, new AbortController().signal);
    for await (const piece of body) expect(piece.length).toBeGreaterThan(0);
  };
  const run = async (): Promise<void> => {
    const request = { argv: ['x'], cwd: '/w', env: {}, pipeStdin: true, readerId: 'r' } as const;
    const process = await processes.start(request);
    process.signal('interrupt');
    process.resize({ rows: 1, cols: 1 });
    await process.write(Buffer.alloc(3_000_000));
    await process.closeStdin();
    await process.end(10);
  };
  return [
    run(),
    run(),
    fileSystem.readFile('/w/f', links),
    fileSystem.writeFile('/w/f', Buffer.from('x'), links),
    fileSystem.readDirectory('/w'),
    fileSystem.canonicalize('/w'),
    fileSystem.walk('/w', {
      maxDepth: 1,
      maxDirectories: 1,
      maxEntries: 1,
      followDirectorySymlinks: false,
      pruneHiddenDirectories: false,
    }),
    fileSystem.open('/w/f', 'read').then((file) => file.readBlock(0, 10)),
    fileSystem.watchMissing({ missing: ['/w/a'], present: undefined }, () => undefined),
    fetchBody(),
    configuration.read({ cwd: '/w', configPaths: [['a']], requirementsPaths: [] }),
    discovery.discoverInstalled(),
    discovery.inspectRoots(['/w']),
  ];
}

// Whatever is thrown where nobody catches it fails the run.
it.each(Array.from({ length: 25 }, (_, index) => index + 1))(
  'a remote that answers anything at all leaves nothing behind and nobody waiting, seed %i',
  async (seed) => {
    const remote = remoteTo(await startHostile(seed));
    onTestFinished(() => {
      remote.dispose();
    });
    const calls = useEverything(remote);
    const settled = Promise.allSettled(calls);
    // Some it never answers; how far the others come until then is another matter each time.
    await Promise.race([settled, once(AbortSignal.timeout(PATIENCE_MS), 'abort')]);
    remote.dispose();
    expect(await settled).toHaveLength(calls.length);
  },
);
