import { performance } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { script, startRequest, terminal, useLocalBackend } from '../../../support/processFixtures';

const maxQueuedStdinBytes = 1024 * 1024;
const { start, run } = useLocalBackend({ maxQueuedStdinBytes });

const block = Buffer.alloc(256 * 1024, 'x');

/** How often the event loop has gone round, whatever that took: time is no measure on a busy machine. */
const turnsOfTheLoop = (): number => performance.nodeTiming.uvMetricsInfo.loopCount;

describe.each([
  ['on pipes', { pipeStdin: true }],
  ['in a terminal', { terminal }],
])('input %s', (_where, where) => {
  it('ends the program’s reading after what was queued', async () => {
    const watch = await start(startRequest(['cat'], where));
    const outcomes = [
      await watch.process.write(Buffer.from('one\n')),
      await watch.process.write(Buffer.alloc(0)),
      await watch.process.write(Buffer.from('two\n')),
      await watch.process.closeStdin(),
      await watch.process.write(Buffer.from('three\n')),
      await watch.process.closeStdin(),
    ];
    await watch.closed();
    expect([
      outcomes,
      watch.text.includes('two'),
      watch.text.includes('three'),
      watch.process.state.exitCode,
    ]).toEqual([
      ['accepted', 'accepted', 'accepted', 'accepted', 'stdinClosed', 'stdinClosed'],
      true,
      false,
      0,
    ]);
  });

  it('arrives in the order of the calls', async () => {
    const watch = await start(
      script('stty raw -echo 2>/dev/null; echo ready; head -c 2000000 | sha1sum', where),
    );
    await watch.untilText('ready');
    const bytes = Buffer.alloc(2_000_000);
    for (let offset = 0; offset < bytes.length; offset += 4) bytes.writeUInt32LE(offset, offset);
    const writes: Promise<unknown>[] = [];
    for (let offset = 0; offset < bytes.length; offset += 1000) {
      writes.push(watch.process.write(bytes.subarray(offset, offset + 1000)));
    }
    await Promise.all(writes);
    await watch.closed();
    const { createHash } = await import('node:crypto');
    expect(watch.text).toContain(createHash('sha1').update(bytes).digest('hex'));
  });

  it('makes a writer wait while the program does not read, and nobody else', async () => {
    const watch = await start(
      script('stty raw -echo 2>/dev/null; echo ready; exec sleep 1000', where),
    );
    await watch.untilText('ready');
    let accepted = 0;
    let last: Promise<unknown> = Promise.resolve();
    for (let index = 0; index < 8; index += 1) {
      last = watch.process.write(block).then(() => (accepted += 1));
    }
    const other = await run(script('read -r line; echo "other $line"', { pipeStdin: false }));
    const third = await start(script('read -r line; echo "third $line"', where));
    await third.process.write(Buffer.from('line\n'));
    await third.closed();
    const turnsBefore = turnsOfTheLoop();
    await run(script('sleep 0.5'));
    const turns = turnsOfTheLoop() - turnsBefore;
    expect({
      other: other.text,
      third: third.text.includes('third line'),
      someWait: accepted < 8,
      // A writer that spins takes every turn it can get, tens of thousands in half a second.
      calm: turns < 2000,
    }).toEqual({ other: 'other \n', third: true, someWait: true, calm: true });
    watch.process.terminate();
    await last;
    await watch.closed();
    expect(accepted).toBe(8);
  });

  it('is accepted and lost when the program does not want it or has ended', async () => {
    const watch = await start(script('exec 0<&-; echo ready; exec sleep 1000', where));
    await watch.untilText('ready');
    const outcomes = [
      await watch.process.write(Buffer.from('x')),
      await watch.process.write(Buffer.from('y')),
    ];
    watch.process.terminate();
    await watch.closed();
    outcomes.push(await watch.process.write(Buffer.from('z')));
    expect(outcomes).toEqual(['accepted', 'accepted', 'accepted']);
  });
});

it('is refused where there is none, and such a program reads nothing', async () => {
  const watch = await start(script('cat; echo end'));
  expect([await watch.process.write(Buffer.from('x')), await watch.process.closeStdin()]).toEqual([
    'stdinClosed',
    'stdinClosed',
  ]);
  await watch.closed();
  expect(watch.text).toBe('end\n');
});
