import type { ExecServerClient } from '../../src/client/execServerClient';
import { ProcessRecord, startOf } from './clientServers';
import { TcpRelay } from './tcpRelay';

/** Cuts of one run, and bytes of both directions between two of them at most. */
export const CUTS = 100;
const MAX_BYTES_BETWEEN = 64 * 1024;
const CHUNK_BYTES = 16 * 1024;

/** Pulls the cable after so many bytes, and puts it back as soon as the client has noticed. */
export class Scissors {
  private left: number;
  private relay: TcpRelay | undefined;
  cuts = 0;

  constructor(private readonly random: (below: number) => number) {
    this.left = this.nextDistance();
  }

  async relayTo(url: string): Promise<string> {
    const target = new URL(url);
    const count = ({ length }: Buffer): void => {
      this.pass(length);
    };
    const relay = await TcpRelay.start(Number(target.port), () => ({
      fromClient: count,
      fromServer: count,
    }));
    this.relay = relay;
    target.port = String(relay.port);
    return target.href;
  }

  private nextDistance(): number {
    return 1 + this.random(MAX_BYTES_BETWEEN);
  }

  private pass(bytes: number): void {
    this.left -= bytes;
    if (this.left > 0 || this.cuts >= CUTS) return;
    this.left = this.nextDistance();
    this.cuts += 1;
    this.relay?.pull();
    setImmediate(() => {
      this.relay?.putBack();
    });
  }
}

/** What a program echoes while the connection to it is cut, until that is enough. */
export async function echoThroughCuts(
  client: ExecServerClient,
  cwd: string,
  random: (below: number) => number,
  isEnough: () => boolean,
): Promise<{ sent: Buffer; received: Buffer; shape: string[]; statuses: string[] }> {
  const process = await client.startProcess(startOf(cwd, ['/bin/cat']));
  const record = new ProcessRecord(process);
  const sent: Buffer[] = [];
  const statuses = new Set<string>();
  const writes: Promise<unknown>[] = [];
  let total = 0;
  while (!isEnough() && process.state.status === 'running') {
    const chunk = Buffer.from(Array.from({ length: 1 + random(CHUNK_BYTES) }, () => random(256)));
    sent.push(chunk);
    total += chunk.length;
    writes.push(
      process.write(chunk).then(
        (status) => statuses.add(status),
        (error: unknown) => statuses.add(String(error)),
      ),
    );
    // Little enough is on its way that the server keeps all of it while nobody is there.
    await record.untilBytes(total - 4 * CHUNK_BYTES);
  }
  await record.untilBytes(total);
  // An echo can be here before the answer to its write, which is asked for again when a cut took it.
  await Promise.all(writes);
  await process.terminate();
  await process.ended;
  return {
    sent: Buffer.concat(sent),
    received: record.output,
    shape: record.shape,
    statuses: [...statuses],
  };
}
