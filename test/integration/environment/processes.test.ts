import { describe, expect, it } from 'vitest';
import type { ProcessSignal } from '../../../src/protocol/processMessages';
import { environmentKinds, useEnvironment } from '../../support/environments';
import {
  ProcessWatch,
  fixtureProgram,
  isAlive,
  printedPids,
  script,
  startRequest,
  terminal,
  until,
} from '../../support/processFixtures';

const onPipes = { pipeStdin: true };
const inTerminal = { terminal };

/** A program that tells which signals it got, and ends with 7 at the last of them. */
const trap = (name: string): string =>
  `trap "echo ${name}; exit 7" ${name}; echo ready; while :; do sleep 0.05; done`;

async function refusal(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
    return 'done';
  } catch (error) {
    return error instanceof Error && 'code' in error ? [error.code, error.message] : error;
  }
}

describe.each(environmentKinds)('processes of an environment that is %s', (kind) => {
  const { current, start, run } = useEnvironment(kind);
  const isPeer = kind === 'remote to the real peer';
  const isRemote = kind !== 'local';

  it('are numbered output, exit and close without gaps, and their output stays readable', async () => {
    const text = 'echo hi; read -r line; echo err >&2; read -r line; exit 3';
    const watch = await start(script(text, onPipes));
    await watch.untilText('hi');
    await watch.process.write(Buffer.from('\n'));
    // At the peer an exit may overtake output.
    await watch.untilText('err');
    await watch.process.write(Buffer.from('\n'));
    await watch.closed();
    const { process } = watch;
    expect({
      facts: watch.facts(),
      state: process.state,
      all: process.retainedOutput(0, 65_536),
      where: [process.remote, process.pid === undefined, process.sandboxType],
    }).toEqual({
      facts: [
        { seq: 1, stdout: 'hi\n' },
        { seq: 2, stderr: 'err\n' },
        { seq: 3, exited: 3 },
        { seq: 4, closed: true },
      ],
      state: { exited: true, exitCode: 3, closed: true, nextSeq: 5 },
      all: {
        chunks: [
          { seq: 1, stream: 'stdout', chunk: Buffer.from('hi\n') },
          { seq: 2, stream: 'stderr', chunk: Buffer.from('err\n') },
        ],
        droppedBytes: 0,
      },
      where: isRemote ? ['builder', true, 'none'] : [undefined, false, 'none'],
    });
  });

  it('have no event before whoever awaited the start could subscribe', async () => {
    for (let round = 0; round < 20; round += 1) {
      const watch = await run(script('printf x'));
      expect([watch.text, watch.events.map(({ seq }) => seq), watch.events.at(-1)?.type]).toEqual([
        'x',
        [1, 2, 3],
        'closed',
      ]);
    }
  });

  it('end with the codes a shell reports', async () => {
    const endings = ['exit 0', 'exit 255', 'exit 300', 'kill -TERM $$', 'kill -KILL $$'];
    const codes = async (where: object): Promise<unknown[]> => {
      const watches = endings.map((ending) => run(script(ending, where)));
      return (await Promise.all(watches)).map(({ process }) => process.state.exitCode);
    };
    expect({ onPipes: await codes({}), inTerminal: await codes(inTerminal) }).toEqual({
      onPipes: [0, 255, 44, 143, 137],
      // Of a signal in a terminal the peer tells only that it was no success.
      inTerminal: isPeer ? [0, 255, 44, 1, 1] : [0, 255, 44, 143, 137],
    });
  });

  it('pass bytes on as they are', async () => {
    const watch = await run(script(String.raw`printf '\xff\xfe\x00\xc3'; sleep 0; printf '\xa4'`));
    expect(watch.bytes('stdout')).toEqual(Buffer.from([0xff, 0xfe, 0, 0xc3, 0xa4]));
  });

  it('get exactly the environment that was asked for', async () => {
    const env = { A: '1', 'with space': 'ü', EMPTY: '' };
    const watch = await run(startRequest(['/usr/bin/env'], { env }));
    expect(watch.text.trimEnd().split('\n').sort()).toEqual(['A=1', 'EMPTY=', 'with space=ü']);
  });

  it('run where they were asked to, under the name they were asked to', async () => {
    const { folder } = current();
    const argv = ['bash', '-c', 'pwd; tr "\\0" "|" < /proc/$$/cmdline; exit 0'] as const;
    const watch = await run(startRequest(argv, { cwd: folder, arg0: 'my name' }));
    expect(watch.text).toMatch(new RegExp(`^${folder}\nmy name\\|-c\\|`));
  });

  it('that cannot be started are refused in the system’s words', async () => {
    const { folder } = current();
    const noEntry = [-32603, 'No such file or directory (os error 2)'];
    const denied = [-32603, 'Permission denied (os error 13)'];
    expect({
      missing: await refusal(start(startRequest(['/nope/x']))),
      searched: await refusal(start(startRequest(['nonexistent-program']))),
      folder: await refusal(start(startRequest([folder]))),
      cwd: await refusal(start(script('true', { cwd: '/nope' }))),
      cwdIsFile: await refusal(start(script('true', { cwd: '/etc/passwd' }))),
      inTerminal: await refusal(start(startRequest(['/nope/x'], inTerminal))),
    }).toEqual({
      missing: noEntry,
      searched: noEntry,
      folder: denied,
      cwd: noEntry,
      cwdIsFile: [-32603, 'Not a directory (os error 20)'],
      // The peer has words of its own for it.
      inTerminal: isPeer ? [-32603, expect.stringContaining('No such file')] : noEntry,
    });
  });

  it('have a terminal on which everything comes on one stream', async () => {
    const size = { rows: 10, cols: 33 };
    const watch = await run(script('stty size; echo err >&2; exit 0', { terminal: size }));
    const streams = new Set(watch.events.flatMap((e) => (e.type === 'output' ? [e.stream] : [])));
    // The peer's terminals have one size.
    const lines = `${isPeer ? '24 80' : '10 33'}\r\nerr\r\n`;
    expect([watch.text, [...streams]]).toEqual([lines, ['pty']]);
  });

  it('hear of another size of their terminal', async () => {
    const tells = 'trap "stty size; exit 0" WINCH; echo ready; while read -r -t 1 x; do :; done';
    const watch = await start(script(`${tells}; while :; do sleep 0.05; done`, inTerminal));
    await watch.untilText('ready');
    watch.process.resize({ rows: 12, cols: 45 });
    // The peer has no way to tell, and that is no failure.
    if (isPeer) watch.process.terminate();
    await watch.closed();
    expect(watch.text.includes('12 45')).toBe(!isPeer);
  });

  it('read on pipes what is written, to the end', async () => {
    const watch = await start(script('cat; echo end', onPipes));
    const written = await watch.process.write(Buffer.from('one\n'));
    const ended = await refusal(watch.process.closeStdin());
    if (isPeer) {
      // The peer has no way to end it.
      expect([written, ended]).toEqual(['accepted', [-32601, expect.any(String)]]);
      watch.process.terminate();
      await watch.closed();
      return;
    }
    await watch.closed();
    expect([written, ended, watch.text]).toEqual(['accepted', 'done', 'one\nend\n']);
    expect(await watch.process.write(Buffer.from('x'))).toBe('stdinClosed');
  });

  it('read in a terminal what is written, to the end', async () => {
    const watch = await start(script('stty -echo; echo ready; cat; echo end', inTerminal));
    await watch.untilText('ready');
    const outcomes = [
      await watch.process.write(Buffer.from('one\n')),
      await watch.process.closeStdin(),
    ];
    await watch.closed();
    outcomes.push(await watch.process.write(Buffer.from('x')));
    expect([outcomes, watch.text]).toEqual([
      ['accepted', 'accepted', 'stdinClosed'],
      'ready\r\none\r\nend\r\n',
    ]);
  });

  it('refuse input where there is none', async () => {
    const watch = await run(script('cat; echo end'));
    expect([await watch.process.write(Buffer.from('x')), watch.text]).toEqual([
      'stdinClosed',
      'end\n',
    ]);
  });

  it.each<[ProcessSignal, string, string]>([
    ['interrupt', 'INT', 'INT'],
    // The peer knows only the first; what comes closest to the others is that.
    ['hangup', 'HUP', 'INT'],
    ['quit', 'QUIT', 'INT'],
  ])('get the signal %s', async (signal, name, nameAtPeer) => {
    const expected = isPeer ? nameAtPeer : name;
    const watch = await start(script(trap(expected)));
    await watch.untilText('ready');
    watch.process.signal(signal);
    await watch.closed();
    // The shell may say that its `sleep` got it too.
    const { exitCode } = watch.process.state;
    expect([watch.text.split('\n').includes(expected), exitCode]).toEqual([true, 7]);
  });

  it('are asked to terminate, or at the peer ended', async () => {
    const watch = await start(script(trap('TERM')));
    await watch.untilText('ready');
    watch.process.signal('terminate');
    await watch.closed();
    expect(watch.process.state.exitCode).toBe(isPeer ? 137 : 7);
  });

  it('are killed at once by terminate', async () => {
    const watch = await start(startRequest(fixtureProgram('ignoreTermination.sh')));
    await watch.untilText('ready');
    const pids = [...printedPids(watch.text, 'leader'), ...printedPids(watch.text, 'child')];
    expect(watch.process.terminate()).toEqual({ running: true });
    await watch.closed();
    await until(() => !pids.some(isAlive), 'every process is gone');
    expect([pids.length, watch.process.state.exitCode, watch.process.terminate()]).toEqual([
      2,
      137,
      { running: false },
    ]);
  });

  it('are asked to end before they are forced', async () => {
    const polite = await start(script(trap(isPeer ? 'INT' : 'TERM')));
    await polite.untilText('ready');
    await polite.process.end(30_000);
    await polite.closed();
    expect(polite.process.state.exitCode).toBe(7);
  });

  it('are forced to end when they ignore the request', async () => {
    const deaf = await start(startRequest(fixtureProgram('ignoreTermination.sh')));
    await deaf.untilText('ready');
    const pids = [...printedPids(deaf.text, 'leader'), ...printedPids(deaf.text, 'child')];
    await deaf.process.end(50);
    await until(() => !pids.some(isAlive), 'every process is gone');
    // The end waits for a second only, and the dead may take longer where nobody gives them the processor.
    await deaf.closed();
    expect(deaf.process.state.exitCode).toBe(137);
  });

  it('may be many at once, each reported once', async () => {
    const { processes } = current();
    const watches = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const started = await processes.start(script(`printf ${index}; exit ${index}`));
        return new ProcessWatch(started).closed();
      }),
    );
    expect(watches.map((watch) => [watch.text, watch.process.state.exitCode])).toEqual(
      watches.map((_, index) => [String(index), index]),
    );
  });
});
