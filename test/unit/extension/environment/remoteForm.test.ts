import { describe, expect, it } from 'vitest';
import {
  addressProblem,
  commandWords,
  endpointProblem,
  looksLikeAddress,
  nameProblem,
  separateToken,
  suggestName,
} from '../../../../src/extension/environment/remoteForm';

describe('the name of a remote', () => {
  it.each(['box', 'Box_1', '1', 'x'.repeat(64)])('may be %s', (name) => {
    expect(nameProblem(name)).toBeUndefined();
  });

  it.each(['', 'a b', 'ä', 'a/b', 'x'.repeat(65), 'local', 'LOCAL', 'none', 'disabled'])(
    'may not be %j',
    (name) => {
      expect(nameProblem(name)).toEqual(expect.any(String));
    },
  );
});

describe('the address of a remote', () => {
  it.each(['ws://127.0.0.1:4500', 'wss://box.example/path?key=1', 'WS://HOST/'])(
    'may be %s',
    (address) => {
      expect([addressProblem(address), looksLikeAddress(address)]).toEqual([undefined, true]);
    },
  );

  it.each(['http://h/', 'ws://', 'ws://user@h/', 'ws://u:SECRET@h/', 'wss://h/#SECRET', 'box'])(
    'may not be %s, which is not quoted',
    (address) => {
      expect(addressProblem(address)).toEqual(expect.not.stringContaining('SECRET'));
    },
  );

  it('loses the token it holds, and keeps the rest of its query', () => {
    expect(
      ['ws://h:1/?token=t%20t', 'ws://h:1/a?b=1&token=t', 'ws://h:1', 'ws://h/?token='].map(
        separateToken,
      ),
    ).toEqual([
      { url: 'ws://h:1/', token: 't t' },
      { url: 'ws://h:1/a?b=1', token: 't' },
      { url: 'ws://h:1/', token: undefined },
      { url: 'ws://h/', token: undefined },
    ]);
  });

  it.each([
    [{ url: 'ws://box.example/', token: 't' }, true],
    [{ url: 'ws://box.example/?token=t' }, true],
    [{ url: 'ws://127.0.0.1.box.example/', token: 't' }, true],
    [{ url: 'ws://box.example/' }, false],
    [{ url: 'wss://box.example/', token: 't' }, false],
    [{ url: 'ws://127.0.0.1:1/', token: 't' }, false],
    [{ url: 'ws://[::1]:1/?token=t' }, false],
    [{ url: 'ws://localhost/', token: 't' }, false],
    [{ program: 'ssh' }, false],
  ])('is not sent a token that others could read: %j', (endpoint, isRefused) => {
    expect(endpointProblem(endpoint) !== undefined).toBe(isRefused);
  });
});

describe('a command', () => {
  it.each([
    ['ssh box serve', ['ssh', 'box', 'serve']],
    ['  a   b ', ['a', 'b']],
    [`p 'a b' "c \\"d\\"" e\\ f`, ['p', 'a b', 'c "d"', 'e f']],
    [`p a'b'"c"`, ['p', 'abc']],
    [`p '' ""`, ['p', '', '']],
    [`p '\\' "\\n"`, ['p', '\\', '\\n']],
    ['p $HOME; *', ['p', '$HOME;', '*']],
  ])('is taken apart as by a shell that expands nothing: %s', (text, words) => {
    expect(commandWords(text)).toEqual(words);
  });

  it.each(['', '  ', `p 'a`, 'p "a', 'p \\'])('makes no sense as %j', (text) => {
    expect(commandWords(text)).toBeUndefined();
  });
});

describe('the name to begin with', () => {
  it.each([
    ['wss://build.example.com:1/', [], 'build'],
    ['ws://127.0.0.1:4500/', [], 'box'],
    ['ws://[::1]:4500/', ['box'], 'box-2'],
    ['ws://localhost/', [], 'box'],
    ['wss://local/', [], 'box'],
    ['ssh -p 2222 me@dev.example exec-server', [], 'dev'],
    ['/usr/bin/ssh dev serve', ['dev', 'dev-2'], 'dev-3'],
    ['my-program --flag', [], 'box'],
  ])('for %s beside %j is %s', (text, taken, name) => {
    expect(suggestName(text, taken)).toBe(name);
  });
});
