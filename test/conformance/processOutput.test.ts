import { isAlive, until } from '../support/processFixtures';
import { paramsOf } from '../support/wireClient';
import type { WireMessage } from '../support/wireClient';
import { PATIENCE_MS, base64, ok } from './harness/agent';
import { conformance } from './harness/conformance';
import { differs } from './harness/difference';
import { makeGates } from './harness/gate';
import { leftBehind } from './harness/leftBehind';

conformance('output of programs', (scenario) => {
  scenario('stdout and stderr are streams of their own', async (stage) => {
    const agent = await stage.open();
    const life = await agent.runs(stage.shell('p', 'echo out; echo err >&2; exit 3'));
    agent.sees(life.facts, { stdout: 'out\n', stderr: 'err\n', exitCode: 3 });
  });

  scenario('a notification has these members and no others', async (stage) => {
    const agent = await stage.open();
    await agent.runsInOrder(stage.shell('p', 'echo hi; read go; exit 1'), 'hi');
    const isAboutIt = (message: WireMessage): boolean => 'method' in message;
    agent.sees(
      // The numbers are in order; of the peer the last two may change places on their way.
      agent.wire.received.filter(isAboutIt).sort((a, b) => paramsOf(a).seq - paramsOf(b).seq),
      [
        {
          method: 'process/output',
          params: { processId: 'p', seq: 1, stream: 'stdout', chunk: base64('hi\n') },
        },
        {
          method: 'process/exited',
          params: { processId: 'p', seq: 2, exitCode: 1, sandboxDenied: false },
        },
        { method: 'process/closed', params: { processId: 'p', seq: 3 } },
      ],
    );
  });

  scenario('a program that says nothing exits and closes', async (stage) => {
    const agent = await stage.open();
    const life = await agent.runs(stage.shell('p', 'true'));
    agent.sees({ ...life.facts, order: life.order }, { exitCode: 0, order: ['exited', 'closed'] });
  });

  scenario('bytes arrive as they were written, whatever they mean', async (stage) => {
    const agent = await stage.open();
    const script = String.raw`printf '\303'; sleep 0.05; printf '\251\000\377\n'`;
    const life = await agent.runs(stage.shell('p', script));
    agent.sees(life.bytes('stdout').toString('hex'), 'c3a900ff0a');
  });

  scenario('a flood arrives complete and in order', async (stage) => {
    const agent = await stage.open();
    const life = await agent.runs(stage.shell('p', 'seq 1 400000'));
    const text = life.bytes('stdout').toString();
    const expected = Array.from({ length: 400_000 }, (_, index) => `${index + 1}\n`).join('');
    agent.sees(
      { complete: text === expected, exitCode: life.exitCode },
      { complete: true, exitCode: 0 },
    );
    if (stage.side === 'ours') agent.sees(life.cameInOrder, true);
  });

  scenario('a client that stops reading stops the program, and loses nothing', async (stage) => {
    const agent = await stage.open();
    const bytes = 30_000_000;
    await agent.result(
      'process/start',
      stage.shell('p', `head -c ${bytes} /dev/zero; echo end >> done`),
    );
    agent.wire.setPaused(true);
    // Another client of the same server is not held up by the first.
    const other = await stage.open();
    agent.sees((await other.runs(stage.shell('q', 'test -e done; echo $?'))).facts, {
      stdout: '1\n',
      exitCode: 0,
    });
    agent.wire.setPaused(false);
    const life = await agent.lifeOf('p');
    agent.sees(life.bytes('stdout').length, bytes);
  });

  scenario(
    'a grandchild that holds the pipe writes after the exit and delays the close',
    async (stage) => {
      const agent = await stage.open();
      const script = '(read go < late; echo late) & echo main; read go; exit 4';
      const gates = await makeGates(stage, 'late');
      await agent.result('process/start', stage.shell('p', script, { pipeStdin: true }));
      await agent.hearsText('p', 'main');
      await agent.tells('p', 'go\n');
      await agent.hears('p', 'process/exited');
      await agent.hearsText('p', 'main');
      await gates.open('late');
      const life = await agent.lifeOf('p');
      agent.sees(
        { ...life.facts, order: life.order },
        { stdout: 'main\nlate\n', exitCode: 4, order: ['output', 'exited', 'output', 'closed'] },
      );
    },
  );

  scenario('a background program that holds the terminal', async (stage) => {
    const agent = await stage.open();
    // The end of a terminal's session hangs up whoever does not ignore it.
    const script = 'trap "" HUP; sleep 1000 & echo bg $!; read go; exit 4';
    await agent.result('process/start', stage.shell('p', script, { tty: true }));
    const pid = leftBehind(await agent.hearsText('p', '\r\n'), 'bg');
    await agent.tells('p', 'go\n');
    await agent.hears('p', 'process/exited');
    const { closed } = await agent.result<{ closed: boolean }>('process/read', {
      processId: 'p',
      // Beyond everything, so that only the close ends the wait; at the peer nothing does.
      afterSeq: 1e9,
      waitMs: stage.side === 'ours' ? PATIENCE_MS : 200,
    });
    agent.sees(
      closed,
      differs({
        ours: true,
        peer: false,
        because:
          'a terminal is gone with its program; a daemon that keeps it open may live for ever',
      }),
    );
    agent.sees(isAlive(pid), true);
    process.kill(pid, 'SIGKILL');
    await until(() => !isAlive(pid), 'the background program is gone');
    agent.sees((await agent.lifeOf('p')).exitCode, 4);
  });

  scenario(
    'the exit of a program is a number, that of a signal 128 and its number',
    async (stage) => {
      const agent = await stage.open();
      const codes = async (tty: boolean): Promise<Record<string, number | undefined>> => {
        const found: Record<string, number | undefined> = {};
        for (const script of [
          'exit 255',
          'exit 300',
          'kill -TERM $$',
          'kill -KILL $$',
          'kill -HUP $$',
        ]) {
          const id = `${script} ${String(tty)}`;
          found[script] = (await agent.runs(stage.shell(id, script, { tty }))).exitCode;
        }
        return found;
      };
      const ordinary = { 'exit 255': 255, 'exit 300': 44 };
      const signals = { 'kill -TERM $$': 143, 'kill -KILL $$': 137, 'kill -HUP $$': 129 };
      agent.sees(await codes(false), { ...ordinary, ...signals });
      agent.sees(
        await codes(true),
        differs({
          ours: { ...ordinary, ...signals },
          peer: { ...ordinary, 'kill -TERM $$': 1, 'kill -KILL $$': 1, 'kill -HUP $$': 1 },
          because: 'an exit code that tells a crash from a failure is worth more than the peer’s 1',
        }),
      );
    },
  );

  scenario(
    'notifications of several programs interleave, each numbered by itself',
    async (stage) => {
      const agent = await stage.open();
      const ids = ['a', 'b', 'c', 'd'];
      for (const id of ids) {
        const script = `for i in 1 2 3 4 5; do echo ${id}$i; done`;
        await agent.asks(
          'process/start',
          stage.shell(id, script),
          ok({ processId: id, sandboxType: 'none' }),
        );
      }
      for (const id of ids) {
        const stdout = [1, 2, 3, 4, 5].map((number) => `${id}${number}\n`).join('');
        agent.sees((await agent.lifeOf(id)).facts, { stdout, exitCode: 0 });
      }
    },
  );
});
