import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defaultLimits } from '../../../src/base/limits';
import type { RequestTable } from '../../../src/protocol/methods';
import { RpcPeer } from '../../../src/rpc/rpcPeer';
import type { TransportEnd } from '../../../src/rpc/transport';
import { linkedTransports } from '../../support/linkedTransports';

const table = {
  ask: { family: 'test', params: z.unknown(), result: z.unknown(), turn: 'inOrder' },
} as const satisfies RequestTable;

function openPeer() {
  const { client, server } = linkedTransports();
  const peer = new RpcPeer(client, table, defaultLimits);
  const ends: TransportEnd[] = [];
  peer.onDidClose((end) => ends.push(end));
  return { client, server, peer, ends };
}

describe('the asking end of a connection', () => {
  it('does not gather answers for a server that asks and does not read', () => {
    const { client, server } = openPeer();
    server.send('{"id":1,"method":"a"}');
    client.setCongested(true, 1_000_000);
    server.send('{"id":2,"method":"a"}');
    client.setCongested(false, 0);
    server.send('{"id":3,"method":"a"}');
    expect(client.sent).toMatchObject([{ id: 1 }, { id: 3 }]);
  });

  it('ends at a request whose id is so long that an answer could not be written', () => {
    const { server, client, ends } = openPeer();
    server.send(JSON.stringify({ id: 'x'.repeat(257), method: 'a' }));
    expect([ends, client.sent]).toEqual([
      [{ code: 1002, reason: 'a request has an endless id' }],
      [],
    ]);
  });

  it('keeps the beginning of an endless refusal', async () => {
    const { server, peer } = openPeer();
    const asked = peer.request('ask', {}).catch((error: unknown) => error);
    server.send(JSON.stringify({ id: 1, error: { code: -32600, message: 'no '.repeat(100_000) } }));
    expect(await asked).toMatchObject({
      code: -32600,
      message: 'no '.repeat(100_000).slice(0, 16 * 1024),
    });
  });
});
