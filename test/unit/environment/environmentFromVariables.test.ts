import { describe, expect, it } from 'vitest';
import {
  addressProblem,
  environmentFromVariables,
} from '../../../src/environment/environmentFromVariables';

const from = (text: string | undefined) =>
  environmentFromVariables({ CODEX_EXEC_SERVER_URL: text, OTHER: 'ws://127.0.0.1:1' });

describe('environmentFromVariables', () => {
  it.each([undefined, '', '  '])('means this machine by %j', (text) => {
    expect(from(text)).toEqual({ mode: 'local' });
  });

  it.each(['none', 'NONE', ' None\n'])('means nowhere by %j', (text) => {
    expect(from(text)).toEqual({ mode: 'disabled' });
  });

  it.each([
    ['ws://127.0.0.1:4000', '127.0.0.1:4000', 'ws://127.0.0.1:4000'],
    [' wss://Box.example/ ', 'box.example', 'wss://Box.example/'],
    ['ws://[::1]:4000/?token=canary', '[::1]:4000', 'ws://[::1]:4000/?token=canary'],
  ])('means a remote by %j', (text, name, url) => {
    expect(from(text)).toEqual({ mode: 'remote', remote: { name, endpoint: { url } } });
  });

  it.each(['127.0.0.1:4000', 'http://127.0.0.1:4000?token=canary', 'ws://', 'local', 'ws://:4000'])(
    'refuses %j without showing it',
    (text) => {
      expect(() => from(text)).toThrow(
        expect.objectContaining({
          code: 'invalidArguments',
          message:
            'CODEX_EXEC_SERVER_URL must be an address such as ws://127.0.0.1:4000 or wss://box.example',
        }),
      );
    },
  );

  it('refuses an address with a password without showing it', () => {
    expect(() => from('ws://user:canary@127.0.0.1:4000')).toThrow(
      'CODEX_EXEC_SERVER_URL must be an address without a name and a password; an exec-server asks for a token',
    );
  });
});

describe('addressProblem', () => {
  it('has nothing to say of an address', () => {
    expect([addressProblem('ws://127.0.0.1:4000'), addressProblem('none')]).toEqual([
      undefined,
      'must be an address such as ws://127.0.0.1:4000 or wss://box.example',
    ]);
  });
});
