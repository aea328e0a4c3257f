import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { systemClock } from '../../../../src/base/clock';
import { nullLogger } from '../../../../src/base/logger';
import { OpenTerminals } from '../../../../src/environment/local/openTerminals';
import { allocateReadBuffer } from '../../../../src/environment/local/outputSource';
import { PtyProgram } from '../../../../src/environment/local/ptyProcess';
import type { ProcessWatch } from '../../../support/processFixtures';
import {
  fixtureProgram,
  printedPids,
  script,
  startRequest,
  terminal,
  until,
  isAlive,
  useLocalBackend,
} from '../../../support/processFixtures';

const { start, run } = useLocalBackend();

const folder = mkdtempSync(path.join(tmpdir(), 'process-terminal-'));
afterAll(() => rmSync(folder, { recursive: true }));

const mebibyte = 1024 * 1024;

it('is a terminal of the size asked for, in which everything comes on one stream', async () => {
  const watch = await run(
    script('stty size; tty; echo err >&2', { terminal: { rows: 10, cols: 33 } }),
  );
  expect([watch.text.replace(/\d+\r\nerr/, 'N\r\nerr'), watch.facts().slice(-2).length]).toEqual([
    '10 33\r\n/dev/pts/N\r\nerr\r\n',
    2,
  ]);
});

it('tells its program about a size that changes', async () => {
  const watch = await start(
    script('trap "stty size; exit 0" WINCH; echo ready; while :; do read -r -t 1 x; done', {
      terminal,
    }),
  );
  await watch.untilText('ready');
  watch.process.resize({ rows: 44, cols: 132 });
  await watch.closed();
  expect([watch.text.includes('44 132'), watch.process.state.exitCode]).toEqual([true, 0]);
});

it('echoes input and hands it to the program', async () => {
  const watch = await start(script('echo ready; read x; echo got:$x; echo $TERM', { terminal }));
  // With its end, which the terminal adds in a step of its own: the echo could come in between.
  await watch.untilText('ready\r\n');
  expect(await watch.process.write(Buffer.from('hello\n'))).toBe('accepted');
  await watch.closed();
  expect(watch.text).toBe('ready\r\nhello\r\ngot:hello\r\ndumb\r\n');
});

it('closes with the exit although a grandchild holds the terminal', async () => {
  const watch = await start(
    script('trap "" HUP; (trap "" HUP; exec sleep 1000) & echo "grandchild $!"; exit 4', {
      terminal,
    }),
  );
  await watch.closed();
  const [grandchild = 0] = printedPids(watch.text, 'grandchild');
  // A line may come in two pieces: the terminal adds its end in a step of its own.
  const { length } = watch.events;
  expect([watch.facts().slice(-2), isAlive(grandchild)]).toEqual([
    [
      { seq: length - 1, exited: 4 },
      { seq: length, closed: true },
    ],
    true,
  ]);
  await watch.process.end(100);
  await until(() => !isAlive(grandchild), 'the grandchild ended');
});

it('keeps a program that closed its side of the terminal', async () => {
  const watch = await run(
    script('echo before; exec 0<&- 1>&- 2>&-; sleep 0.2; exec > /dev/tty; echo after; exit 6', {
      terminal,
    }),
  );
  expect([watch.text, watch.process.state.exitCode]).toEqual(['before\r\nafter\r\n', 6]);
});

it('delivers what was written before the exit although reading was paused', async () => {
  const watch = await start(script('printf "%03000d" 7; exit 2', { terminal }));
  watch.process.setOutputPaused(true);
  await watch.closed();
  expect([watch.text, watch.facts().slice(-2)]).toEqual([
    '7'.padStart(3000, '0'),
    [
      { seq: watch.events.length - 1, exited: 2 },
      { seq: watch.events.length, closed: true },
    ],
  ]);
});

it('delivers 32 MiB byte for byte, fifty times', { timeout: 900_000 }, async () => {
  const expected = pattern(32 * mebibyte);
  const file = path.join(folder, 'pattern');
  writeFileSync(file, expected);
  const wrong: unknown[] = [];
  for (let round = 0; round < 50; round += 1) {
    const watch = await start(script(`stty raw; cat ${file}; exit 9`, { terminal }));
    const position = follow(watch, expected, round % 2 === 1);
    await watch.closed();
    const outcome = { round, ...position, exitCode: watch.process.state.exitCode };
    if (outcome.matched !== expected.length || outcome.exitCode !== 9) wrong.push(outcome);
    watch.events.length = 0;
  }
  expect(wrong).toEqual([]);
});

it('ends a hundred terminals that are full of output, complete', async () => {
  const watches = await Promise.all(
    Array.from({ length: 100 }, () =>
      run(script('stty raw; head -c 100000 /dev/zero', { terminal })),
    ),
  );
  expect(watches.map((watch) => watch.bytes('pty').length)).toEqual(watches.map(() => 100_000));
});

it('ends with its whole tree when the program is told to hang up', async () => {
  const watch = await start(startRequest(fixtureProgram('deepTree.sh'), { terminal }));
  await watch.untilText('ready');
  const levels = printedPids(watch.text, 'level');
  await watch.process.end(200);
  await until(() => !levels.some(isAlive), 'every level is gone');
  expect(levels).toHaveLength(5);
});

/** Bytes whose place can be told from any few of them. */
function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let offset = 0; offset + 4 <= length; offset += 4)
    bytes.writeUInt32LE(Math.imul(offset, 2654435761) >>> 0, offset);
  return bytes;
}

/** Compares output with what is expected as it comes, and pauses now and then when told to. */
function follow(watch: ProcessWatch, expected: Buffer, pausing: boolean): { matched: number } {
  const position = { matched: 0 };
  let chunks = 0;
  watch.process.onDidEmit((event) => {
    if (event.type !== 'output') return;
    const end = position.matched + event.chunk.length;
    if (event.chunk.equals(expected.subarray(position.matched, end))) position.matched = end;
    chunks += 1;
    watch.events.length = 0;
    if (!pausing || chunks % 500 !== 0) return;
    watch.process.setOutputPaused(true);
    setImmediate(() => watch.process.setOutputPaused(false));
  });
  return position;
}

it('leaves nothing of a program whose terminal cannot be read, and takes its exit calmly', async () => {
  const child = spawn('/bin/sleep', ['1000'], { detached: true, stdio: 'ignore' });
  const ended = once(child, 'exit');
  let exit: ((code: number, signal: number) => void) | undefined;
  const binding = {
    fork: ({ onExit }: { onExit: (code: number, signal: number) => void }) => {
      exit = onExit;
      return { pid: child.pid ?? 0, fd: openSync('/dev/null', 'r'), pty: '/dev/null' };
    },
    resize: () => undefined,
  };
  const begin = (): unknown =>
    PtyProgram.start(
      { argv: ['/bin/sleep', '1000'], cwd: '/tmp', env: {}, arg0: undefined, terminal },
      {
        binding,
        terminals: new OpenTerminals(),
        readBuffer: allocateReadBuffer(),
        executorPath: undefined,
        maxQueuedStdinBytes: 1000,
        clock: systemClock,
        logger: nullLogger,
      },
    );
  expect(begin).toThrow();
  expect(await ended).toEqual([null, 'SIGKILL']);
  expect(() => exit?.(0, 9)).not.toThrow();
  expect(exit).toBeDefined();
});
