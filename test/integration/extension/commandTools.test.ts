import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../src/protocol/errorCodes';
import type { ServerUnderTest } from '../../support/execServerHarness';
import { startServer } from '../../support/execServerHarness';
import { settled } from '../../support/fakeClock';
import { until } from '../../support/processFixtures';
import { toolsOn } from '../../support/toolHarness';

const LONGEST_WAIT = { yield_time_ms: 30_000, login: false };

/** The answer without what differs from run to run. */
function lasting(answer: string): string {
  return answer.replace(/^Wall time: [\d.]+ seconds\n/, '');
}

function sessionNumber(answer: string): number {
  return Number(/running with session ID (\d+)/.exec(answer)?.[1]);
}

function livingPrograms({ executor }: ServerUnderTest): number {
  return [...executor.server.sessions.all].flatMap((session) =>
    [...session.processes].filter((process) => !process.process.state.exited),
  ).length;
}

describe('exec_command', () => {
  it('answers with output and exit code', async () => {
    const server = await startServer();
    const answer = await toolsOn(server).call('exec_command', {
      ...LONGEST_WAIT,
      cmd: 'pwd; printf "\\033[31mred\\033[0m\\007 \\303\\244\\n"; exit 3',
    });
    expect(lasting(answer)).toMatch(
      new RegExp(
        `^Process exited with code 3\nOriginal token count: \\d+\nOutput:\n${server.workspace}\nred ä\n$`,
      ),
    );
  });

  it('works in the directory it is told', async () => {
    const server = await startServer();
    const answer = await toolsOn(server).call('exec_command', {
      ...LONGEST_WAIT,
      ...{ cmd: 'mkdir -p in/it && cd in/it && pwd', workdir: '.' },
    });
    expect(answer).toContain(`${server.workspace}/in/it\n`);
  });

  it('keeps the beginning and the end of long output', async () => {
    const answer = await toolsOn(await startServer()).call('exec_command', {
      ...{ ...LONGEST_WAIT, cmd: 'seq 1 200000', max_output_tokens: 10 },
    });
    expect(lasting(answer)).toBe(
      [
        'Process exited with code 0',
        'Original token count: 322224',
        'Output:',
        '1\n2\n3\n4\n5\n6\n7\n8\n9\n10',
        '… 1288855 characters of output left out …',
        '99998\n199999\n200000\n',
      ].join('\n'),
    );
  });

  it('gives a number to a command that goes on, which takes input until it ends', async () => {
    const server = await startServer();
    const { call } = toolsOn(server);
    const started = await call('exec_command', {
      ...{ cmd: 'stty -echo; touch silent; read line; echo "got $line"', tty: true },
      ...{ login: false, yield_time_ms: 250 },
    });
    const number = sessionNumber(started);
    // Typed before the terminal is silent, it would be echoed.
    await until(() => existsSync(join(server.workspace, 'silent')), 'the terminal is silent');
    const typed = await call('write_stdin', {
      ...{ session_id: number, chars: 'this\n', yield_time_ms: 30_000 },
    });
    expect(lasting(typed)).toMatch(/^Process exited with code 0\n.*\nOutput:\ngot this\n$/);
    await expect(call('write_stdin', { session_id: number })).rejects.toThrow(
      `Failed to find session ${number}: it has ended, or never was.`,
    );
  });

  it('says that stdin is closed without a terminal', async () => {
    const { call } = toolsOn(await startServer());
    const started = await call('exec_command', {
      cmd: 'sleep 600',
      login: false,
      yield_time_ms: 250,
    });
    await expect(
      call('write_stdin', { session_id: sessionNumber(started), chars: 'x' }),
    ).rejects.toThrow('Run exec_command with tty=true');
  });

  it('is terminated when it is cancelled, and not when only the wait is', async () => {
    const server = await startServer();
    const { call } = toolsOn(server);
    const waiting = await call('exec_command', {
      cmd: 'sleep 600',
      login: false,
      yield_time_ms: 250,
    });
    const abortWait = new AbortController();
    const input = { session_id: sessionNumber(waiting), yield_time_ms: 300_000 };
    const wait = call('write_stdin', input, abortWait.signal);
    await settled();
    abortWait.abort();
    await expect(wait).rejects.toThrow('the command goes on');
    expect(livingPrograms(server)).toBe(1);
    const abort = new AbortController();
    const cancelled = call('exec_command', { ...LONGEST_WAIT, cmd: 'sleep 601' }, abort.signal);
    await until(() => livingPrograms(server) === 2, 'the other one runs');
    abort.abort();
    await expect(cancelled).rejects.toThrow('has been terminated');
    await until(() => livingPrograms(server) === 1, 'it has ended');
  });

  it('is refused by the server where commands are off, whoever still holds the tool', async () => {
    const { call } = toolsOn(await startServer({ settings: { execEnabled: false } }));
    await expect(call('exec_command', { cmd: 'true' })).rejects.toMatchObject({
      code: ErrorCode.capabilityDisabled,
    });
  });

  it('asks with the whole command in sight', async () => {
    const { prepare } = toolsOn(await startServer());
    const cmd = 'echo "```"\n\u202erm -rf x\u0007';
    expect(await prepare('exec_command', { cmd, workdir: 'sub`dir' })).toEqual({
      message: 'Running echo "```" ⏎ rm -rf x',
      question: {
        title: 'Run a command on this machine?',
        markdown: [
          '````text\necho "```"\n\\u{202e}rm -rf x\\u{7}\n````',
          'In `` sub`dir ``. It runs on this machine, with all the rights of whoever runs Exec Server there.',
        ].join('\n\n'),
      },
    });
  });
});
