import { once } from 'node:events';
import { WebSocket } from 'ws';
import { parseOutputFrame } from '../../src/protocol/outputFrame';

/** A notification of a process; `chunk` is base64, or the bytes of a binary message. */
export interface ProcessNotice {
  readonly method: string;
  readonly params: {
    readonly processId: string;
    readonly seq: number;
    readonly chunk?: string | Buffer;
    readonly exitCode?: number;
  };
}

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

/** What the reference server takes in one frame. */
const maxFrameBytes = 16 * 1024 * 1024;

/**
 * An agent as small as it can be, the same for both servers: JSON.parse for what comes, no checks that
 * cost more than the work measured.
 */
export class BenchClient {
  private readonly pending = new Map<
    number,
    { readonly resolve: (result: unknown) => void; readonly reject: (error: Error) => void }
  >();
  private readonly processes = new Map<string, (notice: ProcessNotice) => void>();
  private lastId = 0;

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.receiveOutput(data);
      else this.receive(JSON.parse(data.toString()) as Answer & ProcessNotice);
    });
    socket.on('close', () => {
      for (const { reject } of this.pending.values()) reject(new Error('The connection is closed'));
    });
  }

  /** Connects and shakes hands. @param binaryOutput asks for output as it is, which only ours can do. */
  static async connect(url: string, binaryOutput = false): Promise<BenchClient> {
    const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 0 });
    await once(socket, 'open');
    const client = new BenchClient(socket);
    const answer = await client.call('initialize', { clientName: 'bench', binaryOutput });
    if (binaryOutput && !(answer as { binaryOutput?: boolean }).binaryOutput) {
      throw new Error('The server does not send binary output');
    }
    client.socket.send('{"method":"initialized","params":{}}');
    return client;
  }

  call(method: string, params: unknown): Promise<unknown> {
    const id = (this.lastId += 1);
    const text = JSON.stringify({ id, method, params });
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.sendText(text);
    });
  }

  /** Starts a process and hands its notifications to `onNotice`, those that overtake the answer too. */
  async start(
    processId: string,
    argv: readonly string[],
    options: { readonly cwd: string; readonly tty?: boolean },
    onNotice: (notice: ProcessNotice) => void,
  ): Promise<void> {
    this.processes.set(processId, onNotice);
    const cwd = `file://${options.cwd}`;
    const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' };
    await this.call('process/start', { processId, argv, cwd, env, tty: options.tty ?? false });
  }

  /** Stops reading, so that the server feels a reader that is stuck; and goes on. */
  setPaused(paused: boolean): void {
    if (paused) this.socket.pause();
    else this.socket.resume();
  }

  async close(): Promise<void> {
    const closed = once(this.socket, 'close');
    // The reference server does not answer a close frame, and nothing is lost by not waiting for it.
    this.socket.terminate();
    await closed;
  }

  private sendText(text: string): void {
    if (text.length <= maxFrameBytes) {
      this.socket.send(text);
      return;
    }
    for (let start = 0; start < text.length; start += maxFrameBytes) {
      const fin = start + maxFrameBytes >= text.length;
      this.socket.send(text.slice(start, start + maxFrameBytes), { fin });
    }
  }

  private receiveOutput(data: Buffer): void {
    const frame = parseOutputFrame(data);
    if (frame === undefined) throw new Error('A binary message is no output');
    this.processes.get(frame.processId)?.({ method: 'process/output', params: frame });
  }

  private receive(message: Answer & ProcessNotice): void {
    if (message.id === undefined) {
      this.processes.get(message.params.processId)?.(message);
      return;
    }
    const call = this.pending.get(message.id);
    this.pending.delete(message.id);
    if (message.error === undefined) call?.resolve(message.result);
    else call?.reject(new Error(`${message.error.code} ${message.error.message}`));
  }
}
