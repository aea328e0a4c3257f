import { describe, expect, it } from 'vitest';
import { openClient, run, ended, printed } from '../../support/processCalls';
import { paramsOf, startParams } from '../../support/wireClient';
import { failOnLeaks, isRunning, until } from '../../support/wireLeaks';

failOnLeaks();

describe('process/signal', () => {
  it.each<[signal: string, name: string, untrapped: number]>([
    ['interrupt', 'INT', 130],
    ['terminate', 'TERM', 143],
    ['hangup', 'HUP', 129],
    ['quit', 'QUIT', 131],
    ['kill', 'KILL', 137],
  ])('%s reaches the group', async (signal, name, untrapped) => {
    const { client } = await openClient();
    await client.request(
      'process/start',
      startParams('plain', ['/bin/sh', '-c', 'echo rdy; exec cat'], { pipeStdin: true }),
    );
    await client.request(
      'process/start',
      startParams(
        'trapped',
        [
          '/bin/bash',
          '-c',
          `trap "echo ${name}; exit 7" ${name}; echo rdy; while :; do read x; done`,
        ],
        { pipeStdin: true },
      ),
    );
    for (const processId of ['plain', 'trapped']) {
      await printed(client, processId, 'rdy');
      expect(await client.call('process/signal', { processId, signal })).toEqual({ result: {} });
      await client.outputOf(processId);
    }
    const codes = ['plain', 'trapped'].map((id) => ended(client, id).exitCode);
    await client.close();
    expect(codes).toEqual([untrapped, signal === 'kill' ? 137 : 7]);
  });

  it('has no effect on what is unknown or has ended, and refuses other names', async () => {
    const { client } = await openClient();
    await run(client, 'p', 'true');
    const answers = [
      await client.call('process/signal', { processId: 'p', signal: 'interrupt' }),
      await client.call('process/signal', { processId: 'zz', signal: 'kill' }),
      await client.call('process/signal', { processId: 'zz' }),
      await client.call('process/signal', { processId: 'zz', signal: 'SIGINT' }),
    ];
    await client.close();
    expect(answers).toEqual([
      { result: {} },
      { result: {} },
      { error: { code: -32602, message: expect.any(String) } },
      { error: { code: -32602, message: expect.any(String) } },
    ]);
  });
});

describe('process/terminate', () => {
  it('kills at once, traps or not, answers before the exit and tells whether there was something to do', async () => {
    const { client } = await openClient();
    await client.request(
      'process/start',
      startParams(
        'k',
        [
          '/bin/bash',
          '-c',
          'trap "echo TERM; exit 5" TERM HUP; echo rdy; while :; do read x; done',
        ],
        { pipeStdin: true },
      ),
    );
    await printed(client, 'k', 'rdy');
    const before = client.received.length;
    const first = await client.call('process/terminate', { processId: 'k' });
    await client.outputOf('k');
    const tail = client.received.slice(before);
    const others = [
      await client.call('process/terminate', { processId: 'k' }),
      await client.call('process/terminate', { processId: 'none' }),
    ];
    await client.close();
    expect({ first, others, tail }).toEqual({
      first: { result: { running: true } },
      others: [{ result: { running: false } }, { result: { running: false } }],
      tail: [
        { id: expect.any(Number), result: { running: true } },
        {
          method: 'process/exited',
          params: { processId: 'k', seq: 2, exitCode: 137, sandboxDenied: false },
        },
        { method: 'process/closed', params: { processId: 'k', seq: 3 } },
      ],
    });
  });

  it('takes the children with it', async () => {
    const { client } = await openClient();
    await client.request('process/start', startParams('k', 'sleep 1000 & echo $!; wait'));
    const first = await client.next(({ method }) => method === 'process/output');
    const pid = Number(Buffer.from(paramsOf(first).chunk ?? '', 'base64').toString());
    const before = isRunning(pid);
    await client.call('process/terminate', { processId: 'k' });
    await client.outputOf('k');
    await until(() => !isRunning(pid), 'the child is gone');
    await client.close();
    expect(before).toBe(true);
  });
});
