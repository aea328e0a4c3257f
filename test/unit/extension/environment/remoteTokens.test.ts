import { describe, expect, it } from 'vitest';
import { RemoteTokens } from '../../../../src/extension/environment/remoteTokens';
import { FakeSecrets } from '../fakeEditorStorage';

const URL_A = 'wss://a.example/';

describe('RemoteTokens', () => {
  it('finds a token for the name and the address it was saved for, and for no other', async () => {
    const tokens = new RemoteTokens(new FakeSecrets(), 'here');
    await tokens.save('box', URL_A, 'secret');
    const found = [
      await tokens.find('box', URL_A),
      await tokens.find('box', 'wss://a.example'),
      await tokens.find('box', 'wss://b.example/'),
      await tokens.find('box', 'ws://a.example/'),
      await tokens.find('box', 'wss://a.example:444/'),
      await tokens.find('other', URL_A),
    ];
    expect(found).toEqual(['secret', 'secret', undefined, undefined, undefined, undefined]);
  });

  it('takes the loopback address of another machine for another place', async () => {
    const secrets = new FakeSecrets();
    await new RemoteTokens(secrets, 'here').save('box', 'ws://127.0.0.1:1/', 'secret');
    const there = new RemoteTokens(secrets, 'there');
    expect(await there.find('box', 'ws://127.0.0.1:1/')).toBeUndefined();
  });

  it('forgets a token, also when a remote is saved again without one', async () => {
    const secrets = new FakeSecrets();
    const tokens = new RemoteTokens(secrets, 'here');
    await tokens.save('one', URL_A, 'secret');
    await tokens.save('two', URL_A, 'secret');
    await tokens.save('one', URL_A, undefined);
    await tokens.forget('two');
    expect(secrets.size).toBe(0);
  });

  it.each(['no JSON', '{}', '"text"', 'null', '{"place":1,"token":2}'])(
    'finds nothing in what it did not write: %s',
    async (text) => {
      const secrets = new FakeSecrets();
      await secrets.store('execServer.remoteToken:box', text);
      expect(await new RemoteTokens(secrets, 'here').find('box', URL_A)).toBeUndefined();
    },
  );
});
