import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, printedPids, until } from '../support/processFixtures';
import { PATIENCE_MS, base64, ok, refused } from './harness/agent';
import type { Agent } from './harness/agent';
import { conformance } from './harness/conformance';
import type { OpenAgent, Stage } from './harness/conformance';
import { makeGates } from './harness/gate';
import { resume } from './harness/resume';
import type { RunningServer } from './harness/server';

interface ReadResult {
  readonly chunks: readonly { readonly seq: number; readonly chunk: string }[];
  readonly nextSeq: number;
}

/** The pid a shell has printed with `echo pid $$`. */
async function printedPid(agent: OpenAgent, processId: string): Promise<number> {
  const [pid] = printedPids(await agent.hearsText(processId, '\n'), 'pid');
  if (pid === undefined) throw new Error('The shell printed no pid');
  return pid;
}

/** What a connection was told of a program `p`, in the order of the numbers. */
function told({ wire }: Agent): [method: string, seq: number][] {
  return wire
    .eventsOf('p')
    .map(({ method, params }): [string, number] => [method, params.seq])
    .sort(([, a], [, b]) => a - b);
}

/** Loses the connection of a program `p`, lets it run to its end, and resumes its session. */
async function outlive(stage: Stage, script: string): Promise<Agent> {
  const first = await stage.open();
  const gates = await makeGates(stage, 'end');
  await first.result('process/start', stage.shell('p', `echo pid $$; read go < end; ${script}`));
  const pid = await printedPid(first, 'p');
  first.wire.cut();
  await gates.open('end');
  await until(() => !isAlive(pid), 'the program is gone');
  const second = await resume(stage, first);
  second.wire.notify('initialized');
  return second;
}

conformance('sessions', (scenario) => {
  scenario('every connection that names no session gets its own', async (stage) => {
    const [a, b] = [await stage.open(), await stage.open()];
    a.sees(a.sessionId === b.sessionId, false);
    await a.result('process/start', stage.shell('p', 'read x', { pipeStdin: true }));
    await b.talks([
      ['process/read', { processId: 'p' }, refused(-32600, 'unknown process id p')],
      ['process/terminate', { processId: 'p' }, ok({ running: false })],
      ['process/start', stage.shell('p', 'true'), ok({ processId: 'p', sandboxType: 'none' })],
    ]);
    await a.asks('process/terminate', { processId: 'p' }, ok({ running: true }));
  });

  scenario('a session nobody knows cannot be resumed', async (stage) => {
    const agent = await stage.connect();
    for (const id of ['nope', '', '00000000-0000-0000-0000-000000000000']) {
      await agent.asks(
        'initialize',
        { clientName: 'x', resumeSessionId: id },
        refused(-32600, `unknown session id ${id}`),
      );
    }
  });

  scenario('a session whose connection is alive is not taken over', async (stage) => {
    const holder = await stage.open();
    const other = await stage.connect();
    await other.asks(
      'initialize',
      { clientName: 'x', resumeSessionId: holder.sessionId },
      refused(-32010, `session ${holder.sessionId} is already attached to another connection`),
    );
    await holder.asks('environment/status', {}, ok({ status: 'ready' }));
  });

  scenario('a resumed session has its processes, and needs initialized again', async (stage) => {
    const first = await stage.open();
    await first.result('process/start', stage.shell('p', 'cat; exit 6', { pipeStdin: true }));
    await first.runsInOrder(stage.shell('q', 'echo quick; read go; exit 1'), 'quick');
    const second = await resume(stage, first);
    await second.asks(
      'process/read',
      { processId: 'p' },
      refused(-32600, 'client must send initialized before using exec methods'),
    );
    second.wire.notify('initialized');
    await second.talks([
      [
        'process/read',
        { processId: 'q' },
        ok({
          chunks: [{ seq: 1, stream: 'stdout', chunk: base64('quick\n') }],
          nextSeq: 4,
          exited: true,
          exitCode: 1,
          closed: true,
          failure: null,
          sandboxDenied: false,
        }),
      ],
      ['process/start', stage.shell('p', 'true'), refused(-32600, 'process p already exists')],
      ['process/start', stage.shell('q', 'true'), refused(-32600, 'process q already exists')],
      ['process/terminate', { processId: 'p' }, ok({ running: true })],
    ]);
    await second.hears('p', 'process/closed');
  });

  scenario('output produced meanwhile is read, not notified; later output is', async (stage) => {
    const first = await stage.open();
    const gates = await makeGates(stage, 'lost', 'resumed', 'end');
    const script =
      'echo before; read go < lost; echo meanwhile; touch done; read go < resumed; echo after; read go < end';
    await first.result('process/start', stage.shell('p', script));
    await first.hearsText('p', 'before');
    first.wire.cut();
    await gates.open('lost');
    await until(() => existsSync(join(stage.folder, 'done')), 'the program has written');
    const second = await resume(stage, first);
    second.wire.notify('initialized');
    // What was written may still be on its way from the program.
    const { chunks, nextSeq } = await second.result<ReadResult>('process/read', {
      processId: 'p',
      afterSeq: 1,
      waitMs: PATIENCE_MS,
    });
    second.sees(
      { text: chunks.map(({ chunk }) => Buffer.from(chunk, 'base64').toString()), nextSeq },
      { text: ['meanwhile\n'], nextSeq: 3 },
    );
    await gates.open('resumed');
    await second.hearsText('p', 'after');
    // Nothing more is on its way now, so a third connection is told of the end alone.
    const third = await resume(stage, { wire: second.wire, sessionId: first.sessionId });
    third.wire.notify('initialized');
    await gates.open('end');
    await third.wire.next(() => third.wire.eventsOf('p').length === 2);
    third.sees(told(third), [
      ['process/exited', 4],
      ['process/closed', 5],
    ]);
    // At the peer what the program had just written may have been caught up by the resume.
    const overtaken = stage.side === 'peer' ? 2 : 0;
    second.sees(
      told(second).filter(([, seq]) => seq !== overtaken),
      [['process/output', 3]],
    );
  });

  scenario('a program may end while nobody is attached', async (stage) => {
    const second = await outlive(stage, 'exit 9');
    const { exited, exitCode } = await second.result<{ exited: boolean; exitCode: number }>(
      'process/read',
      { processId: 'p', afterSeq: 1, waitMs: PATIENCE_MS },
    );
    second.sees({ exited, exitCode }, { exited: true, exitCode: 9 });
  });

  scenario(
    'a flood while nobody is attached runs through, the newest mebibyte stays',
    async (stage) => {
      const second = await outlive(stage, 'head -c 20000000 /dev/zero; echo end');
      await second.result('process/read', {
        processId: 'p',
        afterSeq: 1e9,
        waitMs: PATIENCE_MS,
      });
      const { chunks } = await second.result<ReadResult>('process/read', { processId: 'p' });
      const kept = Buffer.concat(chunks.map(({ chunk }) => Buffer.from(chunk, 'base64')));
      second.sees(
        {
          isWithin: kept.length <= 1_048_576,
          isNearlyAll: kept.length > 900_000,
          end: kept.subarray(-4).toString(),
        },
        { isWithin: true, isNearlyAll: true, end: 'end\n' },
      );
    },
  );

  scenario(
    'a read that waited on the lost connection does not hold the resume up',
    async (stage) => {
      const first = await stage.open();
      await first.result('process/start', stage.shell('p', 'read x', { pipeStdin: true }));
      const outcome = first.call('process/read', { processId: 'p', waitMs: 60_000 }).then(
        () => 'answered',
        () => 'never answered',
      );
      const second = await resume(stage, first);
      second.wire.notify('initialized');
      await second.asks('process/terminate', { processId: 'p' }, ok({ running: true }));
      await second.hears('p', 'process/closed');
      second.sees(await outcome, 'never answered');
    },
  );

  scenario('of two that resume at once one wins', async (stage) => {
    const first = await stage.open();
    // Resumed and lost once, so that the server knows of the loss when the race begins.
    const settled = await resume(stage, first);
    settled.wire.cut();
    let codes: (number | undefined)[] = [-32010, -32010];
    while (codes.every((code) => code === -32010)) {
      const rivals = [await stage.connect(), await stage.connect()];
      const params = { clientName: 'x', resumeSessionId: first.sessionId };
      const replies = await Promise.all(rivals.map((rival) => rival.call('initialize', params)));
      codes = replies.map((reply) => ('error' in reply ? reply.error.code : undefined));
    }
    settled.sees(
      codes.sort((a, b) => Number(a === undefined) - Number(b === undefined)),
      [-32010, undefined],
    );
  });

  scenario('a write that is repeated after a resume is not doubled', async (stage) => {
    const first = await stage.open();
    await first.result('process/start', stage.shell('p', 'cat', { pipeStdin: true }));
    const params = { processId: 'p', chunk: base64('once\n'), writeId: '1' };
    await first.asks('process/write', params, ok({ status: 'accepted' }));
    await first.hearsText('p', 'once');
    const second = await resume(stage, first);
    second.wire.notify('initialized');
    await second.talks([
      ['process/write', params, ok({ status: 'accepted' })],
      [
        'process/write',
        { processId: 'p', chunk: base64('end\n'), writeId: '2' },
        ok({ status: 'accepted' }),
      ],
    ]);
    await second.hearsText('p', 'end');
    const { chunks } = await second.result<ReadResult>('process/read', { processId: 'p' });
    const text = chunks.map(({ chunk }) => Buffer.from(chunk, 'base64').toString()).join('');
    second.sees(text, 'once\nend\n');
    await second.call('process/terminate', { processId: 'p' });
    await second.hears('p', 'process/closed');
  });

  scenario('a polite goodbye detaches like a lost connection', async (stage) => {
    const first = await stage.open();
    await first.result('process/start', stage.shell('p', 'read x', { pipeStdin: true }));
    first.wire.sendClose(1000, 'bye');
    await first.wire.closed;
    const second = await resume(stage, first);
    second.wire.notify('initialized');
    await second.asks('process/terminate', { processId: 'p' }, ok({ running: true }));
  });

  scenario.on(
    'ours',
    'the peer keeps a detached session for 80 s and has no option for it',
    'a session that nobody resumes in time is gone with its processes',
    async (stage) => {
      const server = await stage.start({ ownArgs: { ours: ['--detached-session-ttl', '0.2'] } });
      const first = await stage.open({ server });
      const script = 'trap "" TERM HUP INT; echo pid $$; while :; do sleep 0.05; done';
      await first.result('process/start', stage.shell('p', script));
      const pid = await printedPid(first, 'p');
      first.wire.cut();
      await until(() => !isAlive(pid), 'the program is gone');
      await refusesResume(stage, server, first.sessionId);
    },
  );
});

conformance('the end of a server', (scenario) => {
  scenario('SIGTERM ends it, its connections and its programs, with status 0', async (stage) => {
    const server = await stage.start({});
    const agent = await stage.open({ server });
    await agent.result(
      'process/start',
      stage.shell('p', 'echo pid $$; while :; do sleep 0.05; done'),
    );
    const pid = await printedPid(agent, 'p');
    const { code, stdout } = await server.stop();
    await agent.wire.closed;
    await until(() => !isAlive(pid), 'the program is gone');
    agent.sees({ code, stdout }, { code: 0, stdout: `${server.url}\n` });
  });
});

async function refusesResume(stage: Stage, server: RunningServer, id: string): Promise<void> {
  const agent = await stage.connect({ url: server.url });
  await agent.asks(
    'initialize',
    { clientName: 'x', resumeSessionId: id },
    refused(-32600, `unknown session id ${id}`),
  );
}
