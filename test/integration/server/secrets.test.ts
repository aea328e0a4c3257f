import { describe, expect, it, vi } from 'vitest';
import { AccessToken } from '../../../src/server/accessToken';
import type { ServerUnderTest } from '../../support/execServerHarness';
import { startServer } from '../../support/execServerHarness';
import { WireClient, startParams } from '../../support/wireClient';
import { request, upgradeHeaders, upgradeStatus } from '../../support/wireHttp';
import { failOnLeaks } from '../../support/wireLeaks';

failOnLeaks();

const canary = 'canary-4f1d9c0b7e-do-not-show';

const startWithCanary = (): Promise<ServerUnderTest> =>
  startServer({ token: new AccessToken(canary) });

const inherited = ['all', 'core', 'none'].flatMap((inherit) =>
  [true, false].map((ignoreDefaultExcludes) => ({
    inherit,
    envPolicy: { inherit, ignoreDefaultExcludes, exclude: [], set: {}, includeOnly: [] },
  })),
);

const policies: readonly { inherit: string; envPolicy: unknown }[] = [
  { inherit: 'nothing', envPolicy: undefined },
  { inherit: 'nothing', envPolicy: null },
  ...inherited,
];

describe('the token', () => {
  it.each(policies)('is in no child’s environment: $envPolicy', async ({ inherit, envPolicy }) => {
    vi.stubEnv('EXEC_SERVER_TOKEN', canary);
    vi.stubEnv('EXEC_SERVER_OWNER_TOKEN', canary);
    vi.stubEnv('CODEX_EXEC_SERVER_URL', `ws://127.0.0.1:1/?token=${canary}`);
    vi.stubEnv('CODEX_EXEC_SERVER_NOISE_AUTH_TOKEN', canary);
    vi.stubEnv('PLAIN_VARIABLE', 'plain');
    const { url } = await startWithCanary();
    const client = await WireClient.open(url);
    const outputs = [];
    for (const tty of [false, true]) {
      const processId = `tty ${tty}`;
      await client.request(
        'process/start',
        startParams(
          processId,
          'env; tr "\\0" " " </proc/$$/cmdline; tr "\\0" " " </proc/$PPID/cmdline',
          { tty, envPolicy },
        ),
      );
      outputs.push((await client.outputOf(processId)).toString());
    }
    await client.close();
    const inherits = inherit === 'all';
    expect(
      outputs.map((output) => ({
        leaks: output.includes(canary),
        ran: output.includes('PATH='),
        inherits: output.includes('PLAIN_VARIABLE=plain'),
      })),
    ).toEqual([
      { leaks: false, ran: true, inherits },
      { leaks: false, ran: true, inherits },
    ]);
  });

  it('is in no log line, answer, error, close reason or printed object', async () => {
    const server = await startWithCanary();
    const { url, port, log, executor } = server;
    const answers: unknown[] = [];
    for (const path of [
      `/?token=${canary}x`,
      `/nope?token=${canary}`,
      `/${canary}`,
      `/readyz?token=${canary}`,
    ]) {
      answers.push(await upgradeStatus(port, path));
      for (const method of ['GET', 'POST', 'HEAD'])
        answers.push(await request(port, `${method} ${path} HTTP/1.1`));
    }
    answers.push(
      await request(port, 'GET / HTTP/1.1', upgradeHeaders([['Authorization', `Basic ${canary}`]])),
      await request(port, 'GET / HTTP/1.1', upgradeHeaders([['Origin', `http://${canary}`]])),
      await request(port, 'GET / HTTP/1.1', [['Host', canary]]),
    );
    const client = await WireClient.open(url);
    answers.push(
      await client.call('initialize', { clientName: 'x' }),
      await client.call('bogus', {}),
      await client.call('process/start', startParams('p', ['/nope'])),
      await client.call('fs/readFile', { path: '/nope' }),
      await client.call('process/read', { processId: 'nope' }),
      await client.request('environment/info'),
    );
    client.sendRaw('not json');
    client.sendRaw('{"method":"nope"}');
    await client.call('environment/status');
    await executor.server.rotateToken();
    answers.push(await client.closed, client.received);
    answers.push(executor.server.url, JSON.stringify({ token: new AccessToken(canary) }));
    await executor.close();
    const text = JSON.stringify({ answers, log });
    expect({ leaks: text.includes(canary), logged: log.length > 0 }).toEqual({
      leaks: false,
      logged: true,
    });
  });

  it('is taken out of whatever reaches the log all the same', async () => {
    const { url, log } = await startWithCanary();
    const client = await WireClient.connect(url);
    await client.request('initialize', { clientName: `?token=${canary} Bearer ${canary}` });
    await client.close();
    expect(log.filter(({ line }) => line.includes(canary))).toEqual([]);
    expect(log.some(({ line }) => line.includes('?token=*** Bearer ***'))).toBe(true);
  });
});
