import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Deferred } from '../../../src/base/deferred';
import { createLogger } from '../../../src/base/logger';
import { parseMessage } from '../../../src/protocol/envelope';
import type { RequestTable } from '../../../src/protocol/methods';
import { RequestServer } from '../../../src/rpc/requestServer';
import { Router } from '../../../src/rpc/router';
import { settled } from '../../support/fakeClock';
import type { LinkedTransport } from '../../support/linkedTransports';
import { linkedTransports } from '../../support/linkedTransports';

const spec = { family: 'test', params: z.object({ name: z.string() }), result: z.unknown() };

const table = {
  now: { ...spec, turn: 'inOrder' },
  slow: { ...spec, turn: 'inOrder' },
  wait: { ...spec, turn: 'mayWait' },
  fail: { ...spec, turn: 'inOrder' },
  unwritable: { ...spec, turn: 'inOrder' },
  unwritableLater: { ...spec, turn: 'mayWait' },
} as const satisfies RequestTable;

const limits = {
  maxQueuedRequests: 4,
  maxQueuedRequestBytes: 10_000,
  maxWaitingRequests: 2,
  maxWaitingRequestBytes: 300,
  sendQueueFullBytes: 1000,
};

const jsonLimits = { maxJsonDepth: 128, maxJsonValues: 1000 };

/** A server at one end whose handlers end when the test says, and what happened in which order. */
function startRequestServer(): {
  client: LinkedTransport;
  server: LinkedTransport;
  requests: RequestServer<typeof table, undefined>;
  effects: string[];
  log: string[];
  gate: (name: string) => Deferred<string>;
  ask: (id: number, method: string, name: string) => void;
} {
  const { client, server } = linkedTransports();
  const effects: string[] = [];
  const log: string[] = [];
  const gates = new Map<string, Deferred<string>>();
  const gate = (name: string): Deferred<string> => {
    const existing = gates.get(name) ?? new Deferred<string>();
    gates.set(name, existing);
    return existing;
  };
  const later = ({ name }: { name: string }): Promise<string> => {
    effects.push(name);
    return gate(name).promise;
  };
  /** A value JSON has no way to write. */
  const unwritable = { value: 1n };
  const router = new Router<typeof table, undefined>(
    table,
    {
      now: ({ name }) => {
        effects.push(name);
        return name;
      },
      slow: later,
      wait: later,
      fail: () => {
        throw new Error('with a secret in it');
      },
      unwritable: () => unwritable,
      unwritableLater: () => Promise.resolve(unwritable),
    },
    () => undefined,
  );
  const requests = new RequestServer<typeof table, undefined>({
    transport: server,
    router,
    context: undefined,
    limits,
    logger: createLogger((level, line) => log.push(`${level} ${line}`)),
  });
  server.onDidReceive((data) => {
    const message = parseMessage(data, jsonLimits);
    if (message.kind === 'request') requests.accept(message, data.length);
    else requests.acceptEffect(() => effects.push('effect'));
  });
  const ask = (id: number, method: string, name: string): void => {
    client.send(JSON.stringify({ id, method, params: { name } }));
  };
  return { client, server, requests, effects, log, gate, ask };
}

describe('RequestServer', () => {
  it('bounds what requests that wait may weigh together, and takes more when one is answered', async () => {
    const { server, effects, ask, gate } = startRequestServer();
    const long = (letter: string): string => letter.repeat(150);
    ask(1, 'wait', long('a'));
    ask(2, 'wait', long('b'));
    ask(3, 'now', 'c');
    gate(long('a')).resolve('done');
    await settled();
    ask(4, 'wait', long('d'));
    expect({ effects, sent: server.sent }).toEqual({
      effects: [long('a'), 'c', long('d')],
      sent: [
        {
          error: {
            code: -32013,
            message: 'limit reached: at most 300 bytes of requests may wait on one connection',
          },
          id: 2,
        },
        { id: 3, result: 'c' },
        { id: 1, result: 'done' },
      ],
    });
  });

  it('holds later requests until one in order is answered', async () => {
    const { server, effects, ask, gate } = startRequestServer();
    ask(1, 'slow', 'first');
    ask(2, 'now', 'second');
    const before = [...effects];
    gate('first').resolve('done');
    await settled();
    expect({ before, effects, sent: server.sent }).toEqual({
      before: ['first'],
      effects: ['first', 'second'],
      sent: [
        { id: 1, result: 'done' },
        { id: 2, result: 'second' },
      ],
    });
  });

  it('lets one that waits step aside once it took effect', async () => {
    const { server, effects, ask, gate } = startRequestServer();
    ask(1, 'wait', 'poll');
    ask(2, 'now', 'second');
    await settled();
    const before = [...server.sent];
    gate('poll').resolve('news');
    await settled();
    expect({ before, effects, sent: server.sent }).toEqual({
      before: [{ id: 2, result: 'second' }],
      effects: ['poll', 'second'],
      sent: [
        { id: 2, result: 'second' },
        { id: 1, result: 'news' },
      ],
    });
  });

  it('gives an effect that is no request its place in the order', async () => {
    const { client, effects, ask, gate } = startRequestServer();
    ask(1, 'slow', 'first');
    client.send('{"method":"fact"}');
    ask(2, 'now', 'last');
    gate('first').resolve('');
    await settled();
    expect(effects).toEqual(['first', 'effect', 'last']);
  });

  it('refuses to let more requests wait than the limit', () => {
    const { server, effects, ask } = startRequestServer();
    for (const id of [1, 2, 3]) ask(id, 'wait', `poll ${id}`);
    expect({ effects, sent: server.sent }).toEqual({
      effects: ['poll 1', 'poll 2'],
      sent: [
        {
          error: {
            code: -32013,
            message: 'limit reached: at most 2 requests may wait on one connection',
          },
          id: 3,
        },
      ],
    });
  });

  it('counts a waiting request out when it is answered, also with an error', async () => {
    const { server, ask, gate } = startRequestServer();
    ask(1, 'wait', 'a');
    ask(2, 'wait', 'b');
    gate('a').reject(new Error('x'));
    gate('b').resolve('b');
    await settled();
    ask(3, 'wait', 'c');
    ask(4, 'wait', 'd');
    expect(server.sent).toEqual([
      { error: { code: -32603, message: 'internal error' }, id: 1 },
      { id: 2, result: 'b' },
    ]);
  });

  it('keeps the text of an unexpected failure to itself and logs it', () => {
    const { server, log, ask } = startRequestServer();
    ask(1, 'fail', 'x');
    expect(server.sent).toEqual([{ error: { code: -32603, message: 'internal error' }, id: 1 }]);
    expect(log).toEqual([expect.stringMatching(/^error request failed unexpectedly method=fail /)]);
  });

  it('tells a refusal of the system in its words, and does not log it as a mistake of ours', async () => {
    const { server, log, gate, ask } = startRequestServer();
    ask(1, 'slow', 'x');
    gate('x').reject(Object.assign(new Error('EACCES: /x'), { code: 'EACCES' }));
    await settled();
    expect({ sent: server.sent, log }).toEqual({
      sent: [{ error: { code: -32603, message: 'Permission denied (os error 13)' }, id: 1 }],
      log: ['debug request refused method=slow code=-32603'],
    });
  });

  it('answers with an error when a result cannot be written, and goes on', async () => {
    const { server, ask } = startRequestServer();
    ask(1, 'unwritable', 'x');
    ask(2, 'unwritableLater', 'x');
    ask(3, 'now', 'next');
    await settled();
    expect(server.sent).toEqual([
      { error: { code: -32603, message: 'internal error' }, id: 1 },
      { id: 3, result: 'next' },
      { error: { code: -32603, message: 'internal error' }, id: 2 },
    ]);
  });

  it('stops reading from a sender that runs ahead and reads on at half', async () => {
    const { server, ask, gate } = startRequestServer();
    ask(1, 'slow', 'first');
    for (let id = 2; id <= 9; id += 1) ask(id, 'now', `${id}`);
    const before = [...server.pauses];
    gate('first').resolve('1');
    await settled();
    expect({ before, pauses: server.pauses, answered: server.sent.length }).toEqual({
      before: [true],
      pauses: [true, false],
      answered: 9,
    });
  });

  it('stops reading when few but large requests wait', async () => {
    const { server, ask, gate } = startRequestServer();
    ask(1, 'slow', 'first');
    ask(2, 'now', 'x'.repeat(9000));
    const small = [...server.pauses];
    ask(3, 'now', 'x'.repeat(2000));
    const large = [...server.pauses];
    gate('first').resolve('');
    await settled();
    expect({ small, large, pauses: server.pauses, answered: server.sent.length }).toEqual({
      small: [],
      large: [true],
      pauses: [true, false],
      answered: 3,
    });
  });

  it('does nothing more for a client that does not read its answers', async () => {
    const { server, effects, ask } = startRequestServer();
    server.setCongested(true, 2000);
    ask(1, 'now', 'a');
    ask(2, 'now', 'b');
    await settled();
    const before = [...effects];
    server.setCongested(false, 0);
    await settled();
    expect({ before, effects }).toEqual({ before: [], effects: ['a', 'b'] });
  });

  it('holds back effects, which may have answers too, and stops reading what follows them', async () => {
    const { client, server, effects } = startRequestServer();
    server.setCongested(true, 2000);
    for (let sent = 0; sent < 10; sent += 1) client.send('{"method":"fact"}');
    const before = [...effects];
    const pausesBefore = [...server.pauses];
    server.setCongested(false, 0);
    await settled();
    expect({ before, pausesBefore, effects: effects.length }).toEqual({
      before: [],
      pausesBefore: [true],
      effects: 10,
    });
  });

  it('goes on for one that only reads slowly', () => {
    const { server, effects, ask } = startRequestServer();
    server.setCongested(true, 900);
    ask(1, 'now', 'a');
    expect(effects).toEqual(['a']);
  });

  it('begins nothing once the connection has ended', async () => {
    const { client, effects, ask, gate, server } = startRequestServer();
    ask(1, 'slow', 'first');
    ask(2, 'now', 'second');
    client.dispose();
    gate('first').resolve('done');
    await settled();
    expect({ effects, sent: server.sent }).toEqual({ effects: ['first'], sent: [] });
  });

  it('answers what took effect before it was stopped, and begins nothing more', async () => {
    const { requests, effects, ask, gate, server } = startRequestServer();
    ask(1, 'wait', 'poll');
    ask(2, 'slow', 'slow');
    ask(3, 'now', 'never');
    requests.stop();
    gate('poll').reject(new Error('called off'));
    gate('slow').resolve('done');
    await settled();
    expect({ effects, sent: server.sent }).toEqual({
      effects: ['poll', 'slow'],
      sent: [
        { error: { code: -32603, message: 'internal error' }, id: 1 },
        { id: 2, result: 'done' },
      ],
    });
  });

  it('logs only the beginning of a method name', () => {
    const { log, ask } = startRequestServer();
    ask(1, 'y'.repeat(100_000), 'x');
    expect(log).toEqual([`debug request refused method=${'y'.repeat(80)} code=-32601`]);
  });
});
