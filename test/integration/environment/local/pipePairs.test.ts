import { mkdir, readdir, utimes } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { nullLogger } from '../../../../src/base/logger';
import { OpenTerminals } from '../../../../src/environment/local/openTerminals';
import { PipePairs, closePair } from '../../../../src/environment/local/pipePairs';
import { FakeClock } from '../../../support/fakeClock';
import { temporaryFolder } from '../../../support/temporaryFolder';

/** Lets programs be started, or fails as the system does when it has no room for one. */
class ScarceTerminals extends OpenTerminals {
  failure: string | undefined;

  override cover<T>(spawnChild: (extraSlots: readonly number[]) => T): T {
    if (this.failure === undefined) return spawnChild([]);
    throw Object.assign(new Error(this.failure), { code: this.failure });
  }
}

describe.runIf(process.platform === 'linux')('pipes for programs', () => {
  it.each(['EMFILE', 'EAGAIN', 'ENOMEM'])(
    'are done without while %s lasts, and come back some time later',
    async (failure) => {
      const folder = await temporaryFolder();
      vi.stubEnv('TMPDIR', folder);
      onTestFinished(() => {
        vi.unstubAllEnvs();
      });
      const clock = new FakeClock();
      const terminals = new ScarceTerminals();
      const pipes = new PipePairs({ terminals, logger: nullLogger, clock });
      terminals.failure = failure;
      const without = [pipes.takeOutput(), pipes.takeInput()];
      const left = await readdir(folder);
      terminals.failure = undefined;
      clock.advance(60_000);
      const pair = pipes.takeOutput();
      pipes.dispose();
      if (pair !== undefined) closePair(pair);
      expect({ without, left, pair: typeof pair }).toEqual({
        without: [undefined, undefined],
        left: [],
        pair: 'object',
      });
    },
  );

  it('leave nothing behind for good where an executor was killed while it made some', async () => {
    const folder = await temporaryFolder();
    const clock = new FakeClock();
    const startedMs = clock.now();
    clock.advance(3_600_000);
    const madeAt = {
      'exec-server-pipes-left': startedMs,
      'exec-server-pipes-used': clock.now(),
      mine: startedMs,
    };
    for (const [name, ms] of Object.entries(madeAt)) {
      await mkdir(path.join(folder, name, '0'), { recursive: true });
      await utimes(path.join(folder, name), ms / 1000, ms / 1000);
    }
    const pipes = new PipePairs({
      terminals: new OpenTerminals(),
      logger: nullLogger,
      clock,
      folders: [path.join(folder, 'missing'), folder],
    });
    await pipes.removeLeftFolders();
    expect(await readdir(folder)).toEqual(['exec-server-pipes-used', 'mine']);
  });

  it('are made in the next folder where the first has no place for them', async () => {
    const folder = await temporaryFolder();
    const pipes = new PipePairs({
      terminals: new OpenTerminals(),
      logger: nullLogger,
      clock: new FakeClock(),
      folders: [path.join(folder, 'missing'), folder],
    });
    const pair = pipes.takeOutput();
    const input = pipes.takeInput();
    pipes.dispose();
    for (const taken of [pair, input]) if (taken !== undefined) closePair(taken);
    expect([typeof pair, typeof input, await readdir(folder)]).toEqual(['object', 'object', []]);
  });
});
