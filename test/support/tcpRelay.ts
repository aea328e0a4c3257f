import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** Sees the bytes of one connection as they pass. */
export interface RelayObserver {
  readonly fromClient: (bytes: Buffer) => void;
  readonly fromServer: (bytes: Buffer) => void;
}

/** A cable between a client and a server on loopback that a test can watch, pull and put back. */
export class TcpRelay {
  private readonly sockets = new Set<Socket>();
  private pulled = false;

  private constructor(
    private readonly server: Server,
    private readonly targetPort: number,
    private readonly observe: () => RelayObserver,
  ) {
    server.on('connection', (client) => {
      if (this.pulled) client.resetAndDestroy();
      else this.join(client, connect(this.targetPort, '127.0.0.1'));
    });
  }

  /** Listens on a free port until the end of the test; `observe` is called once for each connection. */
  static async start(targetPort: number, observe: () => RelayObserver): Promise<TcpRelay> {
    const server = createServer();
    const relay = new TcpRelay(server, targetPort, observe);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    onTestFinished(async () => {
      relay.pull();
      await new Promise((resolve) => server.close(resolve));
    });
    return relay;
  }

  get port(): number {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('The relay has no port');
    return address.port;
  }

  /** Resets every connection, and each that comes, until {@link putBack}. */
  pull(): void {
    this.pulled = true;
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  /** Passes nothing more on the connections there are, and tells nobody: the cable of a machine that slept. */
  freeze(): void {
    for (const socket of this.sockets) socket.unpipe().pause();
  }

  putBack(): void {
    this.pulled = false;
  }

  private join(client: Socket, target: Socket): void {
    const observer = this.observe();
    client.on('data', observer.fromClient);
    target.on('data', observer.fromServer);
    this.pass(client, target);
    this.pass(target, client);
  }

  private pass(from: Socket, to: Socket): void {
    this.sockets.add(from);
    from.pipe(to);
    // A reset shows as an error and then as a close, and the close says all there is to know.
    from.on('error', () => undefined);
    from.on('close', () => {
      this.sockets.delete(from);
      to.destroy();
    });
  }
}
