import { describe, expect, it } from 'vitest';
import { nullLogger } from '../../../../src/base/logger';
import { defaultLimits } from '../../../../src/base/limits';
import { LocalProcess } from '../../../../src/environment/local/localProcess';
import { ProcessTable } from '../../../../src/environment/local/processTable';
import { ProcessTree } from '../../../../src/environment/local/processTree';
import type {
  ProgramObserver,
  RunningProgram,
} from '../../../../src/environment/local/runningProgram';
import { FakeClock } from '../../../support/fakeClock';

/** A pid that no program has. */
const noPid = 2 ** 22;

/** A process whose program is what the test makes of it. */
function observedProcess(): { process: LocalProcess; program: ProgramObserver } {
  let observer: ProgramObserver | undefined;
  const program: RunningProgram = {
    pid: noPid,
    observe: (given) => {
      observer = given;
    },
    setOutputPaused: () => undefined,
    write: () => Promise.resolve('stdinClosed'),
    closeStdin: () => Promise.resolve('stdinClosed'),
    resize: () => undefined,
    releaseOutput: () => undefined,
  };
  const process = new LocalProcess(program, {
    limits: defaultLimits,
    tree: new ProcessTree(noPid, new ProcessTable()),
    clock: new FakeClock(),
    logger: nullLogger,
    isTerminal: false,
  });
  if (observer === undefined) throw new Error('Nobody observes the program');
  return { process, program: observer };
}

describe('output of a process', () => {
  it('stays what it was when the memory it was read into is used again', () => {
    const { process, program } = observedProcess();
    const told: string[] = [];
    process.onDidEmit((event) => {
      if (event.type === 'output') told.push(event.chunk.toString());
    });
    const memory = Buffer.alloc(64 * 1024, 'x');
    memory.write('first');
    program.onOutput('stdout', memory.subarray(0, 5));
    memory.write('other');
    program.onOutput('stdout', memory.subarray(0, 5));
    const kept = process.retainedOutput(0, Number.POSITIVE_INFINITY).chunks;
    expect(kept.map(({ chunk }) => chunk.toString())).toEqual(['first', 'other']);
    expect(told).toEqual(['first', 'other']);
  });
});
