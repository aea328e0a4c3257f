import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  fixtureProgram,
  isAlive,
  printedPids,
  script,
  startRequest,
  terminal,
  useLocalBackend,
} from '../../../support/processFixtures';

const { start, run } = useLocalBackend();

const folder = mkdtempSync(path.join(tmpdir(), 'process-output-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('on pipes', () => {
  it('keeps the output readable from any number on', async () => {
    const watch = await start(script('echo hi; read -r line; echo err >&2', { pipeStdin: true }));
    await watch.untilText('hi');
    await watch.process.write(Buffer.from('\n'));
    await watch.closed();
    expect({
      second: watch.process.retainedOutput(1, 0),
      none: watch.process.retainedOutput(99, 65_536),
    }).toEqual({
      second: {
        chunks: [{ seq: 2, stream: 'stderr', chunk: Buffer.from('err\n') }],
        droppedBytes: 0,
      },
      none: { chunks: [], droppedBytes: 0 },
    });
  });

  it('lets a script open its streams again by name', async () => {
    const watch = await run(
      script('echo one > /dev/stderr; echo two | tee /dev/stdout; echo 3 > /dev/fd/2'),
    );
    expect([watch.bytes('stdout').toString(), watch.bytes('stderr').toString()]).toEqual([
      'two\ntwo\n',
      'one\n3\n',
    ]);
  });

  it('gives a program a blocking end, so that it never meets EAGAIN', async () => {
    const flags = await start(
      script('for fd in 0 1 2; do grep flags /proc/$$/fdinfo/$fd; done', { pipeStdin: true }),
    );
    await flags.closed();
    // O_NONBLOCK is octal 4000.
    const octal = [...flags.text.matchAll(/flags:\s+(\d+)/g)].map((match) =>
      Number.parseInt(match[1] ?? '', 8),
    );
    expect(octal.map((value) => value & 0o4000)).toEqual([0, 0, 0]);
  });

  it('passes bytes on as they are', async () => {
    const watch = await run(script(String.raw`printf '\xff\xfe\x00\xc3'; sleep 0; printf '\xa4'`));
    expect(watch.bytes('stdout')).toEqual(Buffer.from([0xff, 0xfe, 0, 0xc3, 0xa4]));
  });

  it('reports output that follows the exit, and the close when the last holder ended', async () => {
    const fifo = path.join(folder, 'pipe-go');
    const watch = await start(startRequest(fixtureProgram('leaveGrandchild.sh', fifo)));
    await watch.exited();
    const [grandchild = 0] = printedPids(watch.text, 'grandchild');
    expect([watch.process.state, watch.process.terminate(), isAlive(grandchild)]).toEqual([
      { exited: true, exitCode: 4, closed: false, nextSeq: 3 },
      { running: false },
      true,
    ]);
    writeFileSync(fifo, 'word\n');
    await watch.closed();
    expect(watch.facts()).toEqual([
      { seq: 1, stdout: `grandchild ${grandchild}\n` },
      { seq: 2, exited: 4 },
      { seq: 3, stdout: 'late word\n' },
      { seq: 4, closed: true },
    ]);
  });

  it('reports what a program wrote before its exit, also while many others end', async () => {
    const watches = await Promise.all(
      Array.from({ length: 300 }, () => run(script('echo out; echo err >&2; exit 1'))),
    );
    const late = watches.filter((watch) => watch.events.at(-2)?.type !== 'exited');
    expect(late.map((watch) => watch.facts())).toEqual([]);
  });

  it('blocks a program whose output is not read, and loses nothing', async () => {
    const bytes = 20_000_000;
    const watch = await start(script(`head -c ${bytes} /dev/zero; echo done >&2`));
    watch.process.setOutputPaused(true);
    const other = await run(script('echo other'));
    expect(other.text).toBe('other\n');
    expect([watch.process.state.exited, watch.bytes().length < 1_000_000]).toEqual([false, true]);
    watch.process.setOutputPaused(false);
    await watch.closed();
    expect([watch.bytes('stdout').length, watch.bytes('stderr').toString()]).toEqual([
      bytes,
      'done\n',
    ]);
  });

  it('reports the exit of a program whose output is not read', async () => {
    const watch = await start(script('echo unread; exit 5'));
    watch.process.setOutputPaused(true);
    await watch.exited();
    expect(watch.process.state).toEqual({ exited: true, exitCode: 5, closed: false, nextSeq: 2 });
    watch.process.setOutputPaused(false);
    await watch.closed();
    expect(watch.facts()).toEqual([
      { seq: 1, exited: 5 },
      { seq: 2, stdout: 'unread\n' },
      { seq: 3, closed: true },
    ]);
  });

  it('keeps the newest megabyte and tells how much is missing', async () => {
    const bytes = 30_000_000;
    const watch = await run(startRequest(['head', '-c', String(bytes), '/dev/zero']));
    const { chunks, droppedBytes } = watch.process.retainedOutput(0, Number.MAX_SAFE_INTEGER);
    const kept = chunks.reduce((sum, { chunk }) => sum + chunk.length, 0);
    expect([kept + droppedBytes, kept <= 1024 * 1024, kept > 900_000]).toEqual([bytes, true, true]);
    const lengths = watch.events.flatMap((event) =>
      event.type === 'output' ? [event.chunk.length] : [],
    );
    expect(Math.max(...lengths)).toBeLessThanOrEqual(64 * 1024);
  });
});

describe.each([
  ['on pipes', {}],
  ['in a terminal', { terminal }],
])('%s', (_where, where) => {
  it('reports exit codes and signals as a shell does', async () => {
    const endings = [
      'exit 0',
      'exit 255',
      'exit 300',
      'kill -TERM $$',
      'kill -HUP $$',
      'kill -KILL $$',
      'kill -SEGV $$',
    ];
    const codes = [];
    for (const ending of endings) {
      codes.push((await run(script(`ulimit -c 0; ${ending}`, where))).process.state.exitCode);
    }
    expect(codes).toEqual([0, 255, 44, 143, 129, 137, 139]);
  });

  it('resumes and pauses without an effect on an ended process', async () => {
    const watch = await run(script('echo x', where));
    watch.process.setOutputPaused(true);
    watch.process.setOutputPaused(false);
    watch.process.resize({ rows: 1, cols: 1 });
    watch.process.signal('kill');
    expect([watch.process.terminate(), await watch.process.write(Buffer.from('x'))]).toEqual([
      { running: false },
      'terminal' in where ? 'accepted' : 'stdinClosed',
    ]);
  });
});
