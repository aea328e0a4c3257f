import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../../src/base/clock';
import { endLeftBehind } from '../../../../src/environment/local/leftBehind';
import { isAlive } from '../../../support/processFixtures';

/** Longer than any test may take. */
const graceMs = 600_000;

describe.skipIf(process.platform !== 'linux')('a program that a dead executor left running', () => {
  it('is asked to end, and waited for no longer than it takes', async () => {
    const script = 'trap "exit 3" TERM; echo ready; while :; do sleep 0.05; done';
    const program = spawn('/bin/bash', ['-c', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    onTestFinished(() => {
      program.kill('SIGKILL');
    });
    const startedAtMs = Date.now();
    const exited = once(program, 'exit');
    await once(program.stdout, 'data');
    const pid = program.pid ?? 0;
    const count = await endLeftBehind([{ pid, startedAtMs }], graceMs, systemClock);
    expect({ count, isAlive: isAlive(pid), exit: await exited }).toEqual({
      count: 1,
      isAlive: false,
      exit: [3, null],
    });
  });
});
