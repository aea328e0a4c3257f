import type { BenchClient, ProcessNotice } from './benchClient';
import { makePayload, payloadBytes, writePayload } from './payload';
import type { SinkClient } from './sinkClient';
import { framesOf } from './sinkClient';

/** What bulk output is made of. */
export const payload = makePayload(payloadBytes);

/** A program that writes the payload a number of times. */
export async function producer(folder: string, repeats: number): Promise<readonly string[]> {
  const file = await writePayload(folder, payload);
  return ['/bin/cat', ...Array.from({ length: repeats }, () => file)];
}

/**
 * Runs a program and hands over all its output, decoded, in order and without a gap. The reference server
 * may send neighbours in the wrong order, so they are put right by their numbers, as its client does.
 */
export async function readAll(
  client: BenchClient,
  argv: readonly string[],
  options: { readonly cwd: string; readonly tty: boolean },
  take: (chunk: Buffer) => void,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let next = 1;
    const early = new Map<number, ProcessNotice>();
    const accept = ({ method, params }: ProcessNotice): void => {
      const { chunk } = params;
      if (chunk !== undefined)
        take(typeof chunk === 'string' ? Buffer.from(chunk, 'base64') : chunk);
      if (method === 'process/closed') resolve();
    };
    client
      .start('bulk', argv, options, (notice) => {
        try {
          early.set(notice.params.seq, notice);
          for (let due = early.get(next); due !== undefined; due = early.get(next)) {
            early.delete(next);
            next += 1;
            accept(due);
          }
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      })
      .catch(reject);
  });
}

/** Runs a program through a sink until nothing can come from it any more. */
export async function drain(sink: SinkClient, argv: readonly string[], cwd: string): Promise<void> {
  const env = { PATH: process.env['PATH'] ?? '' };
  const params = { processId: 'bulk', argv, cwd: `file://${cwd}`, env, tty: false };
  const closed = sink.waitFor('"process/closed"');
  sink.send(framesOf(JSON.stringify({ id: 2, method: 'process/start', params })));
  await closed;
}

export function requireBytes(received: number, expected: number): void {
  if (received !== expected) throw new Error(`${received} bytes came instead of ${expected}`);
}
