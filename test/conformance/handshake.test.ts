import { differs, wording } from './harness/difference';
import { expect } from 'vitest';
import { CUT, ok, refused } from './harness/agent';
import { SESSION } from './harness/normalise';
import { conformance } from './harness/conformance';

/** One call of every family, with parameters that are in order. */
const calls = [
  ['process/read', { processId: 'p' }, 'exec'],
  ['process/write', { processId: 'p', chunk: '', writeId: 'w' }, 'exec'],
  ['process/signal', { processId: 'p', signal: 'interrupt' }, 'exec'],
  ['process/terminate', { processId: 'p' }, 'exec'],
  ['fs/readFile', { path: 'file:///nowhere' }, 'filesystem'],
  ['environment/info', {}, 'environment info'],
  ['environment/status', {}, 'environment status'],
] as const;

conformance('handshake', (scenario) => {
  scenario('initialize is answered with a session id and the environment', async (stage) => {
    const agent = await stage.connect();
    const opened = await agent.result<Record<string, unknown>>('initialize', {
      clientName: 'codex-environment',
      resumeSessionId: null,
    });
    agent.wire.notify('initialized', {});
    await agent.asks('environment/info', null, ok(opened['environmentInfo']));
    agent.sees(Object.keys(opened).sort(), ['environmentInfo', 'sessionId']);
  });

  scenario('nothing but initialize is carried out before it', async (stage) => {
    const agent = await stage.connect();
    await agent.talks(
      calls.map(([method, params, family]) => [
        method,
        params,
        refused(-32600, `client must call initialize before using ${family} methods`),
      ]),
    );
  });

  scenario('nothing is carried out between initialize and initialized', async (stage) => {
    const agent = await stage.connect();
    await agent.result('initialize', { clientName: 'x' });
    await agent.talks(
      calls.map(([method, params, family]) => [
        method,
        params,
        refused(-32600, `client must send initialized before using ${family} methods`),
      ]),
    );
    agent.wire.notify('initialized');
    await agent.asks('environment/status', {}, ok({ status: 'ready' }));
  });

  scenario('parameters are looked at before the handshake is', async (stage) => {
    const agent = await stage.connect();
    await agent.talks([
      ['process/read', {}, refused(-32602, 'missing field `processId`')],
      ['fs/readFile', {}, refused(-32602, 'missing field `path`')],
    ]);
  });

  scenario('an unknown method is one in any state', async (stage) => {
    const agent = await stage.connect();
    const unknown = refused(
      -32601,
      wording(
        'exec-server does not implement `bogus/method`',
        'exec-server stub does not implement `bogus/method` yet',
      ),
    );
    await agent.asks('bogus/method', {}, unknown);
    await agent.result('initialize', { clientName: 'x' });
    await agent.asks('bogus/method', {}, unknown);
    agent.wire.notify('initialized');
    await agent.asks('bogus/method', {}, unknown);
  });

  scenario('a refused initialize may be tried again', async (stage) => {
    const agent = await stage.connect();
    const object = refused(
      -32602,
      wording(
        'invalid type: null, expected an object',
        'invalid type: null, expected struct InitializeParams',
      ),
    );
    await agent.talks([
      ['initialize', undefined, object],
      ['initialize', null, object],
      ['initialize', {}, refused(-32602, 'missing field `clientName`')],
      [
        'initialize',
        { clientName: 5 },
        refused(
          -32602,
          wording(
            'invalid type: number, expected a string at `clientName`',
            'invalid type: number, expected a string',
          ),
        ),
      ],
      [
        'initialize',
        { clientName: 'x', resumeSessionId: 'nope' },
        refused(-32600, 'unknown session id nope'),
      ],
      [
        'initialize',
        { clientName: 'x', resumeSessionId: '' },
        refused(-32600, 'unknown session id '),
      ],
    ]);
    await agent.asks(
      'initialize',
      { clientName: '', resumeSessionId: null, unknownMember: { deep: [1] } },
      ok({ sessionId: SESSION, environmentInfo: expect.anything() }),
    );
  });

  scenario('initialize comes once, initialized as often as a client likes', async (stage) => {
    const agent = await stage.open();
    await agent.asks(
      'initialize',
      { clientName: 'x' },
      refused(-32600, 'initialize may only be sent once per connection'),
    );
    agent.wire.notify('initialized', {});
    agent.wire.notify('initialized');
    await agent.asks('environment/status', {}, ok({ status: 'ready' }));
  });

  scenario('initialized before initialize ends the connection', async (stage) => {
    const agent = await stage.connect();
    await agent.suffers(
      '{"method":"initialized","params":{}}',
      differs({
        ours: { code: 1002, reason: 'initialized before initialize' },
        peer: CUT,
        because: 'a close frame tells the client what it did wrong',
      }),
    );
  });
});
