import { closeSync, writeSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { nullLogger } from '../../../../src/base/logger';
import { OpenTerminals } from '../../../../src/environment/local/openTerminals';
import { OutputSource, allocateReadBuffer } from '../../../../src/environment/local/outputSource';
import { PipePairs } from '../../../../src/environment/local/pipePairs';
import { FakeClock } from '../../../support/fakeClock';
import { until } from '../../../support/processFixtures';

/** Small reads that are made at once, however fast they follow each other. */
const eagerReads = 8;

/** A pipe that is read, under a clock that stands still. */
function readPipe(): {
  readonly source: OutputSource;
  readonly clock: FakeClock;
  readonly pieces: string[];
  readonly ends: () => number;
  readonly print: (text: string) => void;
  readonly hangUp: () => void;
} {
  const clock = new FakeClock();
  const pipes = new PipePairs({ terminals: new OpenTerminals(), logger: nullLogger, clock });
  onTestFinished(() => {
    pipes.dispose();
  });
  const pair = pipes.takeOutput();
  if (pair === undefined) throw new Error('There are no pipes here');
  const pieces: string[] = [];
  let ended = 0;
  const source = new OutputSource({
    fd: pair.ours,
    kind: 'pipe',
    readBuffer: allocateReadBuffer(),
    clock,
    onData: (bytes) => pieces.push(bytes.toString()),
    onEnd: () => {
      ended += 1;
    },
  });
  let open = true;
  const hangUp = (): void => {
    if (open) closeSync(pair.theirs);
    open = false;
  };
  onTestFinished(() => {
    source.destroy();
    hangUp();
  });
  return {
    source,
    clock,
    pieces,
    ends: () => ended,
    print: (text) => void writeSync(pair.theirs, text),
    hangUp,
  };
}

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
};

// Node's own pipes stand in elsewhere.
describe.runIf(process.platform === 'linux')('output of a program', () => {
  it('is read at once while there is little, and gathered when it comes fast', async () => {
    const { clock, pieces, print } = readPipe();
    for (let number = 1; number <= eagerReads; number += 1) {
      print(`${number} `);
      await until(() => pieces.length === number, 'it is read');
    }
    print('a ');
    print('b ');
    await turns(20);
    const beforeTheIntervalEnds = pieces.length;
    print('c ');
    clock.advance(1);
    await until(() => pieces.length > eagerReads, 'the rest is read');
    expect([beforeTheIntervalEnds, pieces.slice(eagerReads)]).toEqual([eagerReads, ['a b c ']]);
  });

  it('stays in the pipe while reading is paused', async () => {
    const { source, pieces, print } = readPipe();
    source.setPaused(true);
    print('later');
    await turns(20);
    const whilePaused = [...pieces];
    source.setPaused(false);
    await until(() => pieces.length > 0, 'it is read');
    expect([whilePaused, pieces]).toEqual([[], ['later']]);
  });

  it('stays in the pipe when it is paused and the interval ends', async () => {
    const { source, clock, pieces, print } = readPipe();
    for (let number = 1; number <= eagerReads; number += 1) {
      print('x');
      await until(() => pieces.length === number, 'it is read');
    }
    print('held');
    source.setPaused(true);
    clock.advance(1);
    await turns(20);
    const whilePaused = pieces.length;
    source.setPaused(false);
    await until(() => pieces.length > eagerReads, 'it is read');
    expect([whilePaused, pieces.at(-1)]).toEqual([eagerReads, 'held']);
  });

  it('has one end, behind everything that was said', async () => {
    const { pieces, ends, print, hangUp } = readPipe();
    print('last words');
    hangUp();
    await until(() => ends() > 0, 'it ends');
    await turns(5);
    expect([pieces.join(''), ends()]).toEqual(['last words', 1]);
  });

  it('tells what reading failed with', async () => {
    const failures: (Error | undefined)[] = [];
    // A pipe's writing end cannot be read.
    const clock = new FakeClock();
    const pipes = new PipePairs({ terminals: new OpenTerminals(), logger: nullLogger, clock });
    const pair = pipes.takeOutput();
    if (pair === undefined) throw new Error('There are no pipes here');
    const source = new OutputSource({
      fd: pair.theirs,
      kind: 'pipe',
      readBuffer: allocateReadBuffer(),
      clock: new FakeClock(),
      onData: () => undefined,
      onEnd: (failure) => failures.push(failure),
    });
    onTestFinished(() => {
      source.destroy();
      closeSync(pair.ours);
      pipes.dispose();
    });
    await until(() => failures.length > 0, 'it ends');
    await turns(5);
    expect(failures).toEqual([expect.objectContaining({ code: expect.any(String) })]);
  });
});
