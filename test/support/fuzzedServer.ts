import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ServerUnderTest } from './execServerHarness';
import { startServer } from './execServerHarness';
import type { WireMessage } from './wireClient';
import { WireClient } from './wireClient';

/** Messages kept before a client of many cases is replaced, so that looking through them stays cheap. */
const MAX_KEPT_MESSAGES = 500;

/** A listening executor that is sent nonsense, and asked after each piece of it whether it still serves. */
export class FuzzedServer {
  private client: WireClient | undefined;
  private checks = 0;

  private constructor(
    readonly server: ServerUnderTest,
    /** The only place cases may touch. */
    readonly playground: string,
  ) {}

  static async start(): Promise<FuzzedServer> {
    const server = await startServer();
    const playground = join(server.workspace, 'playground');
    await mkdir(playground);
    const fuzzed = new FuzzedServer(server, playground);
    onTestFinished(() => {
      fuzzed.client?.cut();
    });
    return fuzzed;
  }

  /** A ready client, the one of the case before where that is possible. */
  async ready(prepare?: (client: WireClient) => Promise<void>): Promise<WireClient> {
    const { client } = this;
    if (client !== undefined && !client.hasEnded && client.received.length < MAX_KEPT_MESSAGES) {
      return client;
    }
    client?.cut();
    this.client = await WireClient.open(this.server.url);
    await prepare?.(this.client);
    return this.client;
  }

  /**
   * Sends what a case is made of and then valid requests, which must be served.
   *
   * @returns what came back before the answers to those.
   */
  async survives(client: WireClient, send: () => void): Promise<readonly WireMessage[]> {
    const from = client.received.length;
    send();
    this.checks += 1;
    const check = `check ${this.checks}`;
    const path = this.server.workspace;
    client.sendRaw(`{"id":"first ${check}","method":"environment/status"}`);
    client.sendRaw(JSON.stringify({ id: check, method: 'fs/getMetadata', params: { path } }));
    const last = await client.next(({ id }) => id === check);
    const first = client.received.findIndex(({ id }) => id === `first ${check}`);
    const { result } = client.received[first] ?? {};
    if ((result as { status?: string } | undefined)?.status !== 'ready') {
      throw new Error('The status check was not answered');
    }
    if ((last['result'] as { isDirectory?: boolean } | undefined)?.isDirectory !== true) {
      throw new Error('The file check was not answered');
    }
    return client.received.slice(from, first);
  }

  /** What no input may cause: a failure that nobody foresaw. */
  get unforeseen(): readonly string[] {
    return this.server.log.flatMap(({ level, line }) => (level === 'error' ? [line] : []));
  }
}
