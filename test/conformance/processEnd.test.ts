import { isAlive, until } from '../support/processFixtures';
import { ok, refused } from './harness/agent';
import { conformance } from './harness/conformance';
import { differs } from './harness/difference';
import { leftBehind } from './harness/leftBehind';

const FOREVER = 'while :; do sleep 0.05; done';

conformance('process/signal', (scenario) => {
  scenario('interrupt reaches the whole group, traps run', async (stage) => {
    const agent = await stage.open();
    const script = `trap "echo INT; exit 7" INT; echo rdy; ${FOREVER}`;
    await agent.result('process/start', stage.shell('p', script));
    await agent.hearsText('p', 'rdy');
    await agent.asks('process/signal', { processId: 'p', signal: 'interrupt' }, ok({}));
    agent.sees((await agent.lifeOf('p')).facts, { stdout: 'rdy\nINT\n', exitCode: 7 });
  });

  scenario('a program that does not expect it dies of it', async (stage) => {
    const agent = await stage.open();
    await agent.result('process/start', stage.shell('p', 'echo rdy; exec sleep 1000'));
    await agent.hearsText('p', 'rdy');
    await agent.asks('process/signal', { processId: 'p', signal: 'interrupt' }, ok({}));
    agent.sees((await agent.lifeOf('p')).exitCode, 130);
  });

  scenario('in a terminal too, and without the ^C of a keyboard', async (stage) => {
    const agent = await stage.open();
    const script = `trap "echo INT; exit 9" INT; echo rdy; ${FOREVER}`;
    await agent.result('process/start', stage.shell('p', script, { tty: true }));
    await agent.hearsText('p', 'rdy\r\n');
    await agent.asks('process/signal', { processId: 'p', signal: 'interrupt' }, ok({}));
    agent.sees((await agent.lifeOf('p')).facts, { pty: 'rdy\r\nINT\r\n', exitCode: 9 });
  });

  scenario('nobody to signal is no error', async (stage) => {
    const agent = await stage.open();
    await agent.runs(stage.shell('p', 'true'));
    await agent.talks([
      ['process/signal', { processId: 'p', signal: 'interrupt' }, ok({})],
      ['process/signal', { processId: 'nope', signal: 'interrupt' }, ok({})],
      ['process/signal', { processId: 'p' }, refused(-32602, 'missing field `signal`')],
    ]);
  });

  scenario('signals beyond interrupt', async (stage) => {
    const agent = await stage.open();
    await agent.result('process/start', stage.shell('p', 'echo rdy; exec sleep 1000'));
    await agent.hearsText('p', 'rdy');
    await agent.asks(
      'process/signal',
      { processId: 'p', signal: 'terminate' },
      differs({
        ours: ok({}),
        peer: refused(-32602, 'unknown variant `terminate`, expected `interrupt`'),
        because: 'a polite end is worth having beside the forced one of process/terminate',
      }),
    );
    await agent.call('process/terminate', { processId: 'p' });
    await agent.lifeOf('p');
  });
});

conformance('process/terminate', (scenario) => {
  scenario('kills at once: no trap runs', async (stage) => {
    const agent = await stage.open();
    const script = `trap "echo TERM; exit 5" TERM; trap "echo HUP; exit 6" HUP; echo rdy; ${FOREVER}`;
    await agent.result('process/start', stage.shell('p', script));
    await agent.hearsText('p', 'rdy');
    await agent.asks('process/terminate', { processId: 'p' }, ok({ running: true }));
    agent.sees((await agent.lifeOf('p')).facts, { stdout: 'rdy\n', exitCode: 137 });
    await agent.asks('process/terminate', { processId: 'p' }, ok({ running: false }));
  });

  scenario.on(
    'ours',
    'of the peer one task answers while another tells of the exit',
    'the answer comes before the exit',
    async (stage) => {
      const agent = await stage.open();
      await agent.result('process/start', stage.shell('p', 'echo rdy; exec sleep 1000'));
      await agent.hearsText('p', 'rdy');
      await agent.asks('process/terminate', { processId: 'p' }, ok({ running: true }));
      await agent.lifeOf('p');
      const answer = agent.wire.received.findIndex(({ result }) => isRunning(result));
      const exit = agent.wire.received.findIndex(({ method }) => method === 'process/exited');
      agent.sees(answer < exit, true);
    },
  );

  scenario('a program in a terminal', async (stage) => {
    const agent = await stage.open();
    await agent.result('process/start', stage.shell('p', 'echo rdy; sleep 1000', { tty: true }));
    await agent.hearsText('p', 'rdy\r\n');
    await agent.asks('process/terminate', { processId: 'p' }, ok({ running: true }));
    agent.sees((await agent.lifeOf('p')).facts, {
      pty: 'rdy\r\n',
      exitCode: differs({
        ours: 137,
        peer: 1,
        because: 'an exit code that tells a crash from a failure is worth more than the peer’s 1',
      }),
    });
  });

  scenario('nothing that runs is said, not refused', async (stage) => {
    const agent = await stage.open();
    await agent.runs(stage.shell('p', 'true'));
    await agent.talks([
      ['process/terminate', { processId: 'p' }, ok({ running: false })],
      ['process/terminate', { processId: 'nope' }, ok({ running: false })],
    ]);
  });

  scenario(
    'children die with their parent, one with a session of its own as well or not',
    async (stage) => {
      const agent = await stage.open();
      // The second tells of itself, because until it runs it may not have its session yet.
      const script =
        "sleep 1000 & echo group $!; setsid bash -c 'echo own $$; exec sleep 1000' & wait";
      await agent.result('process/start', stage.shell('p', script));
      await agent.hearsText('p', 'group ');
      const own = leftBehind(await agent.hearsText('p', 'own '), 'own');
      const group = leftBehind(await agent.hearsText('p', 'group '), 'group');
      await agent.asks('process/terminate', { processId: 'p' }, ok({ running: true }));
      await until(() => !isAlive(group), 'the child is gone');
      if (stage.side === 'ours')
        await until(() => !isAlive(own), 'the child in its session is gone');
      agent.sees(
        isAlive(own),
        differs({
          ours: false,
          peer: true,
          because: 'what an agent ends must be gone as a whole, as far as it can be found',
        }),
      );
      if (isAlive(own)) process.kill(own, 'SIGKILL');
      await agent.lifeOf('p');
    },
  );

  scenario('after the exit it does nothing to what was left behind', async (stage) => {
    const agent = await stage.open();
    const script = 'sleep 1000 & echo bg $!; read go; exit 4';
    await agent.result('process/start', stage.shell('p', script, { pipeStdin: true }));
    const pid = leftBehind(await agent.hearsText('p', 'bg '), 'bg');
    await agent.tells('p', 'go\n');
    await agent.hears('p', 'process/exited');
    await agent.asks('process/terminate', { processId: 'p' }, ok({ running: false }));
    agent.sees(isAlive(pid), true);
    process.kill(pid, 'SIGKILL');
    agent.sees((await agent.lifeOf('p')).order, ['output', 'exited', 'closed']);
  });
});

conformance('process/resize', (scenario) => {
  scenario('a terminal has 24 rows and 80 columns until a client says otherwise', async (stage) => {
    const agent = await stage.open();
    agent.sees((await agent.runs(stage.shell('p', 'stty size', { tty: true }))).facts, {
      pty: '24 80\r\n',
      exitCode: 0,
    });
    const sized = await agent.runs(
      stage.shell('q', 'stty size', { tty: true, rows: 10, cols: 20 }),
    );
    agent.sees(
      sized.bytes('pty').toString(),
      differs({
        ours: '10 20\r\n',
        peer: '24 80\r\n',
        because: 'a terminal that is looked at has the size of what shows it',
      }),
    );
  });

  scenario('a terminal can be resized while it is in use', async (stage) => {
    const agent = await stage.open();
    await agent.result(
      'process/start',
      stage.shell('p', 'echo rdy; read x; stty size', { tty: true }),
    );
    await agent.hearsText('p', 'rdy');
    await agent.asks(
      'process/resize',
      { processId: 'p', rows: 5, cols: 33 },
      differs({
        ours: ok({}),
        peer: refused(-32601, 'exec-server stub does not implement `process/resize` yet'),
        because: 'a terminal that is looked at has the size of what shows it',
      }),
    );
    await agent.call('process/terminate', { processId: 'p' });
    await agent.lifeOf('p');
  });
});

function isRunning(result: unknown): boolean {
  return (result as { running?: boolean } | undefined)?.running === true;
}
