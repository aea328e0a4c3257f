import { describe, expect, it } from 'vitest';
import { isAllowedHost } from '../../../src/server/hostCheck';

const allowedHosts = ['Dev.Example', 'box_1', '10.1.2.3', '[fe80::1]', ''];

const spellings: readonly (readonly [header: string | undefined, allowed: boolean])[] = [
  ['127.0.0.1', true],
  ['127.0.0.1:1', true],
  ['127.0.0.1:65535', true],
  ['127.0.0.53:8080', true],
  ['127.255.255.254', true],
  ['localhost', true],
  ['localhost:8080', true],
  ['LOCALHOST:8080', true],
  ['LocalHost', true],
  ['[::1]', true],
  ['[::1]:8080', true],
  // What the user allowed, in any case.
  ['dev.example', true],
  ['DEV.EXAMPLE:99', true],
  ['box_1', true],
  ['10.1.2.3:8080', true],
  ['[FE80::1]:8080', true],
  // Other names, however close.
  ['evil.example', false],
  ['localhost.', false],
  ['localhost.evil.example', false],
  ['evil.example.localhost', false],
  ['localhosts', false],
  ['xlocalhost', false],
  ['127.0.0.1.evil.example', false],
  ['127.0.0.1.nip.io', false],
  ['dev.example.', false],
  ['sub.dev.example', false],
  ['dev.exampl', false],
  ['10.1.2.30', false],
  // Other addresses, and other ways to write this one.
  ['0.0.0.0', false],
  ['[::]', false],
  ['192.168.0.1', false],
  ['128.0.0.1', false],
  ['126.255.255.255', false],
  ['127.0.0.256', false],
  ['127.0.0.1.', false],
  ['127.1', false],
  ['127', false],
  ['127.', false],
  ['2130706433', false],
  ['0x7f000001', false],
  ['0x7f.0.0.1', false],
  ['0177.0.0.1', false],
  ['127.0.0.01', false],
  ['[::ffff:127.0.0.1]', false],
  ['[0:0:0:0:0:0:0:1]', false],
  ['[::1%25lo]', false],
  ['::1', false],
  ['[::1', false],
  ['::1]', false],
  ['[127.0.0.1]', false],
  // What is no host at all.
  [undefined, false],
  ['', false],
  [' ', false],
  [':8080', false],
  ['127.0.0.1:', false],
  ['127.0.0.1:x', false],
  ['127.0.0.1:123456', false],
  ['127.0.0.1:80:80', false],
  ['127.0.0.1:-1', false],
  [' 127.0.0.1', false],
  ['127.0.0.1 ', false],
  ['127.0.0.1\n', false],
  ['user@127.0.0.1', false],
  ['127.0.0.1@evil.example', false],
  ['user:pass@localhost', false],
  ['127.0.0.1,evil.example', false],
  ['evil.example,127.0.0.1', false],
  ['127.0.0.1/evil', false],
  ['127.0.0.1?x', false],
  ['127.0.0.1#x', false],
  ['http://127.0.0.1', false],
  ['//127.0.0.1', false],
  ['127.0.0.1\\evil.example', false],
  ['%6cocalhost', false],
  ['localhost%00', false],
  ['localhost\0', false],
  ['ｌｏｃａｌｈｏｓｔ', false],
  ['127。0。0。1', false],
  ['K.example', false],
];

describe('isAllowedHost', () => {
  it.each(spellings)('%j: %j', (header, allowed) => {
    expect(isAllowedHost(header, allowedHosts)).toBe(allowed);
  });

  it('allows only this machine when the user allowed nothing', () => {
    expect(['dev.example', 'localhost'].map((header) => isAllowedHost(header, []))).toEqual([
      false,
      true,
    ]);
  });
});
