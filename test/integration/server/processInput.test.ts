import { describe, expect, it } from 'vitest';
import {
  base64,
  refused,
  openClient,
  run,
  ended,
  printed,
  write,
  status,
} from '../../support/processCalls';
import { startParams } from '../../support/wireClient';
import { failOnLeaks } from '../../support/wireLeaks';

failOnLeaks();

describe('process/write', () => {
  it('writes every id once, whatever a repetition says', async () => {
    const { client } = await openClient();
    await client.request('process/start', startParams('s', 'cat', { pipeStdin: true }));
    const answers = [
      await write(client, 's', 'abc\n', 'w1'),
      await write(client, 's', 'abc\n', 'w1'),
      await write(client, 's', 'XYZ\n', 'w1'),
      await write(client, 's', '', 'w3'),
      await write(client, 's', 'z', 'w4'),
      await client.call('process/write', { processId: 's', chunk: base64('no id') }),
    ];
    const refusals = [
      await write(client, 's', 'x', ''),
      await client.call('process/write', { processId: 's', chunk: '!!!', writeId: 'w5' }),
      await write(client, 's', 'x', 'y'.repeat(257)),
    ];
    const eof = await client.call('process/closeStdin', { processId: 's' });
    const output = (await client.outputOf('s')).toString();
    await client.close();
    expect({ answers, refusals, eof, output }).toEqual({
      answers: Array(6).fill(status('accepted')),
      refusals: [
        refused(-32602, 'writeId must not be empty'),
        refused(-32602, 'chunk is not valid base64'),
        refused(-32602, 'writeId is longer than 256 bytes'),
      ],
      eof: status('accepted'),
      output: 'abc\nzno id',
    });
  });

  it('forgets an id when 4096 others followed', async () => {
    const { client } = await openClient();
    await client.request('process/start', startParams('s', 'cat', { pipeStdin: true }));
    for (let index = 0; index < 4097; index += 1) {
      client.sendRaw(
        JSON.stringify({
          id: `w${index}`,
          method: 'process/write',
          params: { processId: 's', chunk: base64(`${index}\n`), writeId: `w${index}` },
        }),
      );
    }
    await client.next(({ id }) => id === 'w4096');
    await write(client, 's', 'kept\n', 'w1');
    await write(client, 's', 'forgotten\n', 'w0');
    await client.call('process/closeStdin', { processId: 's' });
    const output = (await client.outputOf('s')).toString();
    await client.close();
    expect(output).toBe(
      `${Array.from({ length: 4097 }, (_, index) => `${index}\n`).join('')}forgotten\n`,
    );
  });

  it('tells what became of it, and is accepted although nobody reads any more', async () => {
    const { client } = await openClient();
    await client.request('process/start', startParams('plain', 'true'));
    await client.outputOf('plain');
    await client.request(
      'process/start',
      startParams('gone', 'exec 0<&-; echo end', { pipeStdin: true }),
    );
    await client.outputOf('gone');
    await client.request('process/start', startParams('shut', 'cat', { pipeStdin: true }));
    await client.call('process/closeStdin', { processId: 'shut' });
    await client.outputOf('shut');
    const answers = [
      await write(client, 'plain', 'x', 'w'),
      await write(client, 'gone', 'x', 'w'),
      await write(client, 'shut', 'x', 'w'),
      await write(client, 'none', 'x', 'w'),
      await client.call('process/closeStdin', { processId: 'plain' }),
      await client.call('process/closeStdin', { processId: 'none' }),
    ];
    await client.close();
    expect(answers).toEqual(
      [
        'stdinClosed',
        'accepted',
        'stdinClosed',
        'unknownProcess',
        'stdinClosed',
        'unknownProcess',
      ].map(status),
    );
  });

  it('is answered "starting" while a person has the keyboard, and the program gets nothing', async () => {
    const { client, server } = await openClient();
    await client.request('process/start', startParams('p', 'cat', { pipeStdin: true }));
    const [session] = server.executor.server.sessions.all;
    session?.process('p').setInputHolder('user');
    const meanwhile = [
      await write(client, 'p', 'agent\n', 'w1'),
      await client.call('process/closeStdin', { processId: 'p' }),
    ];
    session?.process('p').setInputHolder('agent');
    const after = await write(client, 'p', 'again\n', 'w1');
    await client.call('process/closeStdin', { processId: 'p' });
    const output = (await client.outputOf('p')).toString();
    await client.close();
    expect({ meanwhile, after, output }).toEqual({
      meanwhile: [status('starting'), status('starting')],
      after: status('accepted'),
      output: 'again\n',
    });
  });
});

describe('a terminal', () => {
  it('has 24 rows and 80 columns, or as many as asked, also later', async () => {
    const { client } = await openClient();
    const usual = await run(client, 't1', 'stty size; tty | cut -d/ -f1-3; echo err >&2', {
      tty: true,
    });
    const asked = await run(client, 't2', 'stty size', { tty: true, rows: 10, cols: 33 });
    await client.request(
      'process/start',
      startParams('t3', 'stty -echo; echo ready; read x; stty size', { tty: true }),
    );
    await printed(client, 't3', 'ready');
    const resized = await client.call('process/resize', { processId: 't3', rows: 50, cols: 132 });
    await write(client, 't3', '\n', 'w');
    await client.outputOf('t3');
    const late = await client.call('process/resize', { processId: 't3', rows: 1, cols: 1 });
    const wrong = [
      await client.call('process/resize', { processId: 't3', rows: 0, cols: 1 }),
      await client.call('process/resize', { processId: 'none', rows: 1, cols: 1 }),
    ];
    const last = ended(client, 't3');
    await client.close();
    expect({ usual, asked, resized, late, last, wrong }).toEqual({
      usual: { output: { pty: '24 80\r\n/dev/pts\r\nerr\r\n' }, exitCode: 0 },
      asked: { output: { pty: '10 33\r\n' }, exitCode: 0 },
      resized: { result: {} },
      late: { result: {} },
      last: { output: { pty: expect.stringMatching(/50 132\r\n$/) }, exitCode: 0 },
      wrong: [
        { error: { code: -32602, message: expect.any(String) } },
        refused(-32600, 'unknown process id none'),
      ],
    });
  });

  it('takes byte 3 as interrupt, byte 4 and closeStdin as end', async () => {
    const { client } = await openClient();
    await client.request(
      'process/start',
      startParams(
        'int',
        ['/bin/bash', '-c', 'trap "echo INT; exit 9" INT; echo rdy; while :; do read -t 1 x; done'],
        { tty: true },
      ),
    );
    await printed(client, 'int', 'rdy');
    await write(client, 'int', '\x03', 'w1');
    await client.outputOf('int');
    await client.request('process/start', startParams('eot', 'echo rdy; cat', { tty: true }));
    await printed(client, 'eot', 'rdy');
    await write(client, 'eot', '\x04', 'w1');
    await client.outputOf('eot');
    await client.request('process/start', startParams('close', 'echo rdy; cat', { tty: true }));
    await printed(client, 'close', 'rdy');
    await client.call('process/closeStdin', { processId: 'close' });
    await client.outputOf('close');
    const codes = ['int', 'eot', 'close'].map((id) => ended(client, id).exitCode);
    await client.close();
    expect(codes).toEqual([9, 0, 0]);
  });
});
