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

describe('a process whose output cannot be read any further', () => {
  it('is ended and counts as lost, and its last output says why', () => {
    const { process, program } = observedProcess();
    const told: unknown[] = [];
    process.onDidEmit((event) => {
      told.push(event.type === 'output' ? event.chunk.toString() : event);
    });
    program.onOutput('stdout', Buffer.from('part'));
    program.onOutputLost('stdout', 'read EBADF');
    const meanwhile = process.state.failure;
    program.onExited(137);
    program.onClosed();
    const failure = 'reading its stdout failed: read EBADF';
    expect({ told, meanwhile, state: process.state }).toEqual({
      told: [
        'part',
        `exec-server ended this program: ${failure}\n`,
        { type: 'exited', seq: 3, exitCode: 255 },
        { type: 'closed', seq: 4 },
      ],
      meanwhile: undefined,
      state: { exited: true, exitCode: 255, closed: true, failure, nextSeq: 5 },
    });
  });
});
