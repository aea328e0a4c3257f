import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ok, refused } from './harness/agent';
import { conformance } from './harness/conformance';
import type { Stage } from './harness/conformance';
import { differs, wording } from './harness/difference';

const absent = refused(-32603, 'No such file or directory (os error 2)');

/** What `process/start` answers; programs are not sandboxed unless asked to be. */
const started = (processId: string): unknown => ok({ processId, sandboxType: 'none' });

/** The least a start needs, with one member replaced or left out. */
function startWithout(stage: Stage, name: string): Readonly<Record<string, unknown>> {
  const params = stage.shell('p', 'true');
  return Object.fromEntries(Object.entries(params).filter(([key]) => key !== name));
}

conformance('process/start', (scenario) => {
  scenario('a program is started, writes, exits and closes', async (stage) => {
    const agent = await stage.open();
    const life = await agent.runsInOrder(stage.shell('p1', 'echo hi; read go; exit 3'), 'hi');
    agent.sees(
      { ...life.facts, order: life.order, sandboxDenied: life.sandboxDenied },
      { stdout: 'hi\n', exitCode: 3, order: ['output', 'exited', 'closed'], sandboxDenied: false },
    );
  });

  scenario.on(
    'ours',
    'the peer lets a notification overtake the answer when many start at once',
    'the answer comes before anything the program does',
    async (stage) => {
      const agent = await stage.open();
      const ids = Array.from({ length: 20 }, (_, index) => `p${index}`);
      await Promise.all(ids.map((id) => agent.call('process/start', stage.shell(id, 'echo x'))));
      await Promise.all(ids.map((id) => agent.lifeOf(id)));
      const { received } = agent.wire;
      const hasty = ids.filter((id) => {
        const answer = received.findIndex(({ result }) => isAbout(result, id));
        return received.findIndex(({ params }) => isAbout(params, id)) < answer;
      });
      agent.sees(hasty, []);
    },
  );

  scenario('every member but the optional ones is needed', async (stage) => {
    const agent = await stage.open();
    await agent.talks(
      ['processId', 'argv', 'cwd', 'env', 'tty'].map((name) => [
        'process/start',
        startWithout(stage, name),
        refused(-32602, `missing field \`${name}\``),
      ]),
    );
  });

  scenario('members of the wrong type are refused', async (stage) => {
    const agent = await stage.open();
    const wrong = (name: string, value: unknown, ours: string, peer: string) =>
      [
        'process/start',
        { ...stage.shell('p', 'true'), [name]: value },
        refused(-32602, ours === peer ? ours : wording(ours, peer)),
      ] as const;
    await agent.talks([
      wrong('argv', [], 'argv must not be empty', 'argv must not be empty'),
      wrong(
        'processId',
        5,
        'invalid type: number, expected a string at `processId`',
        'invalid type: number, expected a string',
      ),
      wrong(
        'tty',
        'yes',
        'invalid type: string, expected a boolean at `tty`',
        'invalid type: string "yes", expected a boolean',
      ),
      wrong(
        'env',
        { A: 1 },
        'invalid type: number, expected a string at `env.A`',
        'invalid type: number, expected a string',
      ),
      wrong(
        'env',
        { A: null },
        'invalid type: null, expected a string at `env.A`',
        'invalid type: null, expected a string',
      ),
    ]);
  });

  scenario('metadata is for telemetry, but its thread must be a UUID', async (stage) => {
    const agent = await stage.open();
    const withMetadata = (id: string, metadata: unknown) => stage.shell(id, 'true', { metadata });
    const threadId = '01a1fce1-03c8-7a00-8bb4-c818dcec35b8';
    await agent.talks([
      ['process/start', withMetadata('m1', { threadId, toolCallId: 'call_1' }), started('m1')],
      ['process/start', withMetadata('m2', {}), started('m2')],
      ['process/start', withMetadata('m3', null), started('m3')],
    ]);
    await agent.refuses('process/start', withMetadata('m4', { threadId: 'no-uuid' }), -32602);
  });

  scenario('members nobody knows are ignored', async (stage) => {
    const agent = await stage.open();
    await agent.asks(
      'process/start',
      stage.shell('p', 'true', {
        bogusMember: 1,
        shellSnapshot: null,
        networkProxy: null,
        enforceManagedNetwork: false,
        managedNetwork: null,
      }),
      started('p'),
    );
  });

  scenario('a program that is not there or not one is a failure of the system', async (stage) => {
    const agent = await stage.open();
    await writeFile(join(stage.folder, 'text'), 'no program\n');
    const start = (argv: readonly string[]) => ({ ...stage.shell('p', ''), argv });
    await agent.talks([
      ['process/start', start([join(stage.folder, 'nothing')]), absent],
      ['process/start', start(['no-such-program']), absent],
      [
        'process/start',
        start([join(stage.folder, 'text')]),
        refused(-32603, 'Permission denied (os error 13)'),
      ],
      [
        'process/start',
        start(['/bin/echo', 'a\0b']),
        refused(-32603, 'nul byte found in provided data'),
      ],
    ]);
  });

  scenario('the same failures of a program in a terminal', async (stage) => {
    const agent = await stage.open();
    await writeFile(join(stage.folder, 'text'), 'no program\n');
    const start = (argv: readonly string[]) => ({ ...stage.shell('p', ''), argv, tty: true });
    for (const argv of [['no-such-program'], [join(stage.folder, 'text')]]) {
      await agent.refuses('process/start', start(argv), -32603);
    }
  });

  scenario('a start that failed leaves its id free', async (stage) => {
    const agent = await stage.open();
    await agent.asks('process/start', { ...stage.shell('p', ''), argv: ['/nothing'] }, absent);
    await agent.asks('process/start', stage.shell('p', 'true'), started('p'));
  });

  scenario('an id is taken while its process is known, also after it closed', async (stage) => {
    const agent = await stage.open();
    const taken = refused(-32600, 'process p already exists');
    await agent.asks(
      'process/start',
      stage.shell('p', 'read x', { pipeStdin: true }),
      started('p'),
    );
    await agent.asks('process/start', stage.shell('p', 'true'), taken);
    await agent.call('process/terminate', { processId: 'p' });
    await agent.lifeOf('p');
    await agent.asks('process/start', stage.shell('p', 'true'), taken);
  });

  scenario('an id is any text', async (stage) => {
    const agent = await stage.open();
    for (const id of ['', ' ', 'ä/%00', 'x'.repeat(256)]) {
      agent.sees((await agent.runs(stage.shell(id, 'echo x'))).facts, {
        stdout: 'x\n',
        exitCode: 0,
      });
    }
    const long = 'x'.repeat(257);
    await agent.asks(
      'process/start',
      stage.shell(long, 'true'),
      differs({
        ours: refused(-32602, 'processId is longer than 256 bytes'),
        peer: started(long),
        because: 'an id is kept and repeated in every notification, so its length has a bound',
      }),
    );
  });

  scenario('every program leads its own session and process group', async (stage) => {
    const agent = await stage.open();
    for (const tty of [false, true]) {
      const id = `tty ${String(tty)}`;
      const script =
        'read -r pid name state ppid pgrp sid rest < /proc/$$/stat; echo $(($pid-$pgrp)) $(($pid-$sid))';
      const life = await agent.runs(stage.shell(id, script, { tty }));
      agent.sees(
        life
          .bytes(tty ? 'pty' : 'stdout')
          .toString()
          .trim(),
        '0 0',
      );
    }
  });

  scenario('a sandbox that is null is none', async (stage) => {
    const agent = await stage.open();
    await agent.asks('process/start', stage.shell('p', 'true', { sandbox: null }), started('p'));
  });
});

function isAbout(value: unknown, processId: string): boolean {
  return (value as { processId?: string } | undefined)?.processId === processId;
}
