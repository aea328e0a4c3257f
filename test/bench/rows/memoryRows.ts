import { setTimeout as delay } from 'node:timers/promises';
import { BenchClient } from '../benchClient';
import type { RunningServer } from '../contestant';
import { drain, payload, requireBytes } from '../bulkOutput';
import { writePayload } from '../payload';
import type { Row } from '../row';
import { MIB, withServer } from '../row';
import { SinkClient } from '../sinkClient';

const idleSessions = 48;
const warmUpSessions = 8;

/**
 * Memory that an allocator has taken for what is soon over stays resident and is used again. A server that has
 * not worked has touched little of it, and would seem to spend on its next sessions what it spends but once.
 */
const warmUpRequests = 10_000;
const producedRepeats = 128;

/** A server that has used no processor time for this long has done what it had to. */
const quietMs = 300;

/** Sessions that do nothing, each on a connection of its own. */
export const idleSessionRow: Row = {
  name: 'idle-memory',
  lines: {
    perSession: {
      label: 'resident memory per idle session',
      unit: 'KiB',
      goal: { atMost: 0.1 },
    },
  },
  measure: (context) =>
    withServer(context, async (server) => {
      const warmUp = await connectMany(server.url, warmUpSessions);
      for (let number = 0; number < warmUpRequests; number += warmUpSessions) {
        await Promise.all(warmUp.map((client) => client.call('environment/info', {})));
      }
      await untilQuiet(server);
      const before = server.residentBytes();
      const clients = await connectMany(server.url, idleSessions);
      await untilQuiet(server);
      const perSession = (server.residentBytes() - before) / idleSessions / 1024;
      for (const client of [...warmUp, ...clients]) await client.close();
      return { perSession: Math.max(perSession, 0) };
    }),
};

/** A reader that stops while a program goes on printing: the program has to wait, not the memory to grow. */
export const stoppedReaderRow: Row = {
  name: 'stopped-reader',
  lines: {
    growth: {
      label: 'memory growth, reader stopped, 1 GB produced',
      unit: 'MiB',
      goal: { atMost: 16 },
      absolute: true,
    },
  },
  measure: (context) =>
    withServer(context, async (server) => {
      const file = await writePayload(context.folder, payload);
      const argv = ['/bin/cat', ...Array.from({ length: producedRepeats }, () => file)];
      const sink = await SinkClient.connect(server.url);
      await untilQuiet(server);
      const before = server.residentBytes();
      sink.setPaused(true);
      const drained = drain(sink, argv, context.folder);
      await untilQuiet(server);
      const growth = (server.peakResidentBytes() - before) / MIB;
      sink.setPaused(false);
      await drained;
      requireBytes(sink.contentBytes, producedRepeats * payload.length);
      await sink.close();
      return { growth };
    }),
};

async function connectMany(url: string, count: number): Promise<readonly BenchClient[]> {
  const clients: BenchClient[] = [];
  for (let number = 0; number < count; number += 1) clients.push(await BenchClient.connect(url));
  return clients;
}

async function untilQuiet(server: RunningServer): Promise<void> {
  let last = server.cpuMs();
  for (;;) {
    await delay(quietMs);
    const now = server.cpuMs();
    if (now === last) return;
    last = now;
  }
}
