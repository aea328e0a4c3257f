import { describe, expect, it } from 'vitest';
import type { ResolveHost } from '../../../src/executor/ownAddress';
import { leadsTo } from '../../../src/executor/ownAddress';

const hosts: Readonly<Record<string, readonly string[]>> = {
  'this-machine.example': ['192.0.2.7', '127.0.0.1'],
  'elsewhere.example': ['192.0.2.8'],
};

const resolve: ResolveHost = (name) => {
  const addresses = hosts[name];
  if (addresses === undefined) return Promise.reject(new Error(`unexpected question for ${name}`));
  return Promise.resolve(addresses.map((address) => ({ address })));
};

describe('leadsTo', () => {
  it.each([
    'ws://127.0.0.1:4000',
    'ws://127.0.0.1:4000/?token=x',
    'WS://LOCALHOST:4000/',
    'ws://sub.localhost:4000/',
    'ws://127.1:4000/',
    'ws://0x7f.0.0.1:4000/',
    'ws://2130706433:4000/',
    'ws://0.0.0.0:4000/',
    'ws://[::ffff:127.0.0.1]:4000/',
    'ws://this-machine.example:4000/',
    'wss://127.0.0.1:4000/other',
  ])('knows %s as the listener on 127.0.0.1:4000', async (url) => {
    expect(await leadsTo(url, { host: '127.0.0.1', port: 4000 }, resolve)).toBe(true);
  });

  it.each([
    'ws://127.0.0.1:4001',
    'ws://127.0.0.2:4000',
    'ws://[::1]:4000',
    'ws://elsewhere.example:4000',
    'ws://nobody.example:4001',
    'ws://nobody.example:4000',
    'no address',
  ])('does not take %s for it', async (url) => {
    expect(await leadsTo(url, { host: '127.0.0.1', port: 4000 }, resolve)).toBe(false);
  });

  it.each([
    'ws://[::1]:4000',
    'ws://localhost:4000',
    'ws://[0:0:0:0:0:0:0:1]:4000',
    'ws://[::]:4000',
  ])('knows %s as the listener on [::1]:4000', async (url) => {
    expect(await leadsTo(url, { host: '::1', port: 4000 }, resolve)).toBe(true);
  });

  it('knows ports that need not be written', async () => {
    const answers = await Promise.all([
      leadsTo('ws://127.0.0.1/', { host: '127.0.0.1', port: 80 }),
      leadsTo('wss://127.0.0.1/', { host: '127.0.0.1', port: 443 }),
      leadsTo('wss://127.0.0.1/', { host: '127.0.0.1', port: 80 }),
    ]);
    expect(answers).toEqual([true, true, false]);
  });
});
