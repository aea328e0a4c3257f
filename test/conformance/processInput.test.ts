import { base64, ok, refused } from './harness/agent';
import type { OpenAgent } from './harness/conformance';
import { conformance } from './harness/conformance';
import { differs, wording } from './harness/difference';
import { makeGates } from './harness/gate';

const accepted = ok({ status: 'accepted' });

const write = (processId: string, text: string, writeId: string) => ({
  processId,
  chunk: base64(text),
  writeId,
});

/** Writes nothing many times, each with an id of its own; a few at once, because the peer gets stuck with more. */
async function acceptEmpty(agent: OpenAgent, prefix: string, count: number): Promise<void> {
  const ids = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  while (ids.length > 0) {
    const some = ids.splice(0, 32);
    await Promise.all(some.map((id) => agent.result('process/write', write('p', '', id))));
  }
}

conformance('process/write', (scenario) => {
  scenario('what is written reaches the program', async (stage) => {
    const agent = await stage.open();
    await agent.result(
      'process/start',
      stage.shell('p', 'read x; echo "got $x"', { pipeStdin: true }),
    );
    await agent.asks('process/write', write('p', 'abc\n', 'w1'), accepted);
    agent.sees((await agent.lifeOf('p')).facts, { stdout: 'got abc\n', exitCode: 0 });
  });

  scenario('a write id counts once for each process, whatever it carries', async (stage) => {
    const agent = await stage.open();
    for (const id of ['p', 'q']) {
      await agent.result('process/start', stage.shell(id, 'cat', { pipeStdin: true }));
    }
    await agent.talks([
      ['process/write', write('p', 'one ', 'w1'), accepted],
      ['process/write', write('p', 'one ', 'w1'), accepted],
      ['process/write', write('p', 'other ', 'w1'), accepted],
      ['process/write', write('q', 'mine ', 'w1'), accepted],
      ['process/write', write('p', '', 'w2'), accepted],
      ['process/write', write('p', 'end', 'w3'), accepted],
    ]);
    await agent.hearsText('p', 'end');
    await agent.hearsText('q', 'mine');
    for (const processId of ['p', 'q']) await agent.call('process/terminate', { processId });
    const stdout = [(await agent.lifeOf('p')).facts, (await agent.lifeOf('q')).facts];
    agent.sees(stdout, [
      { stdout: 'one end', exitCode: 137 },
      { stdout: 'mine ', exitCode: 137 },
    ]);
  });

  scenario('a write id is forgotten after 4096 others', async (stage) => {
    const agent = await stage.open();
    await agent.result('process/start', stage.shell('p', 'cat', { pipeStdin: true }));
    await agent.result('process/write', write('p', 'first ', 'first'));
    await acceptEmpty(agent, 'a', 4095);
    await agent.result('process/write', write('p', 'repeated ', 'first'));
    await agent.result('process/write', write('p', '', 'one more'));
    await agent.result('process/write', write('p', 'again ', 'first'));
    await agent.result('process/write', write('p', 'end', 'end'));
    await agent.hearsText('p', 'end');
    await agent.call('process/terminate', { processId: 'p' });
    agent.sees((await agent.lifeOf('p')).facts, { stdout: 'first again end', exitCode: 137 });
  });

  scenario('parameters are checked before the process is looked for', async (stage) => {
    const agent = await stage.open();
    await agent.talks([
      ['process/write', write('p', 'x', ''), refused(-32602, 'writeId must not be empty')],
      [
        'process/write',
        { processId: 'p', chunk: '!!!', writeId: 'w' },
        refused(-32602, wording('chunk is not valid base64', 'Invalid symbol 33, offset 0.')),
      ],
      ['process/write', { processId: 'p', writeId: 'w' }, refused(-32602, 'missing field `chunk`')],
      [
        'process/write',
        { processId: 'p', chunk: '' },
        differs({
          ours: ok({ status: 'unknownProcess' }),
          peer: refused(-32602, 'missing field `writeId`'),
          because: 'early clients send none, and this server serves them too',
        }),
      ],
    ]);
  });

  scenario('where nothing can be written, the status says so', async (stage) => {
    const agent = await stage.open();
    await agent.result('process/start', stage.shell('p', 'read x; echo "rc=$?"'));
    await agent.talks([
      ['process/write', write('p', 'x', 'w1'), ok({ status: 'stdinClosed' })],
      ['process/write', write('nope', 'x', 'w1'), ok({ status: 'unknownProcess' })],
    ]);
    // Standard input without a pipe is empty.
    agent.sees((await agent.lifeOf('p')).facts, { stdout: 'rc=1\n', exitCode: 0 });
  });

  scenario('accepted does not mean delivered: nobody need be left to read', async (stage) => {
    const agent = await stage.open();
    await agent.result('process/start', stage.shell('p', 'exit 5', { pipeStdin: true }));
    await agent.lifeOf('p');
    await agent.asks('process/write', write('p', 'abc\n', 'w1'), accepted);
  });

  scenario('accepted also where the program has closed its standard input', async (stage) => {
    const agent = await stage.open();
    await agent.result(
      'process/start',
      stage.shell('p', 'exec 0<&-; echo shut; sleep 1000', { pipeStdin: true }),
    );
    await agent.hearsText('p', 'shut');
    for (const id of ['w1', 'w2', 'w3']) {
      await agent.asks('process/write', write('p', 'abc\n', id), accepted);
    }
    await agent.call('process/terminate', { processId: 'p' });
  });

  scenario(
    'a write to a program that does not read waits, and goes on when it reads',
    async (stage) => {
      const agent = await stage.open();
      const gates = await makeGates(stage, 'read');
      const total = 12 * 1024 * 1024;
      const script = `read go < read; head -c ${total} | wc -c`;
      await agent.result('process/start', stage.shell('p', script, { pipeStdin: true }));
      const chunk = Buffer.alloc(64 * 1024, 'x').toString('base64');
      let answered = 0;
      const writes = Array.from({ length: total / (64 * 1024) }, async (_, index) => {
        const reply = await agent.call('process/write', {
          processId: 'p',
          chunk,
          writeId: `w${index}`,
        });
        answered += 1;
        return reply;
      });
      const other = await stage.open();
      await other.asks('environment/status', {}, ok({ status: 'ready' }));
      const before = answered;
      await gates.open('read');
      const replies = await Promise.all(writes);
      agent.sees(
        {
          before: before < writes.length,
          replies: new Set(replies.map((reply) => JSON.stringify(reply))).size,
        },
        { before: true, replies: 1 },
      );
      agent.sees((await agent.lifeOf('p')).facts, { stdout: `${total}\n`, exitCode: 0 });
    },
  );

  scenario('input of a terminal is echoed and edited by it', async (stage) => {
    const agent = await stage.open();
    await agent.result('process/start', stage.shell('p', 'echo rdy; cat', { tty: true }));
    await agent.hearsText('p', 'rdy\r\n');
    await agent.asks('process/write', write('p', 'hello\n', 'w1'), accepted);
    await agent.hearsText('p', 'hello\r\nhello\r\n');
    // The end of input of a terminal is a character.
    await agent.asks('process/write', write('p', '\u0004', 'w2'), accepted);
    agent.sees((await agent.lifeOf('p')).facts, {
      pty: 'rdy\r\nhello\r\nhello\r\n',
      exitCode: 0,
    });
  });

  scenario('the end of input of a pipe', async (stage) => {
    const agent = await stage.open();
    await agent.result('process/start', stage.shell('p', 'cat', { pipeStdin: true }));
    await agent.asks('process/write', write('p', 'all', 'w1'), accepted);
    await agent.asks(
      'process/closeStdin',
      { processId: 'p' },
      differs({
        ours: accepted,
        peer: refused(-32601, 'exec-server stub does not implement `process/closeStdin` yet'),
        because: 'a program that reads to the end could not be fed otherwise',
      }),
    );
    await agent.hearsText('p', 'all');
    await agent.call('process/terminate', { processId: 'p' });
    await agent.lifeOf('p');
  });
});
