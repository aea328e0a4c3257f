import { describe, expect, it } from 'vitest';
import { parseListenPlace } from '../../../src/executor/listenAddress';

describe('parseListenPlace', () => {
  it.each([
    ['ws://127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['ws://127.0.0.1:65535/', { host: '127.0.0.1', port: 65_535 }],
    ['ws://127.8.9.10:4000', { host: '127.8.9.10', port: 4000 }],
    ['ws://localhost:4000', { host: '127.0.0.1', port: 4000 }],
    ['WS://LOCALHOST:4000', { host: '127.0.0.1', port: 4000 }],
    ['ws://[::1]:4000', { host: '::1', port: 4000 }],
  ])('reads %s', (text, address) => {
    expect(parseListenPlace(text)).toEqual(address);
  });

  it.each(['stdio', 'stdio://'])('reads %s', (text) => {
    expect(parseListenPlace(text)).toBe('stdio');
  });

  it.each([
    'ws://0.0.0.0:4000',
    'ws://192.168.1.5:4000',
    'ws://[::]:4000',
    'ws://[::ffff:127.0.0.1]:4000',
    'ws://example.com:4000',
    'ws://127.0.0.1.example.com:4000',
    'ws://127.1:4000',
    'ws://0127.0.0.1:4000',
  ])('refuses %s, because others could reach it', (text) => {
    expect(() => parseListenPlace(text)).toThrow(
      /only loopback addresses are served|takes ws:\/\/IP:PORT/,
    );
  });

  it.each([
    '',
    '127.0.0.1:4000',
    'ws://127.0.0.1',
    'ws://127.0.0.1:',
    'ws://127.0.0.1:65536',
    'ws://127.0.0.1:-1',
    'ws://127.0.0.1:4000/path',
    'ws://127.0.0.1:4000?token=x',
    'ws://user@127.0.0.1:4000',
    'wss://127.0.0.1:4000',
    'http://127.0.0.1:4000',
    'stdio:/',
    'STDIO',
    'stdio://host',
    ' ws://127.0.0.1:4000',
  ])("tells for '%s' what to write instead", (text) => {
    expect(() => parseListenPlace(text)).toThrow(
      `--listen takes ws://IP:PORT, for example ws://127.0.0.1:0, or stdio, got '${text}'`,
    );
  });
});
