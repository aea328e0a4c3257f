import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { environmentKinds, useEnvironment } from '../../support/environments';
import { script, startRequest } from '../../support/processFixtures';
import { follow, refusal } from './local/fileSystemFixture';

const mebibyte = 1024 * 1024;

const onPipes = { pipeStdin: true };

describe.each(environmentKinds)('processes of an environment that is %s', (kind) => {
  const { current, start, run } = useEnvironment(kind);

  it('block while their reader takes nothing, lose nothing, and hold back nobody else', async () => {
    const bytes = 20_000_000;
    const marker = `${current().folder}/unread-${kind.replaceAll(' ', '-')}`;
    const watch = await start(
      script(`head -c ${bytes} /dev/zero; echo done >&2; touch '${marker}'`, {
        readerId: 'slow',
      }),
    );
    watch.process.setOutputPaused(true);
    const { files } = current();
    const other = await run(script('echo other', { readerId: 'quick' }));
    const unread = await refusal(files.getMetadata(marker, follow));
    expect([other.text, watch.process.state.exited, unread]).toEqual([
      'other\n',
      false,
      '-32004 No such file or directory (os error 2)',
    ]);
    expect(watch.bytes().length).toBeLessThan(mebibyte);
    watch.process.setOutputPaused(false);
    await watch.closed();
    expect([watch.bytes('stdout').length, watch.bytes('stderr').toString()]).toEqual([
      bytes,
      'done\n',
    ]);
  });

  it('carry five megabytes of random bytes in and out', async () => {
    const bytes = randomBytes(5 * mebibyte);
    const watch = await start(startRequest(['cat'], onPipes));
    const step = 300_001;
    const writes: Promise<unknown>[] = [];
    for (let offset = 0; offset < bytes.length; offset += step) {
      writes.push(watch.process.write(bytes.subarray(offset, offset + step)));
    }
    const outcomes = new Set(await Promise.all(writes));
    await watch.until(() => watch.bytes().length >= bytes.length);
    watch.process.terminate();
    await watch.closed();
    expect([[...outcomes], watch.bytes('stdout').equals(bytes)]).toEqual([['accepted'], true]);
  });

  it('take one large write whole', async () => {
    const bytes = randomBytes(5 * mebibyte + 1);
    const watch = await start(startRequest(['cat'], onPipes));
    expect(await watch.process.write(bytes)).toBe('accepted');
    await watch.until(() => watch.bytes().length >= bytes.length);
    watch.process.terminate();
    await watch.closed();
    expect(watch.bytes('stdout').equals(bytes)).toBe(true);
  });

  it('keep the newest of their output, and tell how much is missing', async () => {
    const bytes = 3_000_000;
    const watch = await run(startRequest(['head', '-c', String(bytes), '/dev/zero']));
    const { chunks, droppedBytes } = watch.process.retainedOutput(0, Number.MAX_SAFE_INTEGER);
    const kept = chunks.reduce((sum, { chunk }) => sum + chunk.length, 0);
    expect([kept + droppedBytes, kept <= mebibyte, watch.bytes().length]).toEqual([
      bytes,
      true,
      bytes,
    ]);
  });
});
