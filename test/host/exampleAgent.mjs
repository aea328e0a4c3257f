// A small agent: it connects to an exec-server and works in the workspace behind it, as an AI agent would.
// Run it by itself: node test/host/exampleAgent.mjs 'ws://127.0.0.1:PORT/?token=…' /path/of/the/workspace
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { WebSocket } from 'ws';

/** Time between two rounds of work: often enough to watch, seldom enough to read. */
const ROUND_MS = 15_000;

/**
 * @typedef {object} Message
 * @property {number} [id]
 * @property {string} [method]
 * @property {Record<string, unknown>} [params]
 * @property {Record<string, unknown>} [result]
 * @property {{ code: number, message: string }} [error]
 */

/** Speaks the exec-server protocol: requests with an id, replies with the same id, notifications with none. */
export class ExampleAgent {
  /** @type {Map<number, { resolve: (result: Record<string, unknown>) => void, reject: (error: Error) => void }>} */
  pending = new Map();
  /** @type {Map<string, () => void>} */
  closing = new Map();
  lastId = 0;

  /**
   * @param {WebSocket} socket
   * @param {string} workspace
   */
  constructor(socket, workspace) {
    this.socket = socket;
    this.cwd = pathToFileURL(workspace).href;
    socket.on('message', (/** @type {Buffer} */ data) => {
      /** @type {Message} */
      const message = JSON.parse(data.toString());
      this.receive(message);
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', resolve);
    });
    void this.closed.then(() => {
      for (const { reject } of this.pending.values()) reject(new Error('the connection is closed'));
      for (const done of this.closing.values()) done();
    });
  }

  /**
   * @param {string} url
   * @param {string} workspace
   */
  static async connect(url, workspace) {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    const agent = new ExampleAgent(socket, workspace);
    await agent.request('initialize', { clientName: 'example-agent' });
    agent.socket.send(JSON.stringify({ method: 'initialized' }));
    return agent;
  }

  /**
   * @param {string} method
   * @param {Record<string, unknown>} params
   * @returns {Promise<Record<string, unknown>>}
   */
  request(method, params) {
    const id = (this.lastId += 1);
    this.socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
    });
  }

  /**
   * Starts a shell command; resolves when it runs, with a promise of its end.
   *
   * @param {string} command
   * @param {{ tty?: boolean }} [options]
   */
  async start(command, { tty = false } = {}) {
    const processId = `example-${(this.lastId += 1)}`;
    const ended = new Promise((resolve) => {
      this.closing.set(processId, () => {
        resolve(undefined);
      });
    });
    await this.request('process/start', {
      processId,
      argv: ['/bin/sh', '-c', command],
      cwd: this.cwd,
      env: { TERM: 'xterm-256color' },
      envPolicy: {
        inherit: 'all',
        ignoreDefaultExcludes: false,
        exclude: [],
        set: {},
        includeOnly: [],
      },
      tty,
    });
    return { processId, ended };
  }

  /** One round of what an agent does: look around, read a file, run the tests. */
  async work() {
    await (
      await this.start('ls -la')
    ).ended;
    await this.request('fs/readFile', { path: `${this.cwd}/package.json` });
    await (
      await this.start('node --test', { tty: true })
    ).ended;
    await (
      await this.start('echo "src/missing.js: no such module" >&2; exit 2')
    ).ended;
  }

  close() {
    this.socket.close();
    return this.closed;
  }

  /** @param {Message} message */
  receive(message) {
    if (message.method === 'process/closed') {
      const processId = String(message.params?.['processId']);
      this.closing.get(processId)?.();
      this.closing.delete(processId);
      return;
    }
    const call = this.pending.get(message.id ?? 0);
    if (call === undefined) return;
    this.pending.delete(message.id ?? 0);
    if (message.error === undefined) call.resolve(message.result ?? {});
    else call.reject(new Error(message.error.message));
  }
}

/**
 * Works in rounds, beside two commands that go on: one that reports, one that waits for an answer.
 *
 * @param {ExampleAgent} agent
 * @param {AbortSignal} signal
 */
export async function workInRounds(agent, signal) {
  await agent.start('sh scripts/watch.sh', { tty: true });
  await agent.start('sh scripts/deploy.sh', { tty: true });
  while (!signal.aborted) {
    await agent.work();
    await delay(ROUND_MS, undefined, { signal });
  }
}

if (process.argv[1] === import.meta.filename) {
  const [, , url, workspace] = process.argv;
  if (url === undefined || workspace === undefined) {
    console.error("Usage: node test/host/exampleAgent.mjs 'ws://…' /path/of/the/workspace");
    process.exit(2);
  }
  const agent = await ExampleAgent.connect(url, workspace);
  await workInRounds(agent, new AbortController().signal);
}
